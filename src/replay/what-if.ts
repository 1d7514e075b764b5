import { breakerKeyText } from '../core/breaker.ts';
import { type Effect, type LogEntry, OWN_FORMAT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { type BacktestFinding, seenOf } from './backtest.ts';
import type { LedgerFollower } from './ledger-fold.ts';

/** How often a detector fires in a tenant: as recorded, and with the other configuration. */
export interface WhatIfRow {
  readonly tenant: string;
  readonly detector: string;
  readonly before: number;
  readonly now: number;
  readonly more: number;
  readonly less: number;
}

/** A breaker that opens in one of both, or in both. */
export interface WhatIfTrip {
  readonly time: string;
  readonly key: string;
  readonly level: number;
  readonly reason: string;
  readonly when: 'now' | 'before' | 'both';
}

export interface WhatIf {
  readonly events: number;
  readonly detectors: readonly WhatIfRow[];
  /** What fires in one of both alone; `LIMITS.backtestFindings` at most. */
  readonly findings: readonly Omit<BacktestFinding, 'verdict'>[];
  readonly trips: readonly WhatIfTrip[];
  readonly unlisted: number;
}

type Seen = ReturnType<typeof seenOf>;
type Trip = Omit<WhatIfTrip, 'when'>;

/** Holds what was recorded against what another configuration makes of the same log. */
export class WhatIfComparison implements LedgerFollower {
  readonly #findings = new BothSides<Seen>();
  readonly #trips = new BothSides<Trip>();
  #events = 0;

  onEntry(entry: LogEntry): void {
    if (entry.kind === 'input' && entry.body.source.format !== OWN_FORMAT) this.#events += 1;
    if (entry.kind === 'finding') this.#note('before', { ...entry, ...entry.body });
    if (entry.kind === 'transition') this.#note('before', { ...entry, ...entry.body });
  }

  onEffect(effect: Effect): void {
    this.#note('now', effect);
  }

  result(): WhatIf {
    const findings = this.#findings.all();
    const changed = findings.filter(({ when }) => when !== 'both');
    const trips = this.#trips.all();
    const listed = changed.slice(0, LIMITS.backtestFindings);
    const shown = trips.slice(0, LIMITS.backtestFindings);
    const unlisted = changed.length - listed.length + trips.length - shown.length;
    const detectors = rowsOf(findings);
    return { events: this.#events, detectors, findings: listed, trips: shown, unlisted };
  }

  #note(side: Side, effect: Pick<Effect, 'kind' | 'decision'>): void {
    if (effect.kind === 'finding') {
      const seen = seenOf(effect.decision as Parameters<typeof seenOf>[0]);
      this.#findings.add(side, `${seen.tenant}\n${seen.event_id}\n${seen.detector}`, seen);
    } else if (effect.kind === 'transition') {
      const { decision } = effect as Extract<Effect, { kind: 'transition' }>;
      if (decision.to !== 'open') return;
      const { level, reason, time, eventId } = decision;
      const key = breakerKeyText(decision.key);
      const trip = { time: new Date(time).toISOString(), key, level, reason };
      this.#trips.add(side, `${key}\n${eventId}\n${level}`, trip);
    }
  }
}

type Side = 'before' | 'now';

/** Things that were, and things that would be, by what makes them the same. */
class BothSides<Thing extends { readonly time: string }> {
  readonly #things = new Map<string, { thing: Thing; when: 'now' | 'before' | 'both' }>();

  add(side: Side, place: string, thing: Thing): void {
    const known = this.#things.get(place);
    const when = known === undefined || known.when === side ? side : 'both';
    this.#things.set(place, { thing, when });
  }

  /** In order of time. */
  all(): readonly (Thing & { readonly when: 'now' | 'before' | 'both' })[] {
    return [...this.#things.values()]
      .map(({ thing, when }) => ({ ...thing, when }))
      .sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
  }
}

function rowsOf(
  findings: readonly (Seen & { readonly when: 'now' | 'before' | 'both' })[],
): readonly WhatIfRow[] {
  const groups = Map.groupBy(findings, ({ tenant, detector }) => `${tenant}\n${detector}`);
  return [...groups.values()]
    .map((group): WhatIfRow => {
      const counted = (when: string): number => group.filter((each) => each.when === when).length;
      const [more, less, both] = [counted('now'), counted('before'), counted('both')];
      const { tenant = '', detector = '' } = group[0] ?? {};
      return { tenant, detector, before: less + both, now: more + both, more, less };
    })
    .sort((a, b) => b.more + b.less - (a.more + a.less) || (a.detector < b.detector ? -1 : 1));
}
