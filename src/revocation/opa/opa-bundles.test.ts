import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { BreakerKey } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { BreakerChanges } from '../breaker-changes.ts';
import { fixedKeyRing } from '../keys.ts';
import { bulkRisk, createTenantRisk } from '../risk/bulk-risk.ts';
import { AUTHENTICATOR, createFakeClock, createFakeView } from '../testing/fakes.ts';
import { canonicalJson } from './bundle.ts';
import { opaBundles } from './opa-bundles.ts';

const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' };
const KEYS = fixedKeyRing();

async function serve() {
  const view = createFakeView();
  const clock = createFakeClock();
  const risks = new Map([['invoice-bot', 41.6]]);
  const engine = {
    risks: () => [...risks].map(([agent, risk]) => ({ agent, risk, level: 0 })),
  };
  const named = (key: BreakerKey) => ({ ...key, id: key.id.toUpperCase() });
  const riskOf = createTenantRisk({ engine, named, clock });
  const changes = new BreakerChanges(view, clock);
  const common = { changes, riskOf, authenticator: AUTHENTICATOR, clock, log: SILENT_LOG };
  const app = Fastify();
  await app.register(opaBundles({ view, keys: KEYS, ...common }));
  await app.register(bulkRisk(common));
  const get = (url: string, headers = {}, token = 'broker-token') =>
    app.inject({ url, headers: { authorization: `Bearer ${token}`, ...headers } });
  const bundle = (query = '', headers = {}) => get(`/v1/opa/bundles/acme.tar.gz${query}`, headers);
  return { view, clock, risks, get, bundle };
}

/** Unpacked by the system's tar, which knows nothing of ours. */
function unpacked(bytes: Buffer): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'tripcoil-bundle-'));
  try {
    writeFileSync(join(folder, 'bundle.tar.gz'), bytes);
    execFileSync('tar', ['-xzf', 'bundle.tar.gz'], { cwd: folder, stdio: 'pipe' });
    const names = execFileSync('tar', ['-tzf', 'bundle.tar.gz'], { cwd: folder }).toString();
    const texts = new Map(
      names
        .trim()
        .split('\n')
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
    return (name) => texts.get(name) ?? '';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('GET /v1/opa/bundles/{tenant}.tar.gz', () => {
  it('holds what is open, under one root', async () => {
    const { view, bundle } = await serve();
    view.trip(AGENT, 4);
    view.trip({ tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' }, 4);
    view.trip({ tenant: 'acme', kind: 'tool', id: 'send', agent: 'a' }, 3);
    view.trip({ tenant: 'acme', kind: 'tool', id: 'send' }, 2);
    const answer = await bundle();
    expect(answer.headers['content-type']).toBe('application/vnd.openpolicyagent.bundles');
    const file = unpacked(answer.rawPayload);
    const { revision, ...manifest } = JSON.parse(file('.manifest'));
    expect(manifest).toEqual({ roots: ['breakers'], rego_version: 1 });
    expect(`"${revision}"`).toBe(answer.headers['etag']);
    expect(revision).toMatch(/^1\.4\./);
    expect(JSON.parse(file('breakers/data.json'))).toMatchObject({
      acme: {
        ...{ term: 1, seq: 4, posture: 'enforce', everything: { level: 0 } },
        agents: { 'invoice-bot': { level: 4, level_name: 'suspend', epoch: 1, phase: 'open' } },
        sessions: { 's-1': { level: 4, agent: 'invoice-bot' } },
        tools: { send: { a: { level: 3 }, '*': { level: 2 } } },
        ...{ tokens: {}, chains: {}, brokers: {} },
      },
    });
  });

  it('holds whatever an agent or a tool calls itself', async () => {
    const { view, bundle } = await serve();
    for (const id of ['__proto__', 'constructor']) {
      view.trip({ ...AGENT, id }, 5);
      view.trip({ tenant: 'acme', kind: 'tool', id, agent: 'a' }, 3);
      view.trip({ tenant: 'acme', kind: 'tool', id, agent: '__proto__' }, 4);
    }
    const text = unpacked((await bundle()).rawPayload)('breakers/data.json');
    const { acme } = JSON.parse(text);
    for (const id of ['__proto__', 'constructor']) {
      expect(Object.getOwnPropertyDescriptor(acme.agents, id)?.value).toMatchObject({ level: 5 });
      const byAgent = Object.getOwnPropertyDescriptor(acme.tools, id)?.value;
      const names = new Map<string, unknown>(Object.entries(byAgent));
      expect(names.get('a')).toMatchObject({ level: 3 });
      expect(names.get('__proto__')).toMatchObject({ level: 4 });
    }
  });

  it('answers 304 until something changes, and holds the request that would wait', async () => {
    const { view, clock, bundle } = await serve();
    const etag = String((await bundle()).headers['etag']);
    const known = { 'if-none-match': etag };
    expect((await bundle('', known)).statusCode).toBe(304);
    const prefer = { ...known, prefer: 'modes=snapshot,delta;wait=30' };
    const waiting = bundle('', prefer);
    while (clock.sleepers === 0) await new Promise(setImmediate);
    view.trip(AGENT, 5);
    const changed = await waiting;
    expect([changed.statusCode, changed.headers['etag'] === etag]).toEqual([200, false]);
    const late = bundle('', { ...prefer, 'if-none-match': changed.headers['etag'] });
    while (clock.sleepers === 0) await new Promise(setImmediate);
    clock.advance(30_000);
    const answer = await late;
    expect(answer.statusCode).toBe(304);
    expect(answer.headers['content-type']).toBe('application/vnd.openpolicyagent.bundles');
  });

  it('is signed over its files where that is asked for', async () => {
    const { view, bundle } = await serve();
    view.trip(AGENT, 4, { reason: 'odd \u2028 <&> \ud800' });
    expect(unpacked((await bundle()).rawPayload)('.signatures.json')).toBe('');
    const file = unpacked((await bundle('?signed=true')).rawPayload);
    const { signatures } = JSON.parse(file('.signatures.json')) as { signatures: [string] };
    const jwks = createLocalJWKSet((await KEYS.jwks()) as JSONWebKeySet);
    const { payload } = await jwtVerify(signatures[0], jwks);
    const names = ['breakers/data.json', '.manifest'];
    expect(payload['files']).toEqual(
      names.map((name) => ({
        name,
        algorithm: 'SHA-256',
        hash: createHash('sha256').update(file(name)).digest('hex'),
      })),
    );
  });

  it('has the risk of agents by the names that brokers know, where that is asked for', async () => {
    const { bundle, risks, clock } = await serve();
    const answer = await bundle('?risk=true');
    const data = JSON.parse(unpacked(answer.rawPayload)('breakers/data.json'));
    expect(data.acme.risk).toEqual({ 'INVOICE-BOT': { risk: 42, level: 0 } });
    const { etag } = answer.headers;
    risks.set('invoice-bot', 80);
    const waiting = bundle('?risk=true', { 'if-none-match': etag, prefer: 'wait=20' });
    while (clock.sleepers === 0) await new Promise(setImmediate);
    clock.advance(LIMITS.riskLookedAtMs);
    expect((await waiting).statusCode).toBe(200);
  });

  it.each([
    ['/v1/opa/bundles/globex.tar.gz', 'broker-token', 403],
    ['/v1/opa/bundles/acme.zip', 'broker-token', 404],
    ['/v1/opa/bundles/acme.tar.gz', 'viewer-token', 403],
    ['/v1/opa/bundles/acme.tar.gz', 'nope', 401],
  ])('refuses %s with %s', async (url, token, status) => {
    const { get } = await serve();
    expect((await get(url, {}, token)).statusCode).toBe(status);
  });
});

describe('GET /v1/risk', () => {
  it('tells all agents of the tenant at once, again when something changed', async () => {
    const { get, clock, risks } = await serve();
    const answer = await get('/v1/risk?tenant=acme');
    expect(answer.json()).toEqual({
      tenant: 'acme',
      agents: { 'INVOICE-BOT': { risk: 42, level: 0 } },
    });
    const known = { 'if-none-match': answer.headers['etag'] };
    expect((await get('/v1/risk', known)).statusCode).toBe(304);
    risks.clear();
    const waiting = get('/v1/risk', { ...known, prefer: 'wait=60' });
    while (clock.sleepers === 0) await new Promise(setImmediate);
    clock.advance(LIMITS.riskLookedAtMs);
    expect((await waiting).json()).toEqual({ tenant: 'acme', agents: {} });
    const operator = await get('/v1/risk?tenant=acme', {}, 'operator-token');
    expect(operator.json()).toEqual({ tenant: 'acme', agents: {} });
    expect((await get('/v1/risk?tenant=globex')).statusCode).toBe(403);
    expect((await get('/v1/risk?tenant=acme&tenant=b')).statusCode).toBe(400);
  });
});

it('canonicalJson sorts by bytes and escapes as Go does', () => {
  expect(canonicalJson({ b: [1, null], a: { '\u{1f600}': true, '\uffff': '\u2028<' } })).toBe(
    '{"a":{"\uffff":"\\u2028<","\u{1f600}":true},"b":[1,null]}',
  );
});
