import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readApi } from './read-api.ts';
import { createHttpServer } from './server.ts';
import { createHarness } from './testing/harness.ts';
import { CONTENT_SECURITY_POLICY, webInterface } from './ui.ts';

let directory: string;
let app: FastifyInstance;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-ui-'));
  await mkdir(join(directory, 'assets'));
  await writeFile(join(directory, 'index.html'), '<!doctype html><title>Tripcoil</title>');
  await writeFile(join(directory, 'assets', 'index-abc123.js'), 'export {};');
  const { options } = createHarness();
  app = createHttpServer(options);
  await app.register(readApi(options));
  await app.register(webInterface({ directory }));
});
afterEach(async () => {
  await app.close();
  await rm(directory, { recursive: true, force: true });
});

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('web interface', () => {
  it('serves the page uncached and under a strict policy', async () => {
    for (const url of ['/', '/index.html', '/agents/acme/invoice-bot']) {
      const response = await app.inject({ url, headers: browser });
      expect(response.statusCode, url).toBe(200);
      expect(response.body).toContain('<title>Tripcoil</title>');
      expect(response.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  it('serves hashed files for ever, and missing ones not at all', async () => {
    const { headers } = await app.inject('/assets/index-abc123.js');
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(headers['content-type']).toContain('javascript');
    const missing = await app.inject({ url: '/assets/index-old.js', headers: browser });
    expect([missing.statusCode, missing.json().code]).toEqual([404, 'not_found']);
    expect(missing.headers['cache-control']).toBe('no-store');
  });

  it('leaves the API alone', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    const missing = await app.inject({ url: '/v1/nonsense', headers: browser });
    expect([missing.statusCode, missing.json().code]).toEqual([404, 'not_found']);
    const machine = await app.inject({ url: '/nonsense', headers: { accept: 'application/json' } });
    expect(machine.statusCode).toBe(404);
  });

  it.each(['/../package.json', '/%2e%2e/package.json', '/assets/..%2f..%2fetc/passwd', '/.env'])(
    'serves nothing outside its directory: %s',
    async (url) => {
      const response = await app.inject({ url, headers: { accept: 'application/json' } });
      expect([400, 403, 404]).toContain(response.statusCode);
    },
  );

  it('says plainly that it has not been built', async () => {
    await rm(join(directory, 'index.html'));
    const response = await app.inject({ url: '/', headers: browser });
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      503,
      'text/plain; charset=utf-8',
    ]);
    expect(response.body).toContain('npm run build:web');
  });
});
