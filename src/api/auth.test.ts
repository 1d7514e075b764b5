import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { bearer, createHarness, startApi, TOKENS, tokenOf } from './testing/harness.ts';
import { createAuthenticator } from './tokens.ts';

let app: FastifyInstance;
afterEach(() => app.close());

async function statusOf(headers: Record<string, string>, localReads = true, from = '127.0.0.1') {
  app = await startApi(createHarness({ localReads }));
  const response = await app.inject({ url: '/v1/agents', headers, remoteAddress: from });
  await app.close();
  return response.statusCode;
}

describe('local reading', () => {
  it.each(['127.0.0.1', '127.0.0.1:8787', 'localhost:8787', 'LOCALHOST', '[::1]:8787'])(
    'needs no token at %s',
    async (host) => expect(await statusOf({ host })).toBe(200),
  );

  it.each([
    'evil.example',
    'evil.example:8787',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '127.0.0.1@evil.example',
    '0.0.0.0:8787',
    '127.0.0.1:',
  ])('is refused for the rebound name %j', async (host) => {
    expect(await statusOf({ host })).toBe(401);
  });

  it.each([
    { forwarded: 'for=10.0.0.1' },
    { 'x-forwarded-for': '10.0.0.1' },
    { 'x-forwarded-host': 'localhost' },
    { 'x-real-ip': '10.0.0.1' },
    { via: '1.1 proxy' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ] as Record<string, string>[])(
    'is refused behind a proxy or to a foreign page: %j',
    async (h) => {
      expect(await statusOf({ host: 'localhost:8787', ...h })).toBe(401);
      expect(await statusOf({ host: 'localhost:8787', ...h, ...bearer('viewer-all') })).toBe(200);
    },
  );

  it('is refused to another machine, and where it is off', async () => {
    expect(await statusOf({ host: 'localhost' }, true, '10.0.0.7')).toBe(401);
    expect(await statusOf({ host: 'localhost' }, false)).toBe(401);
  });

  it('still refuses a wrong token', async () => {
    const host = 'localhost';
    expect(await statusOf({ host, authorization: 'Bearer wrong' })).toBe(401);
    expect(await statusOf({ host, authorization: 'Basic dXNlcjpwYXNz' })).toBe(401);
    expect(await statusOf({ host, ...bearer('ingest-acme') })).toBe(403);
  });
});

describe('tokens', () => {
  it('are known by hash as well as in plain, and nothing near them is', () => {
    app = { close: async () => {} } as FastifyInstance;
    // SHA-256 of "open sesame".
    const hash = '41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb';
    const byHash = createAuthenticator([
      { name: 'ali', hash, roles: ['viewer'], tenants: ['acme', '*'], trust: 'broker' },
    ]);
    expect(byHash.authenticate('open sesame')).toEqual({
      name: 'ali',
      roles: ['viewer'],
      tenants: '*',
      trust: 'broker',
    });
    for (const wrong of ['', 'open sesam', 'open sesame ', hash]) {
      expect(byHash.authenticate(wrong)).toBeNull();
    }
    expect(TOKENS.authenticate(tokenOf('viewer-acme'))?.tenants).toEqual(['acme']);
    const broken = { name: 'x', hash: 'abc', roles: [], tenants: [], trust: 'agent' } as const;
    expect(() => createAuthenticator([broken])).toThrow('no SHA-256');
  });
});
