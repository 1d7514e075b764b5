import { afterEach, beforeEach, expect, it } from 'vitest';
import { TripcoilError } from '../../core/errors.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import type { ChainQuery, FindingQuery, Store } from '../../ports/store.ts';
import { authenticationRules } from './authentication-rules.ts';
import {
  batchOf,
  START_MS,
  storedEvent,
  storedFinding,
  storedLink,
  storedTransition,
} from './rows.ts';
import { HOSTILE, tokenRules } from './token-rules.ts';

const CALL = 'toolu_01A09q90qw90lq917835lq9';

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
    expect(await store().chain('*', 'nothing', 10)).toEqual({ rows: [], links: [] });
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

function chainRules(store: () => Store): void {
  it('finds a chain by each of its identifiers, in order of time', async () => {
    const joined = storedEvent({
      id: 'evt-late',
      time: START_MS + 50.25,
      session: { id: 's-1' },
      trace: { traceId: 'trace-1', spanId: 'span-1' },
      token: { txn: 'txn-1', jti: 'jti-1' },
      decision: { verdict: 'allow', id: 'd-1' },
    });
    const earlier = storedEvent({ id: 'evt-early', session: { id: 's-1' } });
    await store().project(batchOf(1, [joined, earlier, storedEvent({ id: 'alone' })]));
    for (const id of ['trace-1', 'txn-1', 'jti-1', 'd-1']) {
      expect((await store().chain('*', id, 10)).rows.map(({ event }) => event)).toEqual([joined]);
    }
    expect((await store().chain('*', 's-1', 10)).rows.map(({ event }) => event)).toEqual([
      earlier,
      joined,
    ]);
    expect((await store().chain('*', 's-1', 1)).rows.map(({ event }) => event)).toEqual([earlier]);
    expect((await store().chain('*', 'alone', 10)).rows.map(({ event }) => event.id)).toEqual([
      'alone',
    ]);
  });

  it('follows what was joined, from any of its identifiers', async () => {
    const events = [
      storedEvent({ id: 'span', trace: { traceId: 't-1' } }),
      storedEvent({ id: 'pdp', decision: { verdict: 'allow', id: 'd-1' } }),
      storedEvent({ id: 'token', token: { jti: 'j-1' } }),
      storedEvent({ id: 'call', action: { name: 'x', op: 'read', toolCallId: CALL } }),
      storedEvent({ id: 'other', trace: { traceId: 't-2' } }),
      storedEvent({ id: 'theirs', tenant: { id: 'globex' }, token: { jti: 'j-1' } }),
    ];
    const link = (seq: number, alias: string, chain: string) => ({
      seq,
      tenant: 'acme',
      link: storedLink(alias, chain),
    });
    const chainLinks = [link(7, 'd-1', 't-1'), link(8, 'j-1', 'call'), link(9, 'call', 'd-1')];
    await store().project(batchOf(1, events, { chainLinks }));
    await store().project(batchOf(1, events, { chainLinks }));
    for (const id of ['t-1', 'd-1', CALL, 'call']) {
      const { rows, links } = await store().chain('*', id, 10);
      expect(rows.map(({ event }) => event.id)).toEqual(['span', 'pdp', 'token', 'call']);
      expect(links.map(({ seq }) => seq)).toEqual([7, 8, 9]);
    }
    const ours = await store().chain(['acme'], 'j-1', 10);
    expect(ours.rows.map(({ event }) => event.id)).toEqual(['span', 'pdp', 'token', 'call']);
    const theirs = await store().chain(['globex'], 'j-1', 10);
    expect(theirs).toMatchObject({ rows: [{ event: { id: 'theirs' } }], links: [] });
    expect((await store().chain('*', 't-2', 10)).rows).toHaveLength(1);
  });

  it('tells of a key that joins no more', async () => {
    const events = ['t-1', 't-2'].map((traceId, n) =>
      storedEvent({ id: `e-${n}`, trace: { traceId, requestId: CALL } }),
    );
    const link = { ...storedLink(CALL, 't-1'), type: 'shared', by: 'request' } as const;
    const chainLinks = [{ seq: 3, tenant: 'acme', link }];
    await store().project(batchOf(1, events, { chainLinks }));
    const { rows, links } = await store().chain('*', 't-1', 10);
    expect(rows).toHaveLength(1);
    expect(links).toEqual(chainLinks);
  });

  it('shows a tenant its own rows alone', async () => {
    const shared = { session: { id: 'shared' } };
    const ours = storedEvent({ ...shared, id: 'ours' });
    const theirs = storedEvent({ ...shared, id: 'theirs', tenant: { id: 'globex' } });
    await store().project(
      batchOf(1, [ours, theirs], {
        findings: [
          { seq: 3, finding: storedFinding() },
          { seq: 4, finding: storedFinding({ tenant: 'globex' }) },
        ],
      }),
    );
    const ids = async (tenants: readonly string[] | '*') =>
      (await store().chain(tenants, 'shared', 10)).rows.map(({ event }) => event.id);
    expect(await ids(['acme'])).toEqual(['ours']);
    expect(await ids(['globex'])).toEqual(['theirs']);
    expect(await ids([])).toEqual([]);
    expect(await ids('*')).toEqual(['ours', 'theirs']);
    const page = await store().findings({ tenants: ['globex'], limit: 10 });
    expect(page.rows.map(({ tenant }) => tenant)).toEqual(['globex']);
    expect((await store().findings({ tenants: [], limit: 10 })).rows).toEqual([]);
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
