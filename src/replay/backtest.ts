import type { ReadRule } from '../config/rules.ts';
import type { LogEntry, TenantConfig } from '../core/entry.ts';
import type { FeedbackVerdict } from '../core/feedback.ts';
import { LIMITS } from '../core/limits.ts';
import type { Rule } from '../core/rule.ts';
import type { NotJudged } from '../engine/detect/detector.ts';

/** A finding of a detector under test: with the candidate, as it was, or both. */
export interface BacktestFinding {
  readonly time: string;
  readonly tenant: string;
  readonly agent: string;
  readonly event_id: string;
  readonly detector: string;
  readonly level: string;
  readonly title: string;
  readonly when: 'now' | 'before' | 'both';
  /** What a person said of the recorded finding. */
  readonly verdict: FeedbackVerdict | null;
}

/** How much of the data a detector under test could judge: no data is not calm. */
export interface BacktestCoverage {
  readonly detector: string;
  /** Events of its kinds. */
  readonly events: number;
  readonly judged: number;
  /** Events it was blind for, by the field that was missing. */
  readonly blind: Readonly<Record<string, number>>;
  readonly now: number;
  readonly before: number;
  /** Of what fires now and was judged by people, the share that was not false. */
  readonly precision: number | null;
  /** Events that people said were missed, and how many of them fire now. */
  readonly missed: number;
  readonly caught: number;
}

export interface Backtest {
  readonly events: number;
  readonly coverage: readonly BacktestCoverage[];
  readonly findings: readonly BacktestFinding[];
  /** Findings beyond the limit, counted and not listed. */
  readonly unlisted: number;
}

/** What is put to the test: new rules, and detectors of the build or the configuration. */
export interface Candidates {
  readonly rules: readonly ReadRule[];
  readonly detectors: readonly string[];
}

export function candidateIds({ rules, detectors }: Candidates): ReadonlySet<string> {
  return new Set([...rules.map(({ rule }) => rule.id), ...detectors]);
}

/** A finding without what differs between two runs of the same log. */
type Seen = Omit<BacktestFinding, 'when' | 'verdict'>;

/** Gathers both sides of the comparison, and what the detectors were asked. */
export class BacktestRecord {
  readonly #ids: ReadonlySet<string>;
  readonly #now = new Map<string, Seen>();
  readonly #before = new Map<string, Seen>();
  readonly #verdicts = new Map<string, FeedbackVerdict>();
  readonly #missed = new Set<string>();
  readonly #asked = new Map<string, { events: number; blind: Map<string, number> }>();
  events = 0;

  constructor(candidates: Candidates) {
    this.#ids = candidateIds(candidates);
    for (const id of this.#ids) this.#asked.set(id, { events: 0, blind: new Map() });
  }

  /** Told of every answer of every detector. */
  watch = (detector: string, blind: NotJudged | null): void => {
    const asked = this.#asked.get(detector);
    if (asked === undefined) return;
    asked.events += 1;
    if (blind === null) return;
    const known = asked.blind.get(blind.field);
    if (known !== undefined || asked.blind.size < LIMITS.ruleNodes) {
      asked.blind.set(blind.field, (known ?? 0) + 1);
    }
  };

  add(side: 'now' | 'before', finding: Seen): void {
    if (!this.#ids.has(finding.detector)) return;
    (side === 'now' ? this.#now : this.#before).set(placeOf(finding), finding);
  }

  feedback(of: Pick<Seen, 'tenant' | 'event_id' | 'detector'>, verdict: FeedbackVerdict): void {
    if (!this.#ids.has(of.detector)) return;
    if (verdict === 'missed') this.#missed.add(placeOf(of));
    else this.#verdicts.set(placeOf(of), verdict);
  }

  result(): Backtest {
    const all = new Map([...this.#before, ...this.#now]);
    const findings = [...all].map(([place, finding]): BacktestFinding => {
      const when = !this.#before.has(place) ? 'now' : this.#now.has(place) ? 'both' : 'before';
      return { ...finding, when, verdict: this.#verdicts.get(place) ?? null };
    });
    findings.sort((a, b) => compare(a.time, b.time) || compare(placeOf(a), placeOf(b)));
    const listed = findings.slice(0, LIMITS.backtestFindings);
    return {
      events: this.events,
      coverage: [...this.#asked].map(([detector, asked]) => this.#coverage(detector, asked)),
      findings: listed,
      unlisted: findings.length - listed.length,
    };
  }

  #coverage(
    detector: string,
    { events, blind }: { readonly events: number; readonly blind: ReadonlyMap<string, number> },
  ): BacktestCoverage {
    const own = (side: ReadonlyMap<string, Seen>): readonly string[] =>
      [...side].flatMap(([place, finding]) => (finding.detector === detector ? [place] : []));
    const now = own(this.#now);
    const verdicts = now.flatMap((place) => this.#verdicts.get(place) ?? []);
    const wrong = verdicts.filter((verdict) => verdict === 'false').length;
    const missed = [...this.#missed].filter((place) => place.endsWith(`\n${detector}`));
    let lost = 0;
    for (const count of blind.values()) lost += count;
    return {
      detector,
      events,
      judged: events - lost,
      blind: Object.fromEntries([...blind].sort((a, b) => b[1] - a[1] || compare(a[0], b[0]))),
      now: now.length,
      before: own(this.#before).length,
      precision: verdicts.length === 0 ? null : (verdicts.length - wrong) / verdicts.length,
      missed: missed.length,
      caught: missed.filter((place) => this.#now.has(place)).length,
    };
  }
}

/** The configuration with the candidates in it, listening whatever their mode is today. */
export function withCandidates(
  config: TenantConfig,
  { rules, detectors }: Candidates,
  presented: (rule: Rule) => Rule = (rule) => rule,
): TenantConfig {
  const ids = candidateIds({ rules, detectors });
  const heard = [...ids].map((id) => {
    const { agents: _agents, ...setting } = config.detectors[id] ?? {};
    return [id, { ...setting, mode: 'alert' as const }] as const;
  });
  const kept = (config.rules ?? []).filter(({ id }) => !rules.some(({ rule }) => rule.id === id));
  const exceptions = [...(config.exceptions ?? []), ...rules.flatMap((rule) => rule.exceptions)];
  return {
    ...config,
    detectors: { ...config.detectors, ...Object.fromEntries(heard) },
    rules: [...kept, ...rules.map(({ rule }) => presented(rule))],
    exceptions,
  };
}

/** What a recorded finding was, and what people said of it since. */
export function noteRecorded(
  record: BacktestRecord,
  entry: LogEntry,
  known: Map<string, Seen>,
): void {
  if (entry.kind === 'finding') {
    const { decision: finding } = entry.body;
    const seen = seenOf(finding);
    known.set(`${finding.tenant}\n${finding.id}`, seen);
    record.add('before', seen);
  } else if (entry.kind === 'command' && entry.body.type === 'feedback') {
    const { finding, verdict, detector } = entry.body;
    const place = { tenant: entry.tenant, event_id: finding, detector };
    const told = known.get(`${entry.tenant}\n${finding}`);
    if (verdict === 'missed') record.feedback(place, verdict);
    else if (told) record.feedback(told, verdict);
  }
}

export function seenOf(finding: {
  readonly time: number;
  readonly tenant: string;
  readonly agent: string;
  readonly eventId: string;
  readonly detector: string;
  readonly level: string;
  readonly title: string;
}): Seen {
  const { tenant, agent, eventId, detector, level, title } = finding;
  const time = new Date(finding.time).toISOString();
  return { time, tenant, agent, event_id: eventId, detector, level, title };
}

function placeOf({ tenant, event_id, detector }: Pick<Seen, 'tenant' | 'event_id' | 'detector'>) {
  return `${tenant}\n${event_id}\n${detector}`;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
