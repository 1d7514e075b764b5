import type { Verdict } from '../core/access-event.ts';
import { chainIdOf, sessionInWaiting } from '../core/chain.ts';
import type { ChainGapReason } from '../core/chain-links.ts';
import { LIMITS } from '../core/limits.ts';
import type { EngineView } from '../ports/engine-view.ts';
import type { ChainHead, ChainQuery, Store, StoredChain } from '../ports/store.ts';
import { chainBody } from './chain-body.ts';
import type { ChainSummaryBody, PageBody } from './contract.ts';

/** As `ChainQuery`, and only chains with this gap, pending ones left out; `any` for any. */
export interface ChainListQuery extends ChainQuery {
  readonly gap?: ChainGapReason | 'any';
  /** Only chains of which some policy decision had this verdict. */
  readonly verdict?: Verdict;
}

/**
 * Chains by their first event that counts, the latest first. A chain stands where the earliest of
 * its local chains does, once, however many were joined. After `chainsLookedAt` local chains a page
 * ends, full or not, and `next` goes on from there.
 */
export async function chainList(
  store: Store,
  view: EngineView,
  query: ChainListQuery,
): Promise<PageBody<ChainSummaryBody>> {
  const { gap, verdict, ...heads } = query;
  const items: ChainSummaryBody[] = [];
  let cursor = query.cursor;
  for (let looked = 0; looked < LIMITS.chainsLookedAt; ) {
    const page = await store.chains({ ...heads, ...(cursor === undefined ? {} : { cursor }) });
    let whole: readonly StoredChain[] = [];
    for (const [index, head] of page.rows.entries()) {
      const place = index % LIMITS.chainsReadAtOnce;
      if (place === 0) {
        const next = page.rows.slice(index, index + LIMITS.chainsReadAtOnce);
        whole = await store.wholeChains(next, LIMITS.chainSteps + 1);
      }
      looked += 1;
      cursor = head.cursor;
      const summary = summaryOf(whole[place] ?? NOTHING, view, head, query);
      const isMeant = (of: ChainSummaryBody): boolean =>
        hasGap(of, gap) && (verdict === undefined || of.verdicts.includes(verdict));
      if (summary !== null && isMeant(summary)) items.push(summary);
      const isLast = index === page.rows.length - 1 && page.next === null;
      if (items.length === query.limit) return { items, next: isLast ? null : cursor };
    }
    if (page.next === null) return { items, next: null };
  }
  return { items, next: cursor ?? null };
}

const NOTHING: StoredChain = { rows: [], links: [], others: [] };

function hasGap({ gaps }: ChainSummaryBody, gap: ChainListQuery['gap']): boolean {
  if (gap === undefined) return true;
  return gap === 'any' ? gaps.length > 0 : gaps.includes(gap);
}

/** Null where the chain stands elsewhere in the list. */
function summaryOf(
  whole: StoredChain,
  view: EngineView,
  head: ChainHead,
  query: ChainListQuery,
): ChainSummaryBody | null {
  const { tenant, chain } = head;
  if (placeOf(whole, query) !== chain) return null;
  const rows = whole.rows.slice(0, LIMITS.chainSteps);
  const body = chainBody({
    asked: chain,
    stored: { ...whole, rows },
    findings: [],
    clock: view.chainClock(tenant),
    truncated: whole.rows.length > LIMITS.chainSteps,
    unrelatedTenants: [],
  });
  if (body === null) return null;
  // A trace or its session may still claim it, with what seems to be missing.
  const waits = rows.every(({ event }) => sessionInWaiting(event) !== null);
  const missing = waits ? [] : body.gaps.filter(({ state }) => state === 'missing');
  return {
    id: body.id,
    tenant,
    agents: body.agents,
    principal: body.steps.find(({ principal }) => principal !== null)?.principal ?? null,
    started_at: body.started_at,
    ended_at: body.ended_at,
    steps: body.steps.length,
    actions: [...new Set(body.executions.map(({ action }) => action))].slice(
      0,
      LIMITS.chainActions,
    ),
    executions: body.executions.length,
    verdicts: [...new Set(body.steps.flatMap(({ decision }) => decision?.verdict ?? []))],
    gaps: [...new Set(missing.map(({ reason }) => reason))],
    pending: body.gaps.length - missing.length,
    truncated: body.truncated,
  };
}

/** The local chain whose first event that counts is the earliest. */
function placeOf({ rows }: StoredChain, { agent, since, until }: ChainListQuery): string | null {
  const firsts = new Map<string, { time: number; seq: number }>();
  for (const { event, seq } of rows) {
    const time = Math.trunc(event.time);
    if (event.kind === 'authentication') continue;
    if (agent !== undefined && event.agent.id !== agent) continue;
    if (time < (since ?? -Infinity) || time >= (until ?? Infinity)) continue;
    const known = firsts.get(chainIdOf(event)) ?? { time, seq };
    const first = { time: Math.min(time, known.time), seq: Math.min(seq, known.seq) };
    firsts.set(chainIdOf(event), first);
  }
  const [place] = [...firsts].sort(([, a], [, b]) => a.time - b.time || a.seq - b.seq);
  return place?.[0] ?? null;
}
