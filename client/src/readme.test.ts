import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createBreakerClient } from './index.ts';

describe('README', () => {
  it('has a broker of 12 lines that works', async () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    expect(code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(12);
    const body = code.replace(/^import .*$/m, '').replaceAll('export function', 'return function');
    const answer = { v: 1, tenant: 'acme', term: 1, seq: 1, posture: 'enforce' };
    const key = { tenant: 'acme', kind: 'agent', id: 'bad-bot' };
    const open = { key, phase: 'open', level: 4, term: 1, epoch: 1, reason: 'volume_spike' };
    const snapshot = JSON.stringify({ ...answer, breakers: [open] });
    const events = `event: snapshot\ndata: ${snapshot}\n\n`;
    const clients: { close(): Promise<void> }[] = [];
    const acknowledged: unknown[] = [];
    const fetch = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
      if (init.method !== 'POST') {
        return new Response(events, { headers: { 'content-type': 'text/event-stream' } });
      }
      acknowledged.push(JSON.parse(String(init.body)));
      return new Response(null, { status: 204 });
    };
    const create = (options: { url: string; token: string }) => {
      const client = createBreakerClient({ ...options, fetch: fetch as typeof globalThis.fetch });
      clients.push(client);
      return client;
    };
    const run = new Function(
      'createBreakerClient',
      'process',
      'console',
      `return (async () => {${body}})()`,
    );
    const env = { TRIPCOIL_URL: 'http://127.0.0.1:1', TRIPCOIL_TOKEN: 't' };
    const callTool = await run(create, { env }, { error: () => undefined });
    expect(callTool('good-bot', 's', 'mail', 'write', () => 'sent')).toBe('sent');
    expect(callTool('bad-bot', 's', 'mail', 'read', () => 'sent')).toEqual({
      error: 'breaker_open',
      reason: 'volume_spike',
    });
    await Promise.all(clients.map((client) => client.close()));
    expect(acknowledged).toEqual([{ key, term: 1, epoch: 1 }]);
  });
});
