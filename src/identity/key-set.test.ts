import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { createGuardedGet } from '../revocation/guarded-get.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { type Keys, keySetOf, RemoteKeys } from './key-set.ts';
import { checkSignature } from './signature.ts';
import {
  issuerOf,
  type KeyServer,
  keyServer,
  PRESENTED_AT,
  type SigningKey,
  signed,
  signingKey,
} from './testing/authority.ts';

let server: KeyServer;
let clock: FakeClock;
let first: SigningKey;
let second: SigningKey;

beforeEach(async () => {
  [first, second] = await Promise.all([signingKey('k-1'), signingKey('k-2')]);
  server = await keyServer(first);
  clock = new FakeClock(PRESENTED_AT);
});
afterEach(() => server[Symbol.asyncDispose]());

function remote(
  fetch = createGuardedGet({ allowLoopback: true }),
  url = server.url,
  closing = new AbortController().signal,
): RemoteKeys {
  return new RemoteKeys({ url, fetch, clock, log: SILENT_LOG, metrics: SILENT_METRICS, closing });
}

const verdict = async (keys: RemoteKeys, key: SigningKey, header = {}) =>
  (await checkSignature(await signed(key, {}, header), !('kid' in header), issuerOf({ keys })))
    .failure;

describe('keys behind a URL', () => {
  it('are fetched once for many tokens', async () => {
    const keys = remote();
    const found = await Promise.all([keys.current(), keys.current(), keys.current()]);
    expect(found.every((each) => each === found[0])).toBe(true);
    await keys.current();
    expect(server.requests()).toBe(1);
  });

  it('follow a rotation, once per cool-down', async () => {
    const keys = remote();
    expect(await verdict(keys, first)).toBeNull();
    server.publish(second);
    expect(await verdict(keys, second)).toBe('unknown_key');
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await verdict(keys, second)).toBeNull();
    expect(await verdict(keys, first)).toBe('unknown_key');
    expect(server.requests()).toBe(2);
  });

  it('follow a rotation of a key without a name', async () => {
    const unnamed = (key: SigningKey): SigningKey => {
      const { kid: _kid, ...publicJwk } = key.publicJwk;
      return { ...key, publicJwk };
    };
    server.publish(unnamed(first));
    const keys = remote();
    const header = { kid: undefined };
    expect(await verdict(keys, first, header)).toBeNull();
    server.publish(unnamed(second));
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await verdict(keys, second, header)).toBeNull();
  });

  it('ask an unknown key no more than once per cool-down', async () => {
    const keys = remote();
    await keys.current();
    await clock.advance(LIMITS.jwksCooldownMs);
    for (let n = 0; n < 20; n++) expect(await verdict(keys, second)).toBe('unknown_key');
    expect(server.requests()).toBe(2);
  });

  it('are not there while the issuer is down, and nobody waits twice', async () => {
    server.answer = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    const keys = remote();
    expect(await verdict(keys, first)).toBe('jwks_unavailable');
    for (let n = 0; n < 20; n++) expect(await verdict(keys, first)).toBe('jwks_unavailable');
    expect(server.requests()).toBe(1);
    server.publish(first);
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await verdict(keys, first)).toBeNull();
  });

  it('serve on while the issuer is away, for a day', async () => {
    const keys = remote();
    const before = await keys.current();
    server.answer = (request) => request.socket.destroy();
    await clock.advance(LIMITS.jwksStaleMs);
    expect(await keys.current()).toBe(before);
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await keys.current()).toBeNull();
  });

  it('let no token wait longer than a second for an issuer that stalls', async () => {
    const asked = Promise.withResolvers<void>();
    server.answer = () => asked.resolve();
    const keys = remote();
    const waiting = keys.current();
    await asked.promise;
    await clock.advance(LIMITS.jwksWaitMs);
    expect(await waiting).toBeNull();
    // The fetch still runs; those who come now do not wait for it any more.
    expect(await keys.current()).toBeNull();
    await clock.advance(LIMITS.jwksFetchMs);
    expect(server.requests()).toBe(1);
  });

  it('are waited for no longer once the process closes, nor asked for again', async () => {
    const asked = Promise.withResolvers<void>();
    const hungUp = Promise.withResolvers<void>();
    server.answer = (_request, response) => {
      asked.resolve();
      response.on('close', hungUp.resolve);
    };
    const closing = new AbortController();
    const keys = remote(undefined, undefined, closing.signal);
    const waiting = keys.current();
    await asked.promise;
    closing.abort();
    expect(await waiting).toBeNull();
    await hungUp.promise;
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await keys.current()).toBeNull();
    expect(server.requests()).toBe(1);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['no key set', '[]'],
    ['too large', `{"keys":[],"x":"${'x'.repeat(LIMITS.jwksBytes)}"}`],
    ['too many keys', JSON.stringify({ keys: Array(LIMITS.jwksKeys + 1).fill({ kty: 'EC' }) })],
  ])('are none where the answer is %s', async (_what, body) => {
    server.answer = (_request, response) => void response.end(body);
    expect(await remote().current()).toBeNull();
  });

  it('are not looked for behind a redirect', async () => {
    await using elsewhere = await keyServer(first);
    server.answer = (_request, response) => {
      response.writeHead(302, { location: elsewhere.url.href }).end();
    };
    expect(await remote().current()).toBeNull();
    expect(elsewhere.requests()).toBe(0);
  });

  it('are not fetched from this machine or a metadata service unless that is allowed', async () => {
    expect(await remote(createGuardedGet({})).current()).toBeNull();
    const metadata = new URL('https://169.254.169.254/latest');
    const reach = { allowLoopback: true, allowPrivate: true };
    expect(await remote(createGuardedGet(reach), metadata).current()).toBeNull();
    expect(server.requests()).toBe(0);
  });

  it('have a new version only when they change', async () => {
    const keys = remote();
    const before = (await keys.current()) as Keys;
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(await keys.newerThan(before)).toBeNull();
    server.publish(first, second);
    await clock.advance(LIMITS.jwksCooldownMs);
    expect((await keys.newerThan(before))?.version).toBe(before.version + 1);
  });
});

describe('a key set', () => {
  it('keeps public keys for signatures, those of a SPIFFE bundle too', () => {
    const keys = [
      { kty: 'EC', kid: 'a', use: 'jwt-svid' },
      { kty: 'EC', kid: 'b', use: 'x509-svid' },
      { kty: 'RSA', kid: 'c', use: 'enc' },
      { kty: 'oct', kid: 'd', k: 'c2VjcmV0' },
      { kty: 'EC', kid: 'e', d: 'private' },
      null,
      { kty: 'OKP', kid: 'f' },
    ];
    expect(keySetOf({ keys })?.keys.map(({ kid }) => kid)).toEqual(['a', 'f']);
  });
});
