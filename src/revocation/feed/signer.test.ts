import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, createLocalJWKSet } from 'jose';
import { afterEach, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { openFeedSigner } from './signer.ts';

const directories: string[] = [];
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function place() {
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-feed-'));
  directories.push(directory);
  const clock = createFakeClock();
  return { directory, clock, open: () => openFeedSigner({ directory, clock, log: SILENT_LOG }) };
}

it('signs with a new key after a rotation, also past a restart', async () => {
  const { open } = await place();
  const signer = await open();
  const old = signer.sign('heartbeat', { v: 1 });
  const { kid, previousKid } = await signer.rotate();
  expect(signer.jwks.keys.map((key) => key.kid)).toEqual([kid, previousKid]);
  const again = await open();
  expect(again.jwks).toEqual(signer.jwks);
  const verify = createLocalJWKSet({ keys: [...again.jwks.keys] });
  for (const [token, by] of [
    [old, previousKid],
    [signer.sign('heartbeat', { v: 1 }), kid],
    [again.sign('heartbeat', { v: 1 }), kid],
  ] as const) {
    const { protectedHeader } = await compactVerify(token, verify);
    expect(protectedHeader.kid).toBe(by);
  }
});

it('publishes a retired key for a day, and the latest few alone', async () => {
  const { clock, open } = await place();
  const signer = await open();
  for (let turn = 0; turn < LIMITS.retiredSigningKeys + 2; turn += 1) await signer.rotate();
  expect(signer.jwks.keys).toHaveLength(1 + LIMITS.retiredSigningKeys);
  clock.advance(LIMITS.retiredSigningKeyMs);
  expect(signer.jwks.keys).toHaveLength(1);
});

it('refuses a file of retired keys that it cannot read', async () => {
  const { directory, open } = await place();
  await writeFile(join(directory, 'feed-keys-retired.json'), '{');
  await expect(open()).rejects.toMatchObject({ code: 'config_invalid' });
});
