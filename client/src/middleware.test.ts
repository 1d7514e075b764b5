import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import express from 'express';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { breakerSignal, expressBreakers } from './express.ts';
import { fastifyBreakers } from './fastify.ts';
import { guardTools } from './mcp.ts';
import { type PlayedFeed, playFeed, until } from './testing/played-feed.ts';

/** The middlewares on the real fastify, express and MCP SDK; the daemon alone is played. */

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function play(...given: Parameters<typeof playFeed>): Promise<PlayedFeed> {
  const feed = playFeed(...given);
  cleanups.push(() => feed.client.close());
  await until(() => feed.client.status().state === 'fresh');
  return feed;
}

/** A server of one route that answers when the test says so, or when its signal aborts. */
interface Site {
  readonly url: string;
  readonly running: { readonly agent: string; readonly signal: AbortSignal | undefined }[];
}

interface AgentRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const options = {
  question: ({ headers }: AgentRequest) =>
    headers['x-agent'] === undefined ? null : { agent: String(headers['x-agent']), op: 'write' },
  approvalUrl: () => 'https://tripcoil.example/approve',
};

async function onFastify({ client }: PlayedFeed): Promise<Site> {
  const running: Site['running'] = [];
  const app = Fastify();
  app.addHook('preHandler', fastifyBreakers(client, options));
  app.get('/', async (request) => {
    const signal = breakerSignal(request);
    running.push({ agent: String(request.headers['x-agent']), signal });
    if (request.headers['x-wait'] !== undefined && signal) await once(signal, 'abort');
    return { done: true };
  });
  cleanups.push(() => app.close());
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), running };
}

async function onExpress({ client }: PlayedFeed): Promise<Site> {
  const running: Site['running'] = [];
  const app = express();
  app.use(expressBreakers(client, options));
  app.get('/', async (request, response) => {
    const signal = breakerSignal(request);
    running.push({ agent: String(request.headers['x-agent']), signal });
    if (request.headers['x-wait'] !== undefined && signal) await once(signal, 'abort');
    response.json({ done: true });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, running };
}

describe.each([
  ['fastify', onFastify],
  ['express', onExpress],
])('on %s', (_name, open) => {
  const get = (site: Site, agent: string | null, more: Record<string, string> = {}) =>
    fetch(site.url, { headers: { ...(agent === null ? {} : { 'x-agent': agent }), ...more } });

  it('lets pass what nothing holds, and what no breaker concerns', async () => {
    const site = await open(await play());
    expect((await get(site, 'bot')).status).toBe(200);
    expect((await get(site, null)).status).toBe(200);
  });

  it.each([
    [4, 403, 'breaker-open', { retry_after: null }],
    [2, 403, 'approval-required', { approval_url: 'https://tripcoil.example/approve' }],
  ])('answers for level %i with %i and %s', async (level, status, type, more) => {
    const site = await open(await play([{ id: 'bot', level }]));
    const response = await get(site, 'bot');
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: `https://tripcoil.dev/problems/${type}`,
      level,
      reason: 'volume_spike',
      ...more,
    });
    expect(site.running).toEqual([]);
  });

  it('answers 429 with Retry-After when the pace of level 1 is used up', async () => {
    const site = await open(await play([{ id: 'bot', level: 1 }], { throttlePerMinute: 6 }));
    expect((await get(site, 'bot')).status).toBe(200);
    const response = await get(site, 'bot');
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('10');
  });

  it('tells work under way that a breaker has opened', async () => {
    const feed = await play();
    const site = await open(feed);
    const waiting = get(site, 'bot', { 'x-wait': '1' });
    await until(() => site.running.length === 1);
    feed.tell({ id: 'bot', level: 4 });
    expect((await waiting).status).toBe(200);
    expect(site.running[0]?.signal?.aborted).toBe(true);
  });
});

describe('on the MCP SDK', () => {
  async function connected(feed: PlayedFeed) {
    const server = new McpServer({ name: 'mail', version: '1.0.0' });
    const seen: { signal?: AbortSignal } = {};
    const { client } = feed;
    guardTools(server, client, { question: () => ({ agent: 'bot' }) });
    const input = { inputSchema: { to: z.string() } };
    server.registerTool('send_email', input, async ({ to }, { signal }) => {
      seen.signal = signal;
      if (to === 'slow') await once(signal, 'abort');
      return { content: [{ type: 'text', text: `sent to ${to}` }] };
    });
    const reads = { annotations: { readOnlyHint: true } };
    server.registerTool('list_mails', reads, async () => ({
      content: [{ type: 'text', text: 'none' }],
    }));
    // The older way to register, and a tool that changes later.
    server.tool('delete_mail', 'deletes', async () => ({
      content: [{ type: 'text', text: 'deleted' }],
    }));
    server.tool('count_mails', { readOnlyHint: true }, async () => ({
      content: [{ type: 'text', text: '0' }],
    }));
    server
      .registerTool('move_mail', {}, async () => ({ content: [] }))
      .update({ callback: async () => ({ content: [{ type: 'text', text: 'moved' }] }) });
    const caller = new Client({ name: 'agent', version: '1.0.0' });
    const [ours, theirs] = InMemoryTransport.createLinkedPair();
    await server.connect(ours);
    await caller.connect(theirs);
    cleanups.push(() => caller.close());
    return { caller, seen };
  }

  const SEND = { name: 'send_email', arguments: { to: 'bob' } };

  it('calls the tool when nothing holds it', async () => {
    const { caller } = await connected(await play());
    expect(await caller.callTool(SEND)).toMatchObject({ content: [{ text: 'sent to bob' }] });
  });

  it('answers with an error that a model can read; reads by their annotation', async () => {
    const { caller } = await connected(await play([{ id: 'bot', level: 3 }]));
    const refused = await caller.callTool(SEND);
    expect(refused).toMatchObject({
      isError: true,
      _meta: { 'tripcoil.dev/problem': { status: 403, level: 3 } },
    });
    const list = await caller.callTool({ name: 'list_mails', arguments: {} });
    expect(list).toMatchObject({ content: [{ text: 'none' }] });
  });

  it('stands before tools however they came to be', async () => {
    const { caller } = await connected(await play([{ id: 'bot', level: 3 }]));
    const ask = (name: string) => caller.callTool({ name, arguments: {} });
    expect(await ask('delete_mail')).toMatchObject({ isError: true });
    expect(await ask('move_mail')).toMatchObject({ isError: true });
    expect(await ask('count_mails')).toMatchObject({ content: [{ text: '0' }] });
    const free = await connected(await play());
    const moved = await free.caller.callTool({ name: 'move_mail', arguments: {} });
    expect(moved).toMatchObject({ content: [{ text: 'moved' }] });
  });

  it('ends a call under way when a breaker opens over its tool', async () => {
    const feed = await play();
    const { caller, seen } = await connected(feed);
    const call = caller.callTool({ name: 'send_email', arguments: { to: 'slow' } });
    await until(() => seen.signal !== undefined);
    feed.tell({ kind: 'tool', id: 'send_email', agent: 'bot', level: 4 });
    expect(await call).toMatchObject({ isError: true });
    expect(seen.signal?.aborted).toBe(true);
  });
});
