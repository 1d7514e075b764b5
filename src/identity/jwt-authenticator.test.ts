import { beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Principal } from '../ports/ingest.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { IngestCredential, Issuer } from './issuer.ts';
import { createJwtAuthenticator } from './jwt-authenticator.ts';
import { fixedKeys } from './key-set.ts';
import {
  AUDIENCE,
  issuerOf,
  NOW_SECONDS,
  PRESENTED_AT,
  type SigningKey,
  signed,
  signingKey,
} from './testing/authority.ts';

const OURS = 'https://tripcoil.example';
const INGEST: IngestCredential = {
  audiences: [OURS],
  roles: ['ingest'],
  trust: 'broker',
  trustClaim: 'trust',
  nameClaim: null,
  scope: 'tripcoil.ingest',
};
const STATIC: Principal = { name: 'static', roles: ['ingest'], tenants: ['acme'], trust: 'agent' };
const next: Authenticator = { authenticate: (token) => (token === 'static-token' ? STATIC : null) };
const GOOD = { aud: OURS, client_id: 'collector-1', scope: 'a tripcoil.ingest' };

let key: SigningKey;
beforeAll(async () => {
  key = await signingKey('k-1');
});

function authenticatorOf(
  ingest: Partial<IngestCredential> = {},
  more: Partial<Issuer> = {},
  clock = new FakeClock(PRESENTED_AT),
): Authenticator {
  const issuer = issuerOf({
    keys: fixedKeys({ keys: [key.publicJwk] }),
    ingest: { ...INGEST, ...ingest },
    ...more,
  });
  return createJwtAuthenticator({ issuers: [issuer], next, taken: new Set(['static']), clock });
}

async function ask(
  claims: Record<string, unknown>,
  authenticator: Authenticator = authenticatorOf(),
) {
  const token = await signed(key, claims);
  const failure = await authenticator.prepare?.(token);
  return failure ?? authenticator.authenticate(token);
}

describe('a signed credential', () => {
  it('is a caller by its claims', async () => {
    expect(await ask(GOOD)).toEqual({
      name: 'collector-1',
      roles: ['ingest'],
      tenants: ['acme'],
      trust: 'broker',
    });
    expect(await ask({ ...GOOD, client_id: undefined })).toMatchObject({ name: 'alice' });
    expect(await ask({ ...GOOD, who: 'x' }, authenticatorOf({ nameClaim: 'who' }))).toMatchObject({
      name: 'x',
    });
  });

  it('stands beside the static ones', async () => {
    const authenticator = authenticatorOf();
    expect(await authenticator.prepare?.('static-token')).toBeNull();
    expect(authenticator.authenticate('static-token')).toBe(STATIC);
    expect(authenticator.authenticate(await signed(key, GOOD))).toBeNull();
  });

  it('is none where the issuer is not one of credentials', () => {
    const issuers = [issuerOf()];
    const clock = new FakeClock(PRESENTED_AT);
    expect(createJwtAuthenticator({ issuers, next, taken: new Set(), clock })).toBe(next);
  });

  it.each([
    ['a decision token', { aud: AUDIENCE }, 'wrong_audience'],
    ['expired', { exp: NOW_SECONDS }, 'expired'],
    ['without the scope', { scope: 'a' }, 'missing_claim'],
    ['under the name of a static token', { client_id: 'static' }, 'missing_claim'],
    ['of a strange trust', { trust: 'root' }, 'missing_claim'],
  ])('is refused %s', async (_what, claims, failure) => {
    expect(await ask({ ...GOOD, ...claims })).toBe(failure);
  });

  it('may lower its trust and never raise it', async () => {
    expect(await ask({ ...GOOD, trust: 'agent' })).toMatchObject({ trust: 'agent' });
    expect(await ask({ ...GOOD, trust: 'resource' })).toMatchObject({ trust: 'broker' });
  });

  it('covers the tenants it names, as far as its issuer does', async () => {
    const named = (tenants: Issuer['tenants']) =>
      authenticatorOf({}, { tenantClaim: 'tid', tenants });
    const two = named(['acme', 'globex']);
    expect(await ask({ ...GOOD, tid: ['acme', 'evil'] }, two)).toMatchObject({ tenants: ['acme'] });
    expect(await ask({ ...GOOD, tid: 'globex' }, two)).toMatchObject({ tenants: ['globex'] });
    expect(await ask({ ...GOOD, tid: 'evil' }, two)).toBe('missing_claim');
    expect(await ask(GOOD, two)).toBe('missing_claim');
    expect(await ask({ ...GOOD, tid: 'any' }, named('*'))).toMatchObject({ tenants: ['any'] });
    expect(await ask({ ...GOOD, tid: '_system' }, named('*'))).toBe('missing_claim');
  });

  it('ends with its time, and has to be verified anew before long', async () => {
    const clock = new FakeClock(PRESENTED_AT);
    const authenticator = authenticatorOf({}, {}, clock);
    const token = await signed(key, { ...GOOD, exp: NOW_SECONDS + 5 });
    await authenticator.prepare?.(token);
    await clock.advance(4_999);
    expect(authenticator.authenticate(token)).not.toBeNull();
    await clock.advance(1);
    expect(authenticator.authenticate(token)).toBeNull();
    expect(await authenticator.prepare?.(token)).toBe('expired');
    const longer = await signed(key, GOOD);
    await authenticator.prepare?.(longer);
    await clock.advance(LIMITS.jwksCooldownMs);
    expect(authenticator.authenticate(longer)).toBeNull();
    expect(await authenticator.prepare?.(longer)).toBeNull();
    expect(authenticator.authenticate(longer)).not.toBeNull();
  });
});
