import { afterEach, beforeEach, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import type { ChainQuery, FindingQuery, Store } from '../../ports/store.ts';
import { authenticationRules } from './authentication-rules.ts';
import { chainRules } from './chain-rules.ts';
import {
  batchOf,
  START_MS,
  storedEvent,
  storedFinding,
  storedLink,
  storedTransition,
} from './rows.ts';
import { HOSTILE, tokenRules } from './token-rules.ts';

/** What every store must do. Called inside a `describe`; `open` gives an empty store each time. */
export function storeConformance(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());
  projectionRules(() => store);
  chainRules(() => store);
  chainListRules(() => store);
  authenticationRules(() => store);
  tokenRules(() => store);
  findingRules(() => store);
  activityRules(() => store);
  hostileTextRules(() => store);
  erasureRules(() => store);
}

function erasureRules(store: () => Store): void {
  const token = '[email:p1:aaaaaaaaaaaaaaaaaaaaaA]';
  const principal = { sub: token };
  const session = { id: 's-1' };

  it('counts and deletes rows that hold a text, of one tenant, up to a sequence', async () => {
    await store().project(
      batchOf(
        1,
        [
          storedEvent({ id: 'evt-1', session, principal }),
          storedEvent({ id: 'evt-2', session }),
          storedEvent({ id: 'evt-3', session, principal, tenant: { id: 'globex' } }),
          storedEvent({ id: 'evt-4', session, principal }),
        ],
        { findings: [{ seq: 5, finding: storedFinding({ title: `about ${token}` }) }] },
      ),
    );
    const many = [...Array.from({ length: 300 }, (_, n) => `absent ${n}`), token];
    expect(await store().countHolding('acme', many)).toEqual({
      ...{ events: 2, findings: 1, transitions: 0 },
    });
    await store().erase('acme', many, 4);
    expect((await store().chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect((await store().findings({ tenants: '*', limit: 10 })).rows).toHaveLength(1);
    await store().erase('acme', [token], 100);
    expect((await store().chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([2, 3]);
    expect((await store().findings({ tenants: '*', limit: 10 })).rows).toEqual([]);
    await store().erase('acme', [], 100);
    await store().project(batchOf(6, [storedEvent({ id: 'evt-6', session })]));
    expect((await store().chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([2, 3, 6]);
  });

  it('deletes links between chains that hold the text', async () => {
    const links = [
      { seq: 3, tenant: 'acme', link: storedLink(`session:${token}`, 't-1') },
      { seq: 4, tenant: 'acme', link: storedLink('decision:d-1', 't-1') },
      { seq: 5, tenant: 'globex', link: storedLink(`session:${token}`, 't-1') },
    ];
    const events = ['acme', 'globex'].map((id) =>
      storedEvent({ id: `evt-${id}`, trace: { traceId: 't-1' }, tenant: { id } }),
    );
    await store().project(batchOf(1, events, { chainLinks: links }));
    const left = async () => (await store().chain('*', 't-1', 10)).links.map(({ seq }) => seq);
    expect(await left()).toEqual([3, 4, 5]);
    await store().erase('acme', [token], 3);
    expect(await left()).toEqual([3, 4, 5]);
    await store().erase('acme', [token], 100);
    expect(await left()).toEqual([4, 5]);
  });

  it('applies a tombstone to what is projected with it and before it', async () => {
    const tombstones = [{ seq: 3, tenant: 'acme', needles: [token] }];
    const events = [1, 2, 3, 4].map((n) => storedEvent({ id: `evt-${n}`, session, principal }));
    await store().project({ ...batchOf(1, events), tombstones });
    expect((await store().chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([3, 4]);
  });
}

function projectionRules(store: () => Store): void {
  it('starts empty and healthy', async () => {
    expect(await store().projectedSeq()).toBe(0);
    expect(store().healthy()).toBe(true);
    expect(await store().chain('*', 'nothing', 10)).toEqual({ rows: [], links: [], others: [] });
    expect(await store().findings({ tenants: '*', limit: 10 })).toEqual({ rows: [], next: null });
  });

  it('projects a batch twice without doubling a row', async () => {
    const event = storedEvent({ session: { id: 's-1' }, volume: { records: 7 } });
    const batch = batchOf(1, [event], {
      findings: [{ seq: 2, finding: storedFinding() }],
      transitions: [{ seq: 3, transition: storedTransition() }],
    });
    await store().project(batch);
    await store().project(batch);
    expect(await store().projectedSeq()).toBe(3);
    expect((await store().chain(['acme'], 's-1', 10)).rows).toEqual([
      { seq: 1, loggedAt: START_MS + 1, event },
    ]);
    expect((await store().findings({ tenants: '*', limit: 10 })).rows).toEqual([storedFinding()]);
  });

  it('projects overlapping batches without doubling a row', async () => {
    const events = [1, 2, 3].map((n) => storedEvent({ id: `evt-${n}`, session: { id: 's-1' } }));
    await store().project(batchOf(1, events.slice(0, 2)));
    await store().project(batchOf(1, events));
    expect((await store().chain('*', 's-1', 10)).rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(await store().projectedSeq()).toBe(3);
  });

  it('stops at a gap, and jumps when it is filled', async () => {
    await store().project(batchOf(1, [storedEvent()]));
    await store().project(batchOf(3, [storedEvent({ id: 'evt-3' })]));
    expect(await store().projectedSeq()).toBe(1);
    await store().project(batchOf(2, [storedEvent({ id: 'evt-2' })]));
    expect(await store().projectedSeq()).toBe(3);
  });

  it('moves on over a run of the log that holds nothing to project', async () => {
    await store().project({ ...batchOf(1, []), lastSeq: 500 });
    expect(await store().projectedSeq()).toBe(500);
  });
}

function chainListRules(store: () => Store): void {
  const at = (id: string, traceId: string, ms: number, more: object = {}) =>
    storedEvent({ id, trace: { traceId }, time: START_MS + ms, ...more });

  it('pages local chains by their first event, latest first, each exactly once', async () => {
    const events = Array.from({ length: 30 }, (_, n) => {
      const first = n % 15;
      return at(`e-${n}`, `t-${first}`, Math.floor(first / 3) + (n < 15 ? 0 : 100));
    });
    await store().project(batchOf(1, events));
    await store().project(batchOf(1, events));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { tenants: ['acme'], limit: 4, ...(cursor ? { cursor } : {}) };
      const page = await store().chains(query);
      expect(page.rows.length).toBeLessThanOrEqual(4);
      seen.push(...page.rows.map(({ chain }) => chain));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 15 }, (_, n) => `t-${14 - n}`));
  });

  it('narrows local chains by tenant, agent and time', async () => {
    const globex = { tenant: { id: 'globex' } };
    await store().project(
      batchOf(1, [
        at('a', 't-1', 0),
        at('b', 't-1', 10, { agent: { id: 'sub' } }),
        at('c', 't-2', 20, { agent: { id: 'sub' } }),
        at('d', 't-1', 30, globex),
        at('e', 't-9', 40, { kind: 'authentication' }),
        at('f', 't-2', 15, { kind: 'authentication', agent: { id: 'sub' } }),
      ]),
    );
    const heads = async (query: Partial<ChainQuery>) => {
      const { rows } = await store().chains({ tenants: '*', limit: 10, ...query });
      return rows.map(({ tenant, chain, firstTime, firstSeq }) =>
        [tenant, chain, firstTime - START_MS, firstSeq].join(' '),
      );
    };
    const all = ['globex t-1 30 4', 'acme t-2 20 3', 'acme t-1 0 1'];
    expect(await heads({})).toEqual(all);
    expect(await heads({ tenants: ['acme'] })).toEqual(all.slice(1));
    expect(await heads({ tenants: [] })).toEqual([]);
    expect(await heads({ agent: 'sub' })).toEqual(['acme t-2 20 3', 'acme t-1 10 2']);
    const window = { since: START_MS + 10, until: START_MS + 20 };
    expect(await heads(window)).toEqual(['acme t-1 10 2']);
  });
}

function findingRules(store: () => Store): void {
  it('pages findings newest first, each exactly once', async () => {
    const findings = Array.from({ length: 25 }, (_, n) => ({
      seq: n + 1,
      // Three to a millisecond, so that a page ends inside one.
      finding: storedFinding({ id: `${n}-0`, time: START_MS + Math.floor(n / 3) }),
    }));
    await store().project(batchOf(1, [], { findings }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query: FindingQuery = { tenants: ['acme'], limit: 4, ...(cursor ? { cursor } : {}) };
      const page = await store().findings(query);
      expect(page.rows.length).toBeLessThanOrEqual(4);
      seen.push(...page.rows.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(findings.map(({ finding }) => finding.id).reverse());
  });

  it('narrows findings by agent, detector, chain and time', async () => {
    const make = (seq: number, differences: Parameters<typeof storedFinding>[0]) => ({
      seq,
      finding: storedFinding({ id: `${seq}-0`, ...differences }),
    });
    const findings = [
      make(1, { agent: 'a', time: START_MS }),
      make(2, { agent: 'b', time: START_MS + 10, detector: 'out_of_scope_access' }),
      make(3, { agent: 'b', time: START_MS + 20, chain: 'c-3' }),
    ];
    await store().project(batchOf(1, [], { findings }));
    const ids = async (query: Partial<FindingQuery>) =>
      (await store().findings({ tenants: '*', limit: 10, ...query })).rows.map(({ id }) => id);
    expect(await ids({ agent: 'b' })).toEqual(['3-0', '2-0']);
    expect(await ids({ detector: 'out_of_scope_access' })).toEqual(['2-0']);
    expect(await ids({ id: '3-0' })).toEqual(['3-0']);
    expect(await ids({ id: '3-1' })).toEqual([]);
    expect(await ids({ chains: ['c-3', 'c-4'] })).toEqual(['3-0']);
    expect(await ids({ chains: [] })).toEqual([]);
    expect(await ids({ since: START_MS + 10 })).toEqual(['3-0', '2-0']);
    expect(await ids({ until: START_MS + 10 })).toEqual(['1-0']);
    expect(await ids({ agent: 'b', since: START_MS + 11, until: START_MS + 21 })).toEqual(['3-0']);
  });

  it('refuses a cursor it never gave', async () => {
    for (const cursor of [
      '',
      'nonsense',
      '%%%',
      Buffer.from("1' OR 1=1.2").toString('base64url'),
    ]) {
      const page = store().findings({ tenants: '*', limit: 1, cursor });
      await expect(page).rejects.toBeInstanceOf(TripcoilError);
    }
  });
}

function activityRules(store: () => Store): void {
  it('counts calls and records by bucket, each action once', async () => {
    const at = (minute: number) => START_MS + minute * MINUTE_MS;
    const call = (id: string, minute: number, records: number) =>
      storedEvent({ id, time: at(minute), volume: { records } });
    const twice = { name: 'read_account', op: 'read', toolCallId: 'call-1' } as const;
    await store().project(
      batchOf(1, [
        call('before', -1, 1_000),
        call('a', 1, 10),
        call('b', 59, 5),
        call('b', 59, 5),
        call('c', 60, 2.5),
        storedEvent({ id: 'span', time: at(61), action: twice, volume: { records: 4 } }),
        storedEvent({ id: 'audit', time: at(62), action: twice, kind: 'data_access' }),
        storedEvent({ id: 'proposed', time: at(1), phase: 'proposed' }),
        storedEvent({ id: 'decision', time: at(1), kind: 'authz_decision' }),
        storedEvent({ id: 'other', time: at(1), agent: { id: 'other' } }),
        storedEvent({ id: 'elsewhere', time: at(1), tenant: { id: 'globex' } }),
      ]),
    );
    const query = { tenant: 'acme', agent: 'invoice-bot', since: START_MS, bucketMs: HOUR_MS };
    expect(await store().activity(query)).toEqual([
      { bucket: START_MS, calls: 2, records: 15 },
      { bucket: START_MS + HOUR_MS, calls: 2, records: 6.5 },
    ]);
    expect(await store().activity({ ...query, agent: 'nobody' })).toEqual([]);
  });

  it('counts a call id anew in every trace, and in every session without a trace', async () => {
    const first = { name: 'read_account', op: 'read', toolCallId: 'call_1' } as const;
    const called = (id: string, rest: Parameters<typeof storedEvent>[0]) =>
      storedEvent({ id, action: first, volume: { records: 2 }, ...rest });
    const trace = (traceId: string) => ({ trace: { traceId, spanId: 'span-1' } });
    await store().project(
      batchOf(1, [
        called('a', trace('trace-1')),
        called('b', trace('trace-2')),
        called('c', { session: { id: 's-1' } }),
        called('d', { session: { id: 's-2' } }),
        called('again', { ...trace('trace-2'), session: { id: 's-3' }, kind: 'data_access' }),
        called('other', { ...trace('trace-1'), agent: { id: 'other' } }),
      ]),
    );
    const query = { tenant: 'acme', agent: 'invoice-bot', since: START_MS, bucketMs: HOUR_MS };
    const counted = [{ bucket: START_MS, calls: 4, records: 8 }];
    expect(await store().activity(query)).toEqual(counted);
  });
}

function hostileTextRules(store: () => Store): void {
  it.each(HOSTILE)('treats %j as nothing but text', async (text) => {
    const event = storedEvent({
      session: { id: text },
      agent: { id: text },
      action: { name: text, op: 'read', arguments: { note: text } },
    });
    const decoy = storedEvent({ id: 'decoy', session: { id: 'decoy' } });
    const finding = storedFinding({ agent: text, detector: text, chain: text, title: text });
    const findings = [
      { seq: 3, finding },
      { seq: 4, finding: storedFinding({ id: 'decoy' }) },
    ];
    await store().project(batchOf(1, [event, decoy], { findings }));
    const steps = (await store().chain(['acme'], text, 10)).rows;
    // An absent session id is no name for a chain.
    expect(steps.map((step) => step.event)).toEqual(text === '' ? [] : [event]);
    expect((await store().chain([text], 'decoy', 10)).rows).toEqual([]);
    for (const query of [{ agent: text }, { detector: text }, { chains: [text] }]) {
      const page = await store().findings({ tenants: ['acme'], limit: 10, ...query });
      expect(page.rows).toEqual([finding]);
    }
    const activity = { tenant: 'acme', agent: text, since: START_MS, bucketMs: HOUR_MS };
    expect(await store().activity(activity)).toEqual([{ bucket: START_MS, calls: 1, records: 0 }]);
    expect(await store().projectedSeq()).toBe(4);
  });
}
