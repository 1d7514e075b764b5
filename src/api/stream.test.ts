import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as schemas from './schemas.ts';
import { bearer, createHarness, startApi } from './testing/harness.ts';
import { findingOf, transitionOf } from './testing/rows.ts';

let harness: ReturnType<typeof createHarness>;
let app: FastifyInstance;
beforeEach(async () => {
  harness = createHarness();
  app = await startApi(harness);
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

/** Follows the stream as a browser does; `next()` resolves with the next event. */
async function follow(as: string) {
  const { port } = app.server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/v1/stream`, { headers: bearer(as) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<{ event: string; body: unknown } | null> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const [event = '', data = ''] = text.slice(0, end).split('\n');
        text = text.slice(end + 2);
        return { event: event.slice('event: '.length), body: JSON.parse(data.slice(6)) };
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  return { response, next };
}

describe('stream', () => {
  it('sends the status at once and on every tick, then what happens', async () => {
    const { response, next } = await follow('viewer-all');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const first = await next();
    expect(first?.event).toBe('status');
    schemas.STATUS.parse(first?.body);
    harness.publishFinding(findingOf('acme', '1-0'));
    harness.publishTransition(transitionOf('acme'));
    const finding = await next();
    expect(finding?.event).toBe('finding');
    expect(schemas.FINDING.parse(finding?.body).id).toBe('1-0');
    const transition = await next();
    expect(transition?.event).toBe('transition');
    schemas.TRANSITION.parse(transition?.body);
    harness.tick();
    expect((await next())?.event).toBe('status');
  });

  it('sends a tenant its own, and what stops everybody', async () => {
    const { next } = await follow('viewer-acme');
    expect((await next())?.body).toMatchObject({ scope: 'tenants' });
    harness.publishFinding(findingOf('globex', '1-0'));
    harness.publishTransition(transitionOf('globex'));
    harness.publishTransition(transitionOf('_system', 'global'));
    harness.publishFinding(findingOf('acme', '2-0'));
    expect((await next())?.body).toMatchObject({ key: { kind: 'global' } });
    expect((await next())?.body).toMatchObject({ tenant: 'acme', id: '2-0' });
  });

  it('needs a reader, and ends when the server closes', async () => {
    expect((await follow('ingest-acme')).response.status).toBe(403);
    const { next } = await follow('viewer-all');
    await next();
    expect(harness.listeners()).toBe(2);
    await app.close();
    expect(await next()).toBeNull();
    expect(harness.listeners()).toBe(0);
  });
});
