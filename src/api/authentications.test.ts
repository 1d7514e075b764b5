import { expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import type { Redacted } from '../core/redacted.ts';
import { DAY_MS } from '../core/time.ts';
import { AUTHENTICATION } from './authentication-body.ts';
import { pageOf } from './schemas.ts';
import { bearer, createHarness, NOW, startApi } from './testing/harness.ts';
import { eventOf } from './testing/rows.ts';

function signIn(tenant: string, id: string, more: Partial<AccessEvent>) {
  const event = { ...eventOf(tenant, id), kind: 'authentication' as const, ...more };
  return { seq: 1, loggedAt: 1, event: event as Redacted<AccessEvent> };
}

it('lists authentications of the last day, those of no tenant to operators of all', async () => {
  const harness = createHarness();
  const app = await startApi(harness);
  const get = (query: string, as: string) =>
    app.inject({ url: `/v1/authentications${query}`, headers: bearer(as) });
  const list = async (query: string, as = 'operator-all') =>
    pageOf(AUTHENTICATION).parse((await get(query, as)).json()).items;
  const ids = async (query: string, as?: string) =>
    (await list(query, as)).map((item) => item.event_id);
  const source = { format: 'tripcoil', name: 'api', deliveredBy: 'tripcoil', trust: 'resource' };
  const refused = { status: 'denied', errorType: 'unknown_token' } as const;
  harness.state.chain = [
    signIn('_system', 'evt-3', {
      ...{ agent: { id: 'unauthenticated' }, outcome: refused, attrs: { count: 7 } },
      source: source as AccessEvent['source'],
    }),
    signIn('acme', 'evt-2', { attrs: { count: 9 } }),
    signIn('acme', 'evt-1', { time: NOW - 2 * DAY_MS }),
    signIn('acme', 'evt-0', { kind: 'tool_call' }),
  ];
  expect(await list('?outcome=denied')).toMatchObject([
    { agent: 'unauthenticated', error_type: 'unknown_token', count: 7, source: 'api' },
  ]);
  expect(await list('?tenant=acme')).toMatchObject([{ event_id: 'evt-2', count: 1 }]);
  expect(await ids('')).toEqual(['evt-3', 'evt-2']);
  expect(await ids('', 'viewer-acme')).toEqual(['evt-2']);
  expect(await ids('', 'viewer-all')).toEqual(['evt-2']);
  expect(await ids('?tenant=_system', 'viewer-all')).toEqual([]);
  expect(await ids('?tenant=_system', 'operator-acme')).toEqual([]);
  expect(await ids('?tenant=_system', 'operator-all')).toEqual(['evt-3']);
  expect(await ids('?since=0', 'viewer-acme')).toEqual(['evt-2', 'evt-1']);
  expect((await get('', 'broker-acme')).statusCode).toBe(403);
  await app.close();
});
