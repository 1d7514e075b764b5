import { afterEach, beforeEach, expect, it } from 'vitest';
import { bearer, createHarness, startApi } from './testing/harness.ts';
import { eventOf } from './testing/rows.ts';

/** What the harness records this personal id as. */
const RECORDED = 'ann-bot';

let app: Awaited<ReturnType<typeof startApi>>;
beforeEach(async () => {
  const harness = createHarness();
  const { store } = harness.options;
  const event = eventOf('acme', 'evt-1');
  store.chain = async (tenants, id) => {
    const isIt = id === RECORDED || id === `session:${RECORDED}`;
    const isSeen = tenants === '*' || tenants.includes('acme');
    return { rows: isIt && isSeen ? [{ seq: 1, loggedAt: 1, event }] : [], links: [], others: [] };
  };
  app = await startApi(harness);
});
afterEach(() => app.close());

const status = async (id: string, as: string) => {
  const url = `/v1/chains/${encodeURIComponent(id)}`;
  return (await app.inject({ url, headers: bearer(as) })).statusCode;
};

it.each(['ann@example.com', 'session:ann@example.com', RECORDED])(
  'finds a chain by %s, for those who may see its tenant',
  async (id) => {
    expect(await status(id, 'viewer-acme')).toBe(200);
    expect(await status(id, 'viewer-all')).toBe(200);
    expect(await status(id, 'viewer-globex')).toBe(404);
  },
);

it('finds nothing by an id of nobody', async () => {
  expect(await status('bob@example.com', 'viewer-all')).toBe(404);
});
