import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { fixedKeyRing, openKeyRing } from './keys.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keys-'));
});
afterEach(() => rm(directory, { recursive: true }));

const openHere = () => openKeyRing({ directory, log: SILENT_LOG });

describe('openKeyRing', () => {
  it('makes keys that only the owner can read, and finds them again', async () => {
    const first = await openHere();
    const second = await openHere();
    for (const name of ['signing-key.pem', 'pseudonym-master.key']) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    }
    expect(await second.jwks()).toEqual(await first.jwks());
    expect(second.pseudonymKey('acme')).toEqual(first.pseudonymKey('acme'));
  });

  it('signs what its own JWKS verifies, and publishes nothing private', async () => {
    const keys = await openHere();
    const token = await keys.signJwt({ iss: 'https://t.example', jti: '1' }, 'secevent+jwt');
    const jwks = (await keys.jwks()) as JSONWebKeySet;
    const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks));
    const [key] = jwks.keys;
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'secevent+jwt', kid: key?.kid });
    expect(Object.keys(key ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('publishes a new signing key before it uses it, also past a restart', async () => {
    let now = 1_795_252_021_000;
    const open = () => openKeyRing({ directory, log: SILENT_LOG, now: () => now });
    const kidOf = async (ring: KeyRing) =>
      decodeProtectedHeader(await ring.signJwt({ jti: '1' }, 'JWT')).kid;
    const kidsOf = async (ring: KeyRing) => (await ring.jwks()).keys.map(({ kid }) => kid);
    const first = await open();
    const rotated = await first.rotateSigningKey();
    const { kid, previousKid } = rotated;
    expect(LIMITS.signingKeyAheadMs).toBeGreaterThan(LIMITS.keySetMaxAgeMs);
    expect(rotated.usedFrom).toBe(now + LIMITS.signingKeyAheadMs);
    expect(await first.rotateSigningKey()).toEqual(rotated);
    for (const ring of [first, await open()]) {
      expect([await kidOf(ring), await kidsOf(ring)]).toEqual([previousKid, [previousKid, kid]]);
    }
    now += LIMITS.signingKeyAheadMs;
    expect(await Promise.all([kidOf(first), kidOf(first)])).toEqual([kid, kid]);
    expect(await kidsOf(first)).toEqual([kid, previousKid]);
    const again = await open();
    expect([await kidOf(again), await kidsOf(again)]).toEqual([kid, [kid, previousKid]]);
    const atOnce = await again.rotateSigningKey(true);
    expect([await kidOf(again), atOnce.usedFrom]).toEqual([atOnce.kid, now]);
  });

  it('gives each tenant a key of its own', async () => {
    const keys = await openHere();
    const acme = keys.pseudonymKey('acme');
    const globex = keys.pseudonymKey('globex');
    expect(acme.secret).toHaveLength(32);
    expect(acme.secret).not.toEqual(globex.secret);
    expect(acme.id).not.toBe(globex.id);
    const master = await readFile(join(directory, 'pseudonym-master.key'));
    expect(Buffer.from(acme.secret).equals(master)).toBe(false);
  });

  it('takes the master key from outside and then writes none', async () => {
    const pseudonymMaster = new Uint8Array(32).fill(7);
    const keys = await openKeyRing({ directory, log: SILENT_LOG, pseudonymMaster });
    await expect(stat(join(directory, 'pseudonym-master.key'))).rejects.toThrow('ENOENT');
    const again = await openKeyRing({ directory, log: SILENT_LOG, pseudonymMaster });
    expect(again.pseudonymKey('acme')).toEqual(keys.pseudonymKey('acme'));
  });

  it.each(['signing-key.pem', 'pseudonym-master.key'])(
    'refuses a damaged %s and leaves it as it is',
    async (name) => {
      await writeFile(join(directory, name), 'damaged', { mode: 0o600 });
      const using = openHere().then((keys) => keys.jwks());
      await expect(using).rejects.toMatchObject({ code: 'config_invalid' });
      expect(await readFile(join(directory, name), 'utf8')).toBe('damaged');
    },
  );

  it('warns of a key that others can read', async () => {
    await openHere();
    await chmod(join(directory, 'pseudonym-master.key'), 0o644);
    const warnings: string[] = [];
    const log = { ...SILENT_LOG, warn: (message: string) => warnings.push(message) };
    await openKeyRing({ directory, log });
    expect(warnings).toEqual(['key file is readable by others']);
  });
});

describe('fixedKeyRing', () => {
  it('gives the same pseudonym keys on every run', () => {
    const { id, secret } = fixedKeyRing().pseudonymKey('acme');
    expect(fixedKeyRing().pseudonymKey('acme')).toEqual({ id, secret });
    expect(id).toBe('p1-5e7911d6');
  });
});
