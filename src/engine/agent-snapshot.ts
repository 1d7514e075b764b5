import { LIMITS } from '../core/limits.ts';
import type { BaselineState } from './baseline/baseline.ts';
import { restoreBaseline } from './baseline/baseline.ts';
import { flatHistory, historyOfFlat } from './baseline/flat-history.ts';
import type { NotJudged } from './detect/detector.ts';
import { DetectorMemory, type DetectorPlaces } from './detector-memory.ts';
import { packState, unpackState } from './packed-state.ts';
import { type PracticeSnapshot, restorePractice, snapshotPractice } from './practice/practice.ts';
import type { SessionNote } from './practice/session-note.ts';
import type { RiskMark } from './risk.ts';
import type { AgentState, OpenFinding } from './tenant-state.ts';

/** An agent's state as a snapshot holds it: plain JSON, packed. Only `unpackAgent` reads it. */
export type PackedAgent = { readonly packed: unknown };

type Plain = Omit<
  AgentState,
  'baseline' | 'practice' | 'openFindings' | 'persisting' | 'risk' | 'grant' | 'memory'
> & {
  readonly detectors: Readonly<Record<string, unknown>>;
  readonly coverage: Readonly<Record<string, NotJudged | null>>;
  readonly baseline: Omit<BaselineState, 'measures'> & {
    readonly measures: Readonly<Record<string, unknown>>;
  };
  readonly practice: Omit<PracticeSnapshot, 'notes'> & { readonly notes: readonly number[] };
  readonly openFindings: OpenColumns;
  readonly risk: readonly RiskRow[];
  readonly persisting: readonly (readonly [string, { since: number; lastAt: number }])[];
};

/** In one order, whether the agent was restored or not: equal states give equal chunks. */
export function packAgent(agent: AgentState): PackedAgent {
  const { baseline, practice, openFindings, persisting, memory, risk, ...others } = agent;
  const { grant: _resolved, ...rest } = others;
  const known = snapshotPractice(practice);
  const plain: Plain = {
    ...rest,
    detectors: memory.states,
    coverage: memory.coverage,
    baseline: { ...baseline, measures: flatMeasures(baseline) },
    practice: { ...known, notes: known.notes.flatMap(numbersOfNote) },
    openFindings: columnsOf(openFindings),
    risk: risk.map(rowOf),
    persisting: [...persisting],
  };
  return { packed: packState(plain) };
}

/** @throws TripcoilError `conflict` when its baseline is of another version. */
export function unpackAgent({ packed }: PackedAgent, places: DetectorPlaces): AgentState {
  const plain = unpackState(packed) as Plain;
  const { practice, openFindings, persisting, detectors, coverage, risk, ...rest } = plain;
  const measures = historiesOf(rest.baseline.measures);
  return {
    ...rest,
    memory: new DetectorMemory(places).restore(detectors, coverage),
    baseline: restoreBaseline({ ...rest.baseline, measures }),
    practice: restorePractice(LIMITS.practiceSlotsPerAgent, {
      ...practice,
      notes: notesOf(practice.notes),
    }),
    openFindings: findingsOf(openFindings),
    risk: risk.map(markOf),
    persisting: new Map(persisting),
    grant: undefined,
  };
}

/** A history is its numbers alone, since the names of some thirty of them are a quarter of it. */
function flatMeasures({ measures }: BaselineState): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [measure, history] of Object.entries(measures)) {
    flat[measure] = flatHistory(history) ?? history;
  }
  return flat;
}

function historiesOf(flat: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const measures: Record<string, unknown> = {};
  for (const [measure, history] of Object.entries(flat)) {
    measures[measure] = Array.isArray(history) ? historyOfFlat(history) : history;
  }
  return measures;
}

/** A note as numbers: its hashes, what is known, and its words with their count before them. */
function numbersOfNote({ session, task, isKnown, words, taught }: SessionNote): number[] {
  const named = task === null ? [0, 0, 0] : [1, task.high, task.low];
  const { high, low } = session;
  return [high, low, ...named, isKnown ? 1 : 0, taught, words.length, ...words];
}

const NOTE_NUMBERS = 8;

function notesOf(numbers: readonly number[]): SessionNote[] {
  const notes: SessionNote[] = [];
  for (let at = 0; at + NOTE_NUMBERS <= numbers.length; ) {
    const behind = at + NOTE_NUMBERS;
    const [high = 0, low = 0, named = 0, ...more] = numbers.slice(at, behind);
    const [taskHigh = 0, taskLow = 0, isKnown = 0, taught = 0, count = 0] = more;
    const task = named === 1 ? { high: taskHigh, low: taskLow } : null;
    const words = numbers.slice(behind, behind + count);
    notes.push({ session: { high, low }, task, isKnown: isKnown === 1, words, taught });
    at = behind + count;
  }
  return notes;
}

/** Open findings by column: their keys, until when they are open, and twice the level. */
interface OpenColumns {
  readonly keys: readonly number[];
  readonly until: readonly number[];
  /** One more where somebody but the agent told of it. */
  readonly levels: readonly number[];
}

function columnsOf(open: ReadonlyMap<number, OpenFinding>): OpenColumns {
  const told = [...open.values()];
  return {
    keys: [...open.keys()],
    until: told.map(({ until }) => until),
    levels: told.map(({ level, vouched }) => 2 * level + (vouched ? 1 : 0)),
  };
}

function findingsOf({ keys, until, levels }: OpenColumns): Map<number, OpenFinding> {
  return new Map(
    keys.map((key, at) => {
      const told = levels[at] ?? 0;
      return [key, { until: until[at] ?? 0, level: told >> 1, vouched: (told & 1) === 1 }];
    }),
  );
}

type RiskRow = readonly [
  detector: string,
  family: RiskMark['family'],
  finding: string,
  group: string,
  chain: string,
  ...numbers: [value: number, since: number, at: number, vouched: 0 | 1, dismissed: 0 | 1],
];

function rowOf(mark: RiskMark): RiskRow {
  const { detector, family, finding, group, chain, value, since, at } = mark;
  const flags = [mark.vouched ? 1 : 0, mark.dismissed ? 1 : 0] as const;
  return [detector, family, finding, group, chain, value, since, at, ...flags];
}

function markOf(row: RiskRow): RiskMark {
  const [detector, family, finding, group, chain, value, since, at, vouched, dismissed] = row;
  const flags = { vouched: vouched === 1, dismissed: dismissed === 1 };
  return { detector, family, finding, group, chain, value, since, at, ...flags };
}
