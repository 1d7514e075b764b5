import { describe, expect, it } from 'vitest';
import { loadConfig } from './load.ts';

const PUBLIC = { kty: 'EC', kid: 'k-1' };
const FILES: Readonly<Record<string, string>> = {
  'public.json': JSON.stringify({ keys: [PUBLIC] }),
  'private.json': JSON.stringify({ keys: [{ ...PUBLIC, d: 'x' }] }),
  'empty.json': '{}',
};

const GOOD = {
  issuer: 'https://as.example',
  jwks_uri: 'https://as.example/jwks',
  audiences: ['https://mail.example'],
  tenants: ['acme'],
};
const NO_URI = { ...GOOD, jwks_uri: undefined };
const SECRET = '0123456789abcdef0123456789abcdef';

function load(...issuers: readonly object[]) {
  return loadConfig({
    text: JSON.stringify({ identity: { issuers } }),
    env: {},
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error('missing');
      return text;
    },
  });
}

function problemsOf(...issuers: readonly object[]): readonly string[] {
  const result = load(...issuers);
  return 'problems' in result ? result.problems.map(({ path }) => path) : [];
}

describe('identity.issuers', () => {
  it('has safe defaults', () => {
    const result = load(GOOD);
    if ('problems' in result) throw new Error(JSON.stringify(result.problems));
    expect(result.config.identity.issuers[0]).toMatchObject({
      jwksUri: 'https://as.example/jwks',
      types: ['jwt', 'at+jwt', 'txntoken+jwt', 'txn_token'],
      clockToleranceMs: 30_000,
      agentClaims: ['act', 'spiffe'],
      allowLoopback: false,
      allowPrivate: false,
      ingest: null,
    });
    const algorithms = result.config.identity.issuers[0]?.algorithms ?? [];
    expect(algorithms).toContain('ES256');
    expect(algorithms.filter((each) => /^HS|none/.test(each))).toEqual([]);
  });

  it('takes keys from a file, and HS256 with a secret', () => {
    expect(problemsOf({ ...NO_URI, jwks_file: 'public.json' })).toEqual([]);
    const result = load({ ...NO_URI, shared_secret: SECRET });
    expect('config' in result && result.config.identity.issuers[0]?.algorithms).toEqual(['HS256']);
  });

  const at = (rest: string) => `identity.issuers[0]${rest}`;
  it.each([
    [NO_URI, at('')],
    [{ ...GOOD, shared_secret: SECRET }, at('')],
    [{ ...NO_URI, jwks_file: 'absent.json' }, at('.jwks_file')],
    [{ ...NO_URI, jwks_file: 'empty.json' }, at('.jwks_file')],
    [{ ...NO_URI, jwks_file: 'private.json' }, at('.jwks_file')],
    [{ ...NO_URI, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, at('.jwks')],
    [{ ...GOOD, jwks_uri: 'http://as.example/jwks' }, at('.jwks_uri')],
    [{ ...GOOD, jwks_uri: 'https://127.0.0.1/jwks' }, at('.jwks_uri')],
    [{ ...GOOD, algorithms: ['HS256'] }, at('.algorithms')],
    [{ ...NO_URI, shared_secret: SECRET, algorithms: ['ES256', 'HS256'] }, at('.algorithms')],
    [{ ...GOOD, algorithms: ['none'] }, at('.algorithms[0]')],
    [{ ...GOOD, ingest: { audiences: GOOD.audiences } }, at('.ingest.audiences')],
    [{ ...GOOD, ingest: { audiences: ['x'], roles: ['operator'] } }, at('.ingest.roles[0]')],
    [{ ...GOOD, tenants: ['*'], ingest: { audiences: ['x'] } }, at('.tenants')],
  ])('names the field at fault: %j', (issuer, path) => {
    expect(problemsOf(issuer)).toContain(path);
  });

  it('may stand twice for other tenants or audiences alone', () => {
    expect(problemsOf(GOOD, { ...GOOD, tenants: ['globex'] })).toEqual([]);
    expect(problemsOf(GOOD, { ...GOOD, audiences: ['x'] })).toEqual([]);
    expect(problemsOf(GOOD, GOOD)).toEqual(['identity.issuers[1].issuer']);
  });
});
