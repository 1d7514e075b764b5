import type { DetectionFamily } from '../core/finding.ts';
import { hashOf } from '../core/hash.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, HOUR_MS } from '../core/time.ts';
import { oneDecimal } from './detect/figures.ts';

/** What one finding, or one group of repeats, adds to the risk of its agent. */
export interface RiskMark {
  readonly detector: string;
  readonly family: DetectionFamily;
  /** Id of the finding; of repeats, of the one that weighed most when it came. */
  readonly finding: string;
  /** Hash of detector and deduplication key: repeats of a group are one mark. */
  readonly group: string;
  /** Hash of the chain: one request that is told of in many ways is one piece of evidence. */
  readonly chain: string;
  /** Score of the finding, 0 to 100, as it was given. */
  readonly value: number;
  /** Log times of the first and of the present finding of the group. */
  readonly since: EpochMs;
  readonly at: EpochMs;
  /** Told on more than the agent's own word. */
  readonly vouched: boolean;
  /** A person said that the finding was false or benign: it counts nothing. */
  readonly dismissed: boolean;
}

/** Everything that raises one agent's risk; `LIMITS.riskMarksPerAgent` at most, oldest first. */
export type RiskState = RiskMark[];

/** What one mark adds now. */
export interface RiskPart {
  readonly finding: string;
  readonly detector: string;
  readonly family: DetectionFamily;
  /** Its share of the risk: the points of all parts add up to the risk. */
  readonly points: number;
  /** What decay has left of the finding's score, 0 to 100. */
  readonly value: number;
  /** Score when it was found. */
  readonly score: number;
  readonly since: EpochMs;
  readonly at: EpochMs;
  readonly halfLifeMs: number;
  /** 1 counts in full; less where a stronger mark of its detector or chain tells the same. */
  readonly share: number;
}

export interface RiskReading {
  /** 0 to 100, to one decimal. */
  readonly risk: number;
  /** The most points first. */
  readonly parts: readonly RiskPart[];
}

/**
 * How fast evidence fades. What is proven stays for days, since nothing that happens later unmakes
 * it; a burst is over soon; what was new once is known by the next working day.
 */
const HALF_LIFE_MS: Readonly<Record<DetectionFamily, number>> = {
  deterministic: 24 * HOUR_MS,
  statistical: 4 * HOUR_MS,
  novelty: 8 * HOUR_MS,
};

/** Marks that vouch for one another add up to this at most. */
type Pool = DetectionFamily | 'unvouched';
const POOL_MAX: Readonly<Record<Pool, number>> = {
  deterministic: 100,
  statistical: 95,
  novelty: 80,
  unvouched: 49,
};
const POOLS: readonly Pool[] = ['deterministic', 'statistical', 'novelty', 'unvouched'];

/** What is left of a mark's score, 0 to 100. */
function decayed(mark: RiskMark, logTime: EpochMs): number {
  if (mark.dismissed) return 0;
  const age = Math.max(0, logTime - mark.at);
  return Math.min(100, mark.value) * 2 ** (-age / HALF_LIFE_MS[mark.family]);
}

/** What a finding is to the score. */
export interface RiskEvidence {
  readonly detector: string;
  readonly family: DetectionFamily;
  readonly finding: string;
  readonly dedupKey: string;
  readonly chain: string;
  readonly score: number;
  readonly vouched: boolean;
}

/**
 * Keeps the stronger of what decay has left of a group and its new finding: repeats do not pile up.
 * Where the agent has no room for a further group, the weakest is forgotten.
 */
export function addRisk(risk: RiskState, evidence: RiskEvidence, logTime: EpochMs): void {
  const { detector, family, finding, dedupKey, chain, score, vouched } = evidence;
  const group = shortHash(`${detector}\n${dedupKey}\n${vouched}`);
  const place = risk.findIndex((mark) => mark.group === group);
  const old = risk[place];
  if (old !== undefined && decayed(old, logTime) > score) return;
  const since = old === undefined || old.dismissed ? logTime : old.since;
  if (old !== undefined) risk.splice(place, 1);
  const named = { detector, family, finding, group, chain: shortHash(chain) };
  risk.push({ ...named, value: score, since, at: logTime, vouched, dismissed: false });
  if (risk.length > LIMITS.riskMarksPerAgent) forgetWeakest(risk, logTime);
}

function forgetWeakest(risk: RiskState, logTime: EpochMs): void {
  let weakest = 0;
  for (const [place, mark] of risk.entries()) {
    const least = risk[weakest];
    if (least && decayed(mark, logTime) < decayed(least, logTime)) weakest = place;
  }
  risk.splice(weakest, 1);
}

/** Stops a finding from counting, or lets it count again; true where it is one of these marks. */
export function dismissRisk(risk: RiskState, finding: string, dismissed: boolean): boolean {
  const place = risk.findIndex((mark) => mark.finding === finding);
  const mark = risk[place];
  if (mark === undefined || mark.dismissed === dismissed) return false;
  risk[place] = { ...mark, dismissed };
  return true;
}

/** Risk 0 to 100, to one decimal. */
export function riskScore(risk: RiskState, logTime: EpochMs): number {
  return risk.length === 0 ? 0 : readRisk(risk, logTime).risk;
}

/**
 * Findings of one detector or of one chain tell the same thing several times: of those, the
 * strongest counts in full, the next half, then a quarter, so that together they add no more than
 * about twice the strongest. Within a family the marks combine as independent evidence (noisy or,
 * Pearl 1988, section 4.3.2) up to the family's maximum, then the families in the same way.
 */
export function readRisk(risk: RiskState, logTime: EpochMs): RiskReading {
  let calm = 1;
  let sum = 0;
  const pools: { readonly weight: number; readonly marks: readonly Weighed[] }[] = [];
  for (const pool of POOLS) {
    const marks = weighed(risk, pool, logTime);
    if (marks.length === 0) continue;
    let left = 1;
    for (const { value, share } of marks) left *= 1 - (value * share) / 100;
    const weight = Math.min(POOL_MAX[pool], 100 * (1 - left));
    calm *= 1 - weight / 100;
    sum += weight;
    pools.push({ weight, marks });
  }
  const total = 100 * (1 - calm);
  const parts = pools.flatMap(({ weight, marks }) =>
    partsOf(marks, sum === 0 ? 0 : (total * weight) / sum),
  );
  parts.sort((a, b) => b.points - a.points || compareText(a.finding, b.finding));
  return { risk: tenth(total), parts };
}

interface Weighed {
  readonly mark: RiskMark;
  readonly value: number;
  readonly share: number;
}

function weighed(risk: RiskState, pool: Pool, logTime: EpochMs): readonly Weighed[] {
  const values = risk
    .filter((mark) => !mark.dismissed && (mark.vouched ? mark.family : 'unvouched') === pool)
    .map((mark) => ({ mark, value: decayed(mark, logTime) }))
    .sort((a, b) => b.value - a.value || compareText(a.mark.finding, b.mark.finding));
  const seen = new Map<string, number>();
  return values.map(({ mark, value }) => {
    const keys = [`detector ${mark.detector}`, `chain ${mark.chain}`];
    const rank = Math.max(...keys.map((key) => seen.get(key) ?? 0));
    for (const key of keys) seen.set(key, (seen.get(key) ?? 0) + 1);
    return { mark, value, share: 2 ** -rank };
  });
}

/** The points of a family, divided by what its marks weigh. */
function partsOf(marks: readonly Weighed[], points: number): readonly RiskPart[] {
  let whole = 0;
  for (const { value, share } of marks) whole += value * share;
  return marks.map(({ mark, value, share }) => ({
    finding: mark.finding,
    detector: mark.detector,
    family: mark.family,
    points: whole === 0 ? 0 : tenth((points * value * share) / whole),
    value: tenth(value),
    score: mark.value,
    since: mark.since,
    at: mark.at,
    halfLifeMs: HALF_LIFE_MS[mark.family],
    share,
  }));
}

/** Parts named in the sentence; the others are counted. */
const NAMED_PARTS = 3;

/** The reading in one or two sentences, the same whoever asks at that log time. */
export function explainRisk({ risk, parts }: RiskReading): string {
  const felt = parts.filter(({ points }) => points > 0);
  if (felt.length === 0) return 'Nothing that was found raises the risk of this agent.';
  const named = felt
    .slice(0, NAMED_PARTS)
    .map(
      ({ points, detector, finding, halfLifeMs }) =>
        `${oneDecimal(points)} from ${detector} (finding ${finding}, ` +
        `half of it gone after ${halfLifeMs / HOUR_MS} h)`,
    );
  const rest = felt.slice(NAMED_PARTS);
  if (rest.length > 0) {
    const points = rest.reduce((sum, part) => sum + part.points, 0);
    named.push(`${oneDecimal(points)} from ${rest.length} more`);
  }
  const repeats = felt.some(({ share }) => share < 1)
    ? ' Findings of one detector or of one request tell the same thing and count less.'
    : '';
  return `Risk ${oneDecimal(risk)} of 100: ${named.join(', ')}.${repeats}`;
}

function shortHash(text: string): string {
  const { high, low } = hashOf(text);
  return high.toString(36) + low.toString(36);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
