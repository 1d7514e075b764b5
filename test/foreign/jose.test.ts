import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CAEP, ISSUER, type Json, TransmitterSite } from '../integration/ssf-site.ts';
import { JOSE_STACKS, josePython } from './toolchain.ts';

const VERIFY = join(import.meta.dirname, 'python/verify_set.py');
const REVOKED = `${CAEP}/session-revoked`;

/** Interpreters by library; one that is missing was told loudly. */
const pythons = JOSE_STACKS.map((stack) => [stack, josePython(stack)] as const);
const here = pythons.flatMap(([stack, python]) => (python === null ? [] : [{ stack, python }]));

describe.skipIf(here.length === 0)('JOSE stacks of others', () => {
  let site: TransmitterSite;
  let token = '';
  let jwks: Json;

  beforeAll(async () => {
    site = await TransmitterSite.start();
    const receiver = await site.pushReceiver();
    await site.create(await site.accessToken(), receiver);
    await site.trip('invoice-bot');
    const { jti } = await receiver.event(REVOKED, 'invoice-bot');
    const pushed = receiver.requests.map(({ body }) => body);
    token = pushed.find((each) => claimsOf(each)['jti'] === jti) ?? '';
    jwks = (await site.ask('GET', '/jwks.json')).body;
  });
  afterAll(() => site?.close());

  /** Exit code and words of a library that is shown a token. */
  async function shown(python: string, stack: string, given: object): Promise<[number, string]> {
    const child = spawn(python, [VERIFY, stack]);
    const audience = 'https://receiver.example';
    child.stdin.end(JSON.stringify({ token, jwks, issuer: ISSUER, audience, ...given }));
    const [output, complaint, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return [code, code === 0 ? output : complaint];
  }

  it.each(here)('$stack verifies what was pushed, and refuses what was altered', async (one) => {
    const { stack, python } = one;
    const [code, output] = await shown(python, stack, {});
    expect(code, output).toBe(0);
    const claims = JSON.parse(output);
    expect(Object.keys(claims.events)).toEqual([REVOKED]);
    expect(claims.sub_id).toEqual({ format: 'iss_sub', iss: ISSUER, sub: 'invoice-bot' });

    const refused = [3, expect.stringMatching(/^refused: /)];
    const payload = { ...claimsOf(token), sub_id: { format: 'opaque', id: 'somebody-else' } };
    expect(await shown(python, stack, { token: rewritten(token, 1, payload) })).toEqual(refused);
    const header = { ...partOf(token, 0), typ: 'JWT' };
    expect(await shown(python, stack, { token: rewritten(token, 0, header) })).toEqual(refused);
    const none = `${encoded({ alg: 'none', typ: 'secevent+jwt' })}.${token.split('.')[1]}.`;
    expect(await shown(python, stack, { token: none })).toEqual(refused);
    expect(await shown(python, stack, { audience: 'https://other.example' })).toEqual(refused);
    expect(await shown(python, stack, { issuer: `${ISSUER}-other` })).toEqual(refused);
  });
});

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function partOf(token: string, position: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[position] ?? '', 'base64url').toString());
}

function claimsOf(token: string): Record<string, unknown> {
  return partOf(token, 1);
}

/** The token with one part replaced and its signature kept. */
function rewritten(token: string, position: number, part: object): string {
  return token.split('.').with(position, encoded(part)).join('.');
}
