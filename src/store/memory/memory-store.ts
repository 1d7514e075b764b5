import type { AccessEvent } from '../../core/access-event.ts';
import type { Transition } from '../../core/breaker.ts';
import { chainIdOf } from '../../core/chain.ts';
import type { Finding } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Redacted } from '../../core/redacted.ts';
import type {
  ActivityBucket,
  ActivityQuery,
  ChainHead,
  ChainQuery,
  FindingQuery,
  Needles,
  Page,
  ProjectionBatch,
  Store,
  StoredChain,
} from '../../ports/store.ts';
import { ACTIVITY_KINDS, actionKeyOf, chainIdsOf, SIGN_IN } from '../chain-ids.ts';
import { readCursor, writeCursor } from '../cursor.ts';
import { type CarryingChain, followChain, linkIdsOf, type StoredLink } from '../follow-chain.ts';
import { covers, gaplessEnd, type Intervals, withInterval } from '../intervals.ts';
import { authenticationsPage } from './authentication-rows.ts';
import { newestPage } from './newest-page.ts';
import { Ring } from './ring.ts';
import { type TokenRows, tokenOf } from './token-rows.ts';

/** How many rows of each kind are kept; the oldest go first. */
export interface MemoryStoreLimits {
  readonly events: number;
  readonly findings: number;
  readonly transitions: number;
  readonly chainLinks?: number;
}

const DEFAULT_LIMITS: MemoryStoreLimits = {
  events: LIMITS.memoryStoreEvents,
  findings: LIMITS.memoryStoreFindings,
  transitions: LIMITS.memoryStoreTransitions,
};

interface EventRow {
  readonly seq: number;
  readonly loggedAt: number;
  readonly event: Redacted<AccessEvent>;
  readonly ids: readonly string[];
  readonly chain: string;
}

interface Rings {
  readonly events: Ring<EventRow>;
  readonly findings: Ring<{ readonly seq: number; readonly finding: Finding }>;
  readonly transitions: Ring<{ readonly seq: number; readonly transition: Transition }>;
  readonly chainLinks: Ring<StoredLink>;
}

/**
 * The store where chDB is absent: the latest rows in memory, lost at exit and rebuilt from the
 * ledger at start. Answers as the SQL store does, over what it still holds.
 */
export function createMemoryStore(options: { limits?: MemoryStoreLimits } = {}): Store {
  const limits = options.limits ?? DEFAULT_LIMITS;
  const rings: Rings = {
    events: new Ring(limits.events),
    findings: new Ring(limits.findings),
    transitions: new Ring(limits.transitions),
    chainLinks: new Ring(limits.chainLinks ?? LIMITS.memoryStoreChainLinks),
  };
  let projected: Intervals = [];
  let open = true;
  return {
    projectedSeq: async () => gaplessEnd(projected),
    project: async (batch) => {
      addRows(rings, batch, (seq) => !covers(projected, { first: seq, last: seq }));
      for (const { tenant, needles, seq } of batch.tombstones ?? []) {
        eraseRows(rings, tenant, needles, seq);
      }
      projected = withInterval(projected, { first: batch.firstSeq, last: batch.lastSeq });
    },
    findings: async (query) => findingsPage(rings, query),
    chain: (tenants, id, limit) => chainOf(rings, tenants, id, limit),
    wholeChains: (locals, limit) =>
      Promise.all(locals.map(({ tenant, chain }) => chainOf(rings, [tenant], chain, limit))),
    chains: async (query) => chainsPage(rings, query),
    authentications: async (query) => {
      const isSeen = (tenant: string) => seenBy(query.tenants, tenant);
      return authenticationsPage(tokenRowsOf(rings).events, isSeen, query);
    },
    token: async (tenants, id, limit) =>
      tokenOf(tokenRowsOf(rings), (tenant) => seenBy(tenants, tenant), id, limit),
    activity: async (query) => activityOf(rings, query),
    countHolding: async (tenant, needles) => {
      const holds = holder(tenant, needles, Number.POSITIVE_INFINITY);
      return {
        events: rings.events.filter(holds.event).length,
        findings: rings.findings.filter(holds.finding).length,
        transitions: rings.transitions.filter(holds.transition).length,
      };
    },
    erase: async (tenant, needles, beforeSeq) => eraseRows(rings, tenant, needles, beforeSeq),
    healthy: () => open,
    close: async () => {
      open = false;
    },
  };
}

function tokenRowsOf({ events, transitions }: Rings): TokenRows {
  return {
    events: (keep) =>
      events
        .filter(({ event }) => keep(event))
        .map(({ seq, loggedAt, event }) => ({ seq, loggedAt, event })),
    transitions: (keep) => transitions.filter(({ transition }) => keep(transition)),
  };
}

/** Which rows of a tenant, logged before a sequence, have one of these texts in their JSON. */
function holder(tenant: string, needles: Needles, beforeSeq: number) {
  const holds = (row: unknown): boolean => {
    if (needles === '*') return true;
    const text = JSON.stringify(row);
    return needles.some((needle) => text.includes(needle));
  };
  return {
    event: ({ seq, event }: EventRow) =>
      seq < beforeSeq && event.tenant.id === tenant && holds(event),
    finding: ({ seq, finding }: { readonly seq: number; readonly finding: Finding }) =>
      seq < beforeSeq && finding.tenant === tenant && holds(finding),
    chainLink: ({ seq, tenant: of, link }: StoredLink) =>
      seq < beforeSeq && of === tenant && holds(link),
    transition: ({ seq, transition }: { readonly seq: number; readonly transition: Transition }) =>
      seq < beforeSeq && transition.key.tenant === tenant && holds(transition),
  };
}

function eraseRows(rings: Rings, tenant: string, needles: Needles, before: number): void {
  const holds = holder(tenant, needles, before);
  rings.events.remove(holds.event);
  rings.findings.remove(holds.finding);
  rings.transitions.remove(holds.transition);
  rings.chainLinks.remove(holds.chainLink);
}

function seenBy(tenants: readonly string[] | '*', tenant: string): boolean {
  return tenants === '*' || tenants.includes(tenant);
}

async function chainOf(
  rings: Rings,
  tenants: readonly string[] | '*',
  id: string,
  limit: number,
): Promise<StoredChain> {
  const { locals, links, others } = await followChain(id, {
    carrying: async (asked) => carryingOf(rings, tenants, asked),
    links: async (asked) => {
      const wanted = new Set(asked);
      const touches = (link: StoredLink['link']) => linkIdsOf(link).some((one) => wanted.has(one));
      return rings.chainLinks.filter(
        ({ tenant, link }) => seenBy(tenants, tenant) && touches(link),
      );
    },
  });
  const wanted = new Set(locals.map(({ tenant, chain }) => `${tenant}\n${chain}`));
  const rows = rings.events
    .filter(({ event, chain }) => wanted.has(`${event.tenant.id}\n${chain}`))
    .sort((a, b) => Math.trunc(a.event.time) - Math.trunc(b.event.time) || a.seq - b.seq)
    .slice(0, limit)
    .map(({ seq, loggedAt, event }) => ({ seq, loggedAt, event }));
  return { rows, links, others };
}

function carryingOf(
  rings: Rings,
  tenants: readonly string[] | '*',
  asked: readonly string[],
): readonly CarryingChain[] {
  const places = new Map(asked.map((id, place) => [id, place]));
  const found = new Map<string, CarryingChain & { readonly seq: number }>();
  const rows = rings.events.filter(
    ({ event, ids }) => seenBy(tenants, event.tenant.id) && ids.some((id) => places.has(id)),
  );
  for (const { seq, event, chain, ids } of rows) {
    for (const id of ids) {
      if (!places.has(id)) continue;
      const key = JSON.stringify([event.tenant.id, chain, id]);
      const first = Math.min(seq, found.get(key)?.seq ?? seq);
      found.set(key, { tenant: event.tenant.id, chain, id, seq: first });
    }
  }
  const placeOf = (id: string): number => places.get(id) ?? 0;
  return [...found.values()].sort((a, b) => placeOf(a.id) - placeOf(b.id) || a.seq - b.seq);
}

function addRows(rings: Rings, batch: ProjectionBatch, isNew: (seq: number) => boolean): void {
  for (const { seq, loggedAt, event } of batch.events) {
    if (isNew(seq)) {
      const ids = chainIdsOf(event);
      rings.events.push({ seq, loggedAt, event, ids, chain: chainIdOf(event) });
    }
  }
  for (const row of batch.chainLinks) if (isNew(row.seq)) rings.chainLinks.push(row);
  for (const row of batch.findings) if (isNew(row.seq)) rings.findings.push(row);
  for (const row of batch.transitions) if (isNew(row.seq)) rings.transitions.push(row);
}

function findingsPage(rings: Rings, query: FindingQuery): Page<Finding> {
  const asked = rings.findings.filter(({ finding }) => {
    const timeMs = Math.trunc(finding.time);
    return (
      seenBy(query.tenants, finding.tenant) &&
      (query.agent === undefined || finding.agent === query.agent) &&
      (query.detector === undefined || finding.detector === query.detector) &&
      (query.id === undefined || finding.id === query.id) &&
      (query.chains === undefined || query.chains.includes(finding.chain)) &&
      (query.since === undefined || timeMs >= query.since) &&
      (query.until === undefined || timeMs < query.until)
    );
  });
  const placeOf = ({ seq, finding }: (typeof asked)[number]) => ({
    timeMs: Math.trunc(finding.time),
    seq,
  });
  const { rows, next } = newestPage(asked, placeOf, query);
  return { rows: rows.map(({ finding }) => finding), next };
}

function chainsPage(rings: Rings, query: ChainQuery): Page<ChainHead> {
  const heads = new Map<string, Omit<ChainHead, 'cursor'>>();
  for (const { seq, event, chain } of rings.events.filter((row) => counts(query, row.event))) {
    const tenant = event.tenant.id;
    const known = heads.get(`${tenant}\n${chain}`);
    const firstTime = Math.min(Math.trunc(event.time), known?.firstTime ?? Infinity);
    const firstSeq = Math.min(seq, known?.firstSeq ?? Infinity);
    heads.set(`${tenant}\n${chain}`, { tenant, chain, firstTime, firstSeq });
  }
  const after = query.cursor === undefined ? null : readCursor(query.cursor);
  const matching = [...heads.values()]
    .filter(({ firstTime, firstSeq }) => {
      if (after === null || firstTime < after.timeMs) return true;
      return firstTime === after.timeMs && firstSeq < after.seq;
    })
    .sort((a, b) => b.firstTime - a.firstTime || b.firstSeq - a.firstSeq);
  const rows = matching.slice(0, query.limit).map((head) => {
    return { ...head, cursor: writeCursor({ timeMs: head.firstTime, seq: head.firstSeq }) };
  });
  return { rows, next: matching.length > rows.length ? (rows.at(-1)?.cursor ?? null) : null };
}

function counts({ tenants, agent, since, until }: ChainQuery, event: AccessEvent): boolean {
  const timeMs = Math.trunc(event.time);
  return (
    event.kind !== SIGN_IN &&
    seenBy(tenants, event.tenant.id) &&
    (agent === undefined || event.agent.id === agent) &&
    (since === undefined || timeMs >= since) &&
    (until === undefined || timeMs < until)
  );
}

function activityOf(rings: Rings, query: ActivityQuery): readonly ActivityBucket[] {
  const actions = new Map<string, { timeMs: number; records: number }>();
  const events = rings.events.filter(
    ({ event }) =>
      event.tenant.id === query.tenant &&
      event.agent.id === query.agent &&
      event.phase === 'executed' &&
      event.time >= query.since &&
      ACTIVITY_KINDS.includes(event.kind),
  );
  for (const { event } of events) {
    const key = actionKeyOf(event);
    const seen = actions.get(key) ?? { timeMs: Number.POSITIVE_INFINITY, records: 0 };
    actions.set(key, {
      timeMs: Math.min(seen.timeMs, Math.trunc(event.time)),
      records: Math.max(seen.records, event.volume?.records ?? 0),
    });
  }
  const buckets = new Map<number, { bucket: number; calls: number; records: number }>();
  for (const { timeMs, records } of actions.values()) {
    const bucket = Math.floor(timeMs / query.bucketMs) * query.bucketMs;
    const sum = buckets.get(bucket) ?? { bucket, calls: 0, records: 0 };
    buckets.set(bucket, { bucket, calls: sum.calls + 1, records: sum.records + records });
  }
  return [...buckets.values()].sort((a, b) => a.bucket - b.bucket);
}
