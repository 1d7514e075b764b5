import type { ChildProcess } from 'node:child_process';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { freePort, startGateway } from './gateway.ts';
import { buildOpa, opaIsHere } from './toolchain.ts';

const POLICY = join(import.meta.dirname, '../../examples/opa/breakers.rego');

describe.skipIf(!opaIsHere())('OPA with examples/opa and a signed bundle', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;
  let opa: ChildProcess;
  let port = 0;
  let operator = '';

  beforeAll(async () => {
    const binary = await buildOpa();
    workplace = await createWorkplace();
    daemon = await serve(workplace);
    operator = await daemon.token('local-operator');
    const jwks = (await (await fetch(`${daemon.main}/t/default/jwks.json`)).json()) as {
      readonly keys: readonly (JsonWebKey & { readonly kid: string })[];
    };
    const [jwk] = jwks.keys;
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const pem = key.export({ type: 'spki', format: 'pem' });
    const config = {
      services: {
        tripcoil: {
          url: daemon.main,
          credentials: { bearer: { token: await daemon.token('local-broker') } },
        },
      },
      keys: { tripcoil: { algorithm: 'RS256', key: pem } },
      bundles: {
        breakers: {
          service: 'tripcoil',
          resource: 'v1/opa/bundles/default.tar.gz?signed=true&risk=true',
          signing: { keyid: 'tripcoil' },
          polling: { long_polling_timeout_seconds: 30 },
        },
      },
    };
    const file = join(workplace.directory, 'opa.json');
    await writeFile(file, JSON.stringify(config));
    port = await freePort();
    const address = `127.0.0.1:${port}`;
    const words = ['run', '--server', '--addr', address, '-c', file, '--disable-telemetry', POLICY];
    opa = await startGateway(binary, words, port);
  });

  afterAll(async () => {
    if (opa?.exitCode === null) {
      opa.kill('SIGTERM');
      await once(opa, 'exit');
    }
    await daemon?.kill();
    await workplace?.remove();
  });

  const decide = async (input: object): Promise<boolean> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/data/tripcoil/allow`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: { tenant: 'default', ...input } }),
    });
    return ((await answer.json()) as { readonly result: boolean }).result;
  };
  const trip = async (id: string, level: number) => {
    const key = { tenant: 'default', kind: 'agent', id };
    const order = { key, level, reason: 'drill' };
    expect((await call(daemon, operator, 'POST', '/v1/breakers/trip', order)).status).toBe(200);
  };

  it('takes the bundle, and denies a tripped agent and whom it acts for', async () => {
    const bot = { agent: 'invoice-bot', op: 'write' };
    expect(
      await eventually(
        () => decide(bot),
        (allowed) => allowed,
        60_000,
      ),
    ).toBe(true);
    expect(await decide({ ...bot, tenant: 'globex' })).toBe(false);
    await trip('invoice-bot', 4);
    // Well before its 30 seconds are over: the request that waits is answered.
    await eventually(
      () => decide(bot),
      (allowed) => !allowed,
    );
    expect(await decide({ agent: 'helper', on_behalf_of: ['invoice-bot'] })).toBe(false);
    expect(await decide({ agent: 'other-bot', op: 'write' })).toBe(true);
  });

  it('lets a reader read at level 3', async () => {
    await trip('narrow-bot', 3);
    await eventually(
      () => decide({ agent: 'narrow-bot', op: 'write' }),
      (allowed) => !allowed,
    );
    expect(await decide({ agent: 'narrow-bot', op: 'read' })).toBe(true);
  });
});
