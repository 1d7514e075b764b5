import {
  type BreakerKey,
  breakerKeyText,
  needsTwoPersons,
  type OpenState,
} from '../../core/breaker.ts';
import type { BreakerConfig } from '../../core/entry.ts';
import type { DetectionFamily } from '../../core/finding.ts';
import type { EpochMs } from '../../core/time.ts';
import { type LeakyBucket, pour } from '../detect/leaky-bucket.ts';
import type { BoardState, BudgetClass } from './board.ts';

/** How much automation may stop at once in one tenant; every share has at least its floor. */
export interface Budget {
  /** Share of the agents active within a day that statistics may hold at level 4 and above. */
  readonly share: number;
  readonly floor: number;
  /** Of these, for one detector and for one source of evidence. */
  readonly detectorShare: number;
  readonly sourceShare: number;
  /** New ones a minute, sustained, and at once. */
  readonly newPerMinute: number;
  readonly burst: number;
  /** The same as `floor`, of what is proven; its share is that of statistics. */
  readonly provenFloor: number;
}

const DEFAULT_BUDGET: Budget = {
  share: 0.1,
  floor: 3,
  detectorShare: 0.05,
  sourceShare: 0.05,
  newPerMinute: 6,
  burst: 5,
  provenFloor: 25,
};

export function budgetOf({ budget = {} }: BreakerConfig): Budget {
  return { ...DEFAULT_BUDGET, ...budget };
}

/** Evidence that asks to stop something. */
export interface BudgetRequest {
  readonly key: BreakerKey;
  readonly family: DetectionFamily;
  readonly detector: string;
  /** Who delivered the evidence. */
  readonly source: string;
  readonly score: number;
}

/** Whether there is room, none, or room in the place of a breaker of lesser evidence. */
export type BudgetAnswer =
  | { readonly room: true; readonly displaces: BreakerKey | null }
  | { readonly room: false };

const ROOM: BudgetAnswer = { room: true, displaces: null };
const NONE: BudgetAnswer = { room: false };

/**
 * Asks a tenant's budget. What is proven has one of its own. Within that of statistics and novelty
 * the highest score wins: it takes the place of the lowest that stands in its way. Nothing is spent
 * yet: see `spend`.
 */
export function askBudget(
  board: BoardState,
  bucket: LeakyBucket,
  budget: Budget,
  activeAgents: number,
  request: BudgetRequest,
  logTime: EpochMs,
): BudgetAnswer {
  const place = classOf(request.family);
  const held = board.automatic[place];
  if (held.has(breakerKeyText(request.key))) return ROOM;
  const most = (share: number, floor: number) => Math.max(floor, Math.ceil(activeAgents * share));
  if (place === 'proven') {
    return held.size < most(budget.share, budget.provenFloor) ? ROOM : NONE;
  }
  const drained = pour({ ...bucket }, { time: logTime, size: 1, ...rateOf(budget) });
  if (drained > budget.burst) return NONE;
  const opened = openedOf(board, held);
  const inTheWay: ((state: OpenState) => boolean)[] = [];
  const ofDetector = (state: OpenState) => state.reason === request.detector;
  const ofSource = (state: OpenState) => state.source === request.source;
  const count = (is: (state: OpenState) => boolean) =>
    opened.reduce((sum, { state }) => sum + (is(state) ? 1 : 0), 0);
  if (held.size >= most(budget.share, budget.floor)) inTheWay.push(() => true);
  if (count(ofDetector) >= most(budget.detectorShare, budget.floor)) inTheWay.push(ofDetector);
  if (count(ofSource) >= most(budget.sourceShare, budget.floor)) inTheWay.push(ofSource);
  if (inTheWay.length === 0) return ROOM;
  let least: { readonly key: BreakerKey; readonly state: OpenState } | null = null;
  for (const each of opened) {
    // Nothing but two persons lowers level 5.
    if (needsTwoPersons(each.state)) continue;
    if (each.state.score >= (least?.state.score ?? request.score)) continue;
    if (inTheWay.every((is) => is(each.state))) least = each;
  }
  return least === null ? NONE : { room: true, displaces: least.key };
}

/** Takes one from the rate at which statistics may open; what is proven needs none. */
export function spend(
  bucket: LeakyBucket,
  budget: Budget,
  family: DetectionFamily,
  logTime: EpochMs,
): void {
  if (classOf(family) === 'proven') return;
  pour(bucket, { time: logTime, size: 1, ...rateOf(budget) });
}

function rateOf({ newPerMinute, burst }: Budget) {
  return { perMinute: newPerMinute, room: burst };
}

function classOf(family: DetectionFamily): BudgetClass {
  return family === 'deterministic' ? 'proven' : 'statistical';
}

function openedOf(board: BoardState, texts: ReadonlySet<string>) {
  const opened: { readonly key: BreakerKey; readonly state: OpenState }[] = [];
  for (const text of texts) {
    const entry = board.entries.get(text);
    if (entry?.state.phase === 'open') opened.push({ key: entry.key, state: entry.state });
  }
  return opened;
}
