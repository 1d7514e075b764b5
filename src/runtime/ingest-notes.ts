import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import { NO_ACTOR, type Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Principal } from '../ports/ingest.ts';
import type { IngestNotes, Overlooked } from '../ports/ingest-notes.ts';
import type { IntakeView, Seen, Unattributed } from '../ports/ingest-status.ts';
import type { Metrics } from '../ports/metrics.ts';
import { candidatesIn, cureOf, isCandidate } from './attribution-cure.ts';

type Missing = Unattributed['missing'];

interface Intake {
  readonly sender: Principal;
  readonly format: string;
  accepted: number;
  ignored: number;
  lastAt: EpochMs | null;
  readonly rejected: Map<string, number>;
  examples: IntakeView['examples'];
  readonly unknown: Map<string, number>;
  readonly unattributed: Map<Missing, { count: number; readonly candidates: Map<string, number> }>;
}

export interface IngestNotesOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Whether the name of an attribute is one that the receiver of this format reads. */
  readonly isKnown?: (format: string, key: string) => boolean;
  /** Whether a text would be redacted. */
  readonly isPersonal?: (text: string) => boolean;
}

/**
 * Keeps what receivers tell, by credential and receiver, for people. In memory and bounded; of
 * accepted events a few per batch are looked at, so that a full stream costs next to nothing.
 */
export class NotesOfIngest implements IngestNotes {
  readonly #options: IngestNotesOptions;
  readonly #intakes = new Map<string, Intake>();
  readonly #turnedAway = new Map<string, { format: string; code: string; count: number }>();

  constructor(options: IngestNotesOptions) {
    this.#options = options;
  }

  turnedAway(format: string, code: string): void {
    const key = `${format}\n${code}`;
    const known = this.#turnedAway.get(key);
    if (known) known.count += 1;
    else if (this.#turnedAway.size < LIMITS.notedIntakes) {
      this.#turnedAway.set(key, { format, code, count: 1 });
    }
  }

  refused(
    sender: Principal,
    format: string,
    rejects: readonly Reject[],
    shapeOf: (reject: Reject) => string | null = () => null,
  ): void {
    const intake = this.#intake(sender, format);
    if (intake === null) return;
    intake.lastAt = this.#options.clock.now();
    for (const reject of rejects) {
      const { code, path } = reject;
      intake.rejected.set(code, (intake.rejected.get(code) ?? 0) + 1);
      if (code === 'missing_field' && path === 'tenant') this.#lacks(intake, 'tenant', 1);
      if (lacksAgent(reject)) this.#lacks(intake, 'agent', 1);
    }
    for (const reject of rejects.slice(0, LIMITS.notedExamples)) {
      const shape = shapeOf(reject);
      this.#example(intake, reject, shape);
      if (reject.message !== NO_ACTOR || shape === null) continue;
      for (const key of candidatesIn(shape, 'agent')) this.#candidate(intake, 'agent', key);
    }
  }

  ignored(sender: Principal, format: string, count: number, samples: readonly Overlooked[]): void {
    if (count === 0 && samples.length === 0) return;
    const intake = this.#intake(sender, format);
    if (intake === null) return;
    intake.ignored += count;
    intake.lastAt = this.#options.clock.now();
    if (count > 0) this.#lacks(intake, 'action', count);
    for (const { why, keys } of samples) {
      const missing = MISSING[why];
      for (const key of keys.slice(0, LIMITS.notedKeysPerRecord)) {
        if (this.#isKnown(format, key)) continue;
        this.#seen(intake.unknown, key);
        if (isCandidate(missing, key)) this.#candidate(intake, missing, key);
      }
    }
  }

  /** A batch has one sender and nearly always one format; the first event speaks for it. */
  accepted(sender: Principal, events: readonly Redacted<AccessEvent>[]): void {
    const [first] = events;
    if (first === undefined) return;
    const intake = this.#intake(sender, first.source.format);
    if (intake === null) return;
    intake.accepted += events.length;
    intake.lastAt = this.#options.clock.now();
    for (const event of events) {
      if (event.action.op !== 'unknown' || event.kind !== 'tool_call') continue;
      this.#lacks(intake, 'operation', 1);
      this.#candidate(intake, 'operation', event.action.name);
    }
    for (const event of events.slice(0, LIMITS.notedRecordsPerBatch)) this.#look(intake, event);
  }

  /** Of credentials whose tenants are all among `tenants`. */
  views(tenants: readonly string[] | '*'): readonly IntakeView[] {
    const all = [...this.#intakes.values()];
    return all.filter(({ sender }) => coversAll(tenants, sender.tenants)).map(viewOf);
  }

  turnedAwayViews(): readonly { format: string; code: string; count: number }[] {
    return [...this.#turnedAway.values()].map((each) => ({ ...each }));
  }

  #look(intake: Intake, { attrs }: AccessEvent): void {
    let left: number = LIMITS.notedKeysPerRecord;
    for (const key in attrs) {
      left -= 1;
      if (left < 0) return;
      if (!OWN_ATTRIBUTES.test(key) && !this.#isKnown(intake.format, key)) {
        this.#seen(intake.unknown, key);
      }
    }
  }

  #lacks(intake: Intake, missing: Missing, count: number): void {
    const known = intake.unattributed.get(missing);
    if (known) known.count += count;
    else intake.unattributed.set(missing, { count, candidates: new Map() });
    // Spans of no agent are no fault; they are counted as ignored.
    if (missing === 'action') return;
    const labels = { source: intake.format, missing };
    this.#options.metrics.count('tripcoil_ingest_unattributed_total', labels, count);
  }

  #candidate(intake: Intake, missing: Missing, key: string): void {
    const known = intake.unattributed.get(missing) ?? { count: 0, candidates: new Map() };
    intake.unattributed.set(missing, known);
    this.#seen(known.candidates, key, LIMITS.notedCandidates);
  }

  #seen(seen: Map<string, number>, key: string, limit: number = LIMITS.notedKeys): void {
    const before = seen.get(key);
    if (before !== undefined) {
      seen.set(key, before + 1);
      return;
    }
    // What is shown is settled here, once per key, so that nothing else is even kept.
    const shown = this.#shown(key);
    if (seen.size < limit || seen.has(shown)) seen.set(shown, (seen.get(shown) ?? 0) + 1);
  }

  #example(intake: Intake, reject: Reject, shape: string | null): void {
    const { code, message } = reject;
    const path = this.#shownPath(reject.path);
    const at = this.#options.clock.now();
    const others = intake.examples.filter((one) => one.code !== code || one.path !== path);
    const shown = shape !== null && this.#isPersonal(shape) ? HIDDEN : shape;
    intake.examples = [{ at, code, path, message, shape: shown }, ...others].slice(
      0,
      LIMITS.notedExamples,
    );
  }

  #isKnown(format: string, key: string): boolean {
    return this.#options.isKnown?.(format, key) ?? false;
  }

  #isPersonal(text: string): boolean {
    return this.#options.isPersonal?.(text) ?? false;
  }

  /** Each step of a path by itself, be it dotted or, in audit records, a JSON pointer. */
  #shownPath(path: string): string {
    const show = (step: string): string => (INDEX.test(step) ? step : this.#shown(step));
    return path.replace(/[^./]+/g, show);
  }

  #shown(name: string): string {
    const isName = name === '' || (NAME.test(name) && name.length <= 128 && !/\d{5}/.test(name));
    return isName && !this.#isPersonal(name) ? name : HIDDEN;
  }

  #intake(sender: Principal, format: string): Intake | null {
    const key = `${sender.name}\n${format}`;
    const known = this.#intakes.get(key);
    if (known) return known;
    if (this.#intakes.size >= LIMITS.notedIntakes) return null;
    const created: Intake = {
      ...{ sender, format, accepted: 0, ignored: 0, lastAt: null },
      rejected: new Map(),
      examples: [],
      unknown: new Map(),
      unattributed: new Map(),
    };
    this.#intakes.set(key, created);
    return created;
  }
}

const MISSING: Readonly<Record<Overlooked['why'], Missing>> = {
  not_an_action: 'action',
  no_agent: 'agent',
  no_tenant: 'tenant',
};

const HIDDEN = '[hidden]';
const NAME = /^\/?[A-Za-z_$][\w$/:.~[\]-]*$/;
const INDEX = /^\d{1,4}$/;
/** What receivers add by themselves. */
const OWN_ATTRIBUTES = /^otel\.(?:scope|span)\.name$|\.size$|^attrs_dropped$|^account$/;

/** Where OTLP and native events have the agent; audit records have it anywhere. */
const NO_AGENT = /(?:\.attributes\.gen_ai\.agent\.id|^agent(?:\.id)?)$/;

function lacksAgent({ code, path, message }: Reject): boolean {
  return code === 'missing_field' && (message === NO_ACTOR || NO_AGENT.test(path));
}

function coversAll(seen: readonly string[] | '*', tenants: readonly string[] | '*'): boolean {
  if (seen === '*') return true;
  return tenants !== '*' && tenants.every((tenant) => seen.includes(tenant));
}

function viewOf(intake: Intake): IntakeView {
  const { sender, format, accepted, ignored, lastAt, rejected, examples } = intake;
  return {
    ...{ format, accepted, ignored, lastAt, examples },
    sender: sender.name,
    trust: sender.trust,
    tenants: sender.tenants,
    quarantined: rejected.get('clock_skew') ?? 0,
    rejected: Object.fromEntries(rejected),
    unknownAttributes: mostFirst(intake.unknown),
    unattributed: [...intake.unattributed].map(([missing, { count, candidates }]) => {
      const ranked = mostFirst(candidates);
      return { missing, count, candidates: ranked, ...cureOf(missing, ranked, format) };
    }),
  };
}

function mostFirst(seen: ReadonlyMap<string, number>): readonly Seen[] {
  const all = [...seen].map(([key, count]) => ({ key, count }));
  return all.sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
}
