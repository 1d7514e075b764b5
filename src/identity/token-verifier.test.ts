import { createHash } from 'node:crypto';
import { base64url, type CryptoKey, exportSPKI, importJWK, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import type { Issuer } from './issuer.ts';
import { fixedKeys } from './key-set.ts';
import {
  AUDIENCE,
  CLAIMS,
  ISSUER,
  issuerOf,
  NOW_SECONDS,
  PRESENTED_AT,
  type SigningKey,
  signed,
  signingKey,
} from './testing/authority.ts';
import { createTokenVerifier } from './token-verifier.ts';

const KEYS = {
  pseudonymKey: (tenant: string) => ({
    id: tenant,
    secret: createHash('sha256').update(tenant).digest(),
  }),
};

let key: SigningKey;
let other: SigningKey;
beforeAll(async () => {
  [key, other] = await Promise.all([signingKey('k-1'), signingKey('k-2')]);
});

function verifierOf(...issuers: readonly Partial<Issuer>[]) {
  const keys = fixedKeys({ keys: [key.publicJwk] });
  const all = issuers.length === 0 ? [{}] : issuers;
  return createTokenVerifier({
    issuers: all.map((more) => issuerOf({ keys, ...more })),
    keys: KEYS,
    metrics: SILENT_METRICS,
  });
}

const factsOf = async (jwt: string, at = PRESENTED_AT, issuer: Partial<Issuer> = {}) =>
  (await verifierOf(issuer).verify(jwt, at, ['acme'])).facts;
const failureOf = async (jwt: string, at = PRESENTED_AT, issuer: Partial<Issuer> = {}) =>
  (await factsOf(jwt, at, issuer)).failure;

/** A token whose header and claims say what they like, with a signature of one's own. */
const forged = (header: object, claims: object, signature = 'c2ln') =>
  [header, claims].map((part) => base64url.encode(JSON.stringify(part))).join('.') +
  `.${signature}`;

describe('a presented token', () => {
  it('is verified, and told by its claims', async () => {
    expect(await factsOf(await signed(key, { txn: 'x-1' }))).toEqual({
      verified: true,
      type: 'at+jwt',
      jti: 't-1',
      txn: 'x-1',
      iss: ISSUER,
      sub: 'alice',
      aud: [AUDIENCE],
      exp: PRESENTED_AT + 300_000,
    });
  });

  it('is refused by signature, and keeps its claims as claims', async () => {
    const [header = '', , signature = ''] = (await signed(key)).split('.');
    const payload = base64url.encode(JSON.stringify({ ...CLAIMS, sub: 'mallory' }));
    const reading = await verifierOf().verify(`${header}.${payload}.${signature}`, PRESENTED_AT, [
      'acme',
    ]);
    expect(reading.facts).toMatchObject({
      verified: false,
      failure: 'bad_signature',
      sub: 'mallory',
    });
    expect(reading.assertions).toEqual({});
    expect(reading.tenants).toEqual([]);
  });

  it('is refused without a signature', async () => {
    const none = forged({ alg: 'none', typ: 'at+jwt' }, CLAIMS, '');
    expect(await failureOf(none)).toBe('unsupported_algorithm');
    expect(await failureOf(none, PRESENTED_AT, { algorithms: ['none', 'ES256'] })).not.toBe(
      undefined,
    );
  });

  it('is refused when it is signed with the public key taken for a secret', async () => {
    const spki = await exportSPKI(
      (await importJWK(key.publicJwk, 'ES256', { extractable: true })) as CryptoKey,
    );
    const confused = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: 'HS256', kid: key.kid, typ: 'at+jwt' })
      .sign(new TextEncoder().encode(spki));
    expect(await failureOf(confused)).toBe('unsupported_algorithm');
    const careless = { algorithms: ['HS256', 'ES256'] };
    expect(await failureOf(confused, PRESENTED_AT, careless)).toBe('unsupported_algorithm');
  });

  it('takes a shared secret only where one is configured', async () => {
    const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
    const jwt = await new SignJWT({ ...CLAIMS }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    const shared = { keys: fixedKeys(secret), algorithms: ['HS256'] };
    expect((await factsOf(jwt, PRESENTED_AT, shared)).verified).toBe(true);
    expect(await failureOf(jwt)).toBe('unsupported_algorithm');
  });

  it.each([
    ['garbage', 'malformed'],
    ['eyJ.eyJ.x', 'malformed'],
    ['a.b.c.d.e', 'malformed'],
    [`eyJ${'x'.repeat(LIMITS.jwtChars)}`, 'too_large'],
  ])('is refused when it is no token: %.20s', async (jwt, failure) => {
    expect(await factsOf(jwt)).toEqual({ verified: false, failure });
  });

  it('is refused from a stranger, and for another tenant', async () => {
    expect(await failureOf(await signed(key, { iss: 'https://evil.example' }))).toBe(
      'unknown_issuer',
    );
    const reading = await verifierOf().verify(await signed(key), PRESENTED_AT, ['globex']);
    expect(reading.facts.failure).toBe('unknown_issuer');
  });

  it('is refused as an identity token or security event', async () => {
    expect(await failureOf(await signed(key, {}, { typ: 'secevent+jwt' }))).toBe('wrong_type');
    expect((await factsOf(await signed(key, {}, { typ: 'application/AT+JWT' }))).verified).toBe(
      true,
    );
    expect((await factsOf(await signed(key, {}, { typ: 'evil\u0000name' }))).type).toBe('other');
  });

  it('is refused with a critical header nobody understands', async () => {
    const jwt = forged({ alg: 'ES256', crit: ['x'], x: 1 }, CLAIMS);
    expect(await failureOf(jwt)).toBe('unsupported_algorithm');
  });

  it('is meant for one of the audiences', async () => {
    expect(await failureOf(await signed(key, { aud: ['a', AUDIENCE] }))).toBe(undefined);
    expect(await failureOf(await signed(key, { aud: ['a', 'b'] }))).toBe('wrong_audience');
    expect(await failureOf(await signed(key, { aud: [] }))).toBe('wrong_audience');
    expect(await failureOf(await signed(key, { aud: { [AUDIENCE]: 1 } }))).toBe('wrong_audience');
    expect(await failureOf(await signed(key, { aud: undefined }))).toBe('wrong_audience');
  });

  it.each([
    // exp, nbf in seconds from the time of presentation; tolerance in ms; what comes of it.
    [1, undefined, 0, undefined],
    [0, undefined, 0, 'expired'],
    [-30, undefined, 30_001, undefined],
    [-30, undefined, 30_000, 'expired'],
    [300, 0, 0, undefined],
    [300, 1, 0, 'not_yet_valid'],
    [300, 30, 30_000, undefined],
    [300, 31, 30_000, 'not_yet_valid'],
  ])(
    'with exp %d and nbf %d, tolerance %d, is judged %s',
    async (exp, nbf, tolerance, expected) => {
      const claims = {
        exp: NOW_SECONDS + exp,
        ...(nbf === undefined ? {} : { nbf: NOW_SECONDS + nbf }),
      };
      const issuer = { clockToleranceMs: tolerance };
      expect(await failureOf(await signed(key, claims), PRESENTED_AT, issuer)).toBe(expected);
    },
  );

  it('needs an end, and none of its times may be a text', async () => {
    expect(await failureOf(await signed(key, { exp: undefined }))).toBe('missing_claim');
    expect(await failureOf(forged({ alg: 'ES256' }, { ...CLAIMS, exp: '9' }))).toBe(
      'bad_signature',
    );
    expect(await failureOf(await signed(key, { iat: NOW_SECONDS + 60 }))).toBe('not_yet_valid');
  });

  it('is judged as of when it was presented, however late it is told', async () => {
    const verifier = verifierOf();
    const jwt = await signed(key);
    const late = await verifier.verify(jwt, PRESENTED_AT + 400_000, ['acme']);
    expect(late.facts.failure).toBe('expired');
    expect((await verifier.verify(jwt, PRESENTED_AT, ['acme'])).facts.verified).toBe(true);
  });

  it('without a key id is tried with every key of its kind', async () => {
    const { kid: _one, ...first } = key.publicJwk;
    const { kid: _two, ...second } = other.publicJwk;
    const keys = fixedKeys({ keys: [first, second] });
    const header = { kid: undefined };
    expect(await failureOf(await signed(other, {}, header), PRESENTED_AT, { keys })).toBe(
      undefined,
    );
    const stranger = await signingKey('k-3');
    expect(await failureOf(await signed(stranger, {}, header), PRESENTED_AT, { keys })).toBe(
      'bad_signature',
    );
  });

  it('with the key id of nobody is refused', async () => {
    expect(await failureOf(await signed(key, {}, { kid: 'gone' }))).toBe('unknown_key');
  });

  it('is believed of the issuer of its own tenant and audience', async () => {
    const both = verifierOf(
      { audiences: ['https://other.example'], tenants: ['acme'] },
      { audiences: [AUDIENCE], tenants: ['globex', 'acme'] },
    );
    const reading = await both.verify(await signed(key), PRESENTED_AT, ['acme']);
    expect(reading.facts.verified).toBe(true);
    expect(reading.tenants).toEqual(['globex', 'acme']);
  });

  it('is a JWT-SVID by its trust domain, which needs no issuer', async () => {
    const sub = 'spiffe://example.org/agents/invoice-bot';
    const spiffe = { issuer: 'spiffe://example.org', types: ['jwt', 'jose'] };
    const jwt = await signed(key, { sub, iss: undefined }, { typ: 'JWT' });
    const { facts, assertions } = await verifierOf(spiffe).verify(jwt, PRESENTED_AT, ['acme']);
    expect(facts.verified).toBe(true);
    expect(assertions).toEqual({ agent: sub, workloadId: sub });
    const foreign = await signed(key, { sub: 'spiffe://evil.org/a', iss: undefined });
    expect(await failureOf(foreign, PRESENTED_AT, spiffe)).toBe('unknown_issuer');
  });

  it('has a reference of its own in every tenant', async () => {
    const verifier = verifierOf();
    const jwt = await signed(key);
    const reference = verifier.reference('acme', jwt);
    expect(reference).toMatch(/^hmac-sha256:[\w-]{43}$/);
    expect(verifier.reference('acme', jwt)).toBe(reference);
    expect(verifier.reference('globex', jwt)).not.toBe(reference);
    expect(verifier.reference('acme', `${jwt}x`)).not.toBe(reference);
  });
});
