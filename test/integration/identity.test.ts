import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SigningKey, signed, signingKey } from '../../src/identity/testing/authority.ts';
import { ask } from './http.ts';
import { createWorkplace, type ServedDaemon, serve, type Workplace } from './served-daemon.ts';
import { storedEntries } from './stored-event-ids.ts';

let key: SigningKey;
let workplace: Workplace;
let daemon: ServedDaemon;
const secrets: string[] = [];

beforeAll(async () => {
  key = await signingKey('k-1');
  workplace = await createWorkplace(
    `identity: ${JSON.stringify({
      issuers: [
        {
          issuer: 'https://as.example',
          jwks: { keys: [key.publicJwk] },
          audiences: ['https://mail.example'],
          tenants: ['acme'],
          ingest: { audiences: ['https://tripcoil.example'], trust: 'broker' },
        },
      ],
    })}\n`,
  );
  daemon = await serve(workplace);
});
afterAll(async () => {
  await daemon?.stop();
  await workplace?.remove();
});

/** A token that is good in real time; remembered, to be looked for afterwards. */
async function token(claims: Record<string, unknown> = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const jwt = await signed(key, { iat: now - 5, exp: now + 300, ...claims });
  secrets.push(jwt);
  return jwt;
}

const credential = (claims: Record<string, unknown> = {}) =>
  token({ aud: 'https://tripcoil.example', client_id: 'broker-7', ...claims });

const event = (id: string, jwt: string) =>
  JSON.stringify({
    id,
    time: Date.now(),
    agent: { id: 'invoice-bot' },
    action: { name: 'send_email' },
    token: { jwt },
  });

/** Every file below a directory, as text. */
async function everythingIn(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

describe('a daemon with a token issuer', () => {
  it('takes a signed credential, and refuses one that is not', async () => {
    const url = `${daemon.main}/v1/events`;
    const good = await credential();
    const body = event('e-1', await token({ jti: 'jti-verified', act: { sub: 'bot-7' } }));
    const taken = await ask(url, { token: good, body });
    expect([taken.status, JSON.parse(taken.text)]).toMatchObject([200, { accepted: 1 }]);

    const refused = [
      await credential({ exp: 1 }),
      await token(),
      `${good.slice(0, good.lastIndexOf('.'))}.c2ln`,
    ];
    for (const each of refused) {
      const answer = await ask(url, { token: each, body });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="tripcoil", error="invalid_token"',
      );
    }
    const without = await ask(url, { body });
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="tripcoil"');
    const reading = await ask(`${daemon.main}/v1/agents`, { token: good });
    expect([reading.status, reading.headers.get('www-authenticate')]).toEqual([
      403,
      'Bearer realm="tripcoil", error="insufficient_scope"',
    ]);
  });

  it('keeps facts of tokens, and no byte of one, on disk or in its log', async () => {
    const sender = await credential();
    const forged = (await token({ jti: 'jti-forged' })).replace(/\.[^.]*$/, '.c2lnbmF0dXJl');
    const span = {
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      name: 'execute_tool send_email',
      startTimeUnixNano: `${Date.now()}000000`,
      attributes: Object.entries({
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'send_email',
        'gen_ai.agent.id': 'invoice-bot',
        'tripcoil.token.jwt': await token({ jti: 'jti-of-span' }),
      }).map(([name, stringValue]) => ({ key: name, value: { stringValue } })),
    };
    const traces = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
    const headers = { 'content-type': 'application/json' };
    const answers = [
      await ask(`${daemon.main}/v1/events`, { token: sender, body: event('e-2', forged) }),
      await ask(`${daemon.otlp}/v1/traces`, {
        token: sender,
        headers,
        body: JSON.stringify(traces),
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await daemon.stop();

    const opened = await storedEntries(join(workplace.directory, 'data', 'ledger'));
    const kept = [
      await everythingIn(join(workplace.directory, 'data')),
      ...opened.map(({ kind, body }) => `"entry":"${kind}" ${body}`),
    ].join('\n');
    for (const jti of ['jti-verified', 'jti-forged', 'jti-of-span']) expect(kept).toContain(jti);
    expect(kept).toContain('"failure":"bad_signature"');
    expect(kept).toContain('"id":"bot-7"');
    expect(kept).toMatch(/"kind":"authentication".*"reason":"expired"/);
    const places = kept + daemon.said.join('\n') + daemon.printed.join('\n');
    for (const secret of secrets) {
      for (const part of secret.split('.').slice(1)) expect(places).not.toContain(part);
    }
  });
});
