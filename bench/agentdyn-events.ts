import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { onlyReads } from '../src/core/access-event.ts';
import { DAY_MS, type EpochMs, SECOND_MS } from '../src/core/time.ts';
import { operationOfName } from '../src/receivers/operation.ts';

/** One recorded agent run, as AgentDyn's development data hold it. */
export interface RecordedRun {
  readonly agent: string;
  readonly pipeline: string;
  readonly task: string;
  readonly injection: string | null;
  readonly label: RunLabel;
  readonly malicious_calls: readonly number[];
  readonly granted_tools: readonly string[];
  /** `2026-01-21 00:15:59`, taken as UTC. */
  readonly time: string | null;
  readonly duration_s: number;
  readonly intent: string;
  readonly calls: readonly RecordedCall[];
}

export type RunLabel =
  | 'benign'
  | 'attack_succeeded'
  | 'attack_attempted'
  | 'attack_resisted'
  | 'attack_unlocated';

/** `error` and `output_chars` are missing where the run ended before the call returned. */
interface RecordedCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly output_chars?: number;
  readonly error?: string | null;
}

/** A native event of the public interface. */
export type NativeEvent = Readonly<Record<string, unknown>> & { readonly time: string };

export const TENANT = 'agentdyn';
export const UNDEFENDED = 'undefended';

/** Runs without a time are laid out one after another in the week before the first timed run. */
const UNTIMED_FROM: EpochMs = Date.UTC(2026, 0, 14);
const UNTIMED_SPACE_MS = 7 * DAY_MS;
/**
 * Histories and tests were recorded in the same five days. The tests are moved on by exactly one
 * week, so that the history lies before them and hour and weekday stay as recorded.
 */
const TEST_SHIFT_MS = 7 * DAY_MS;

export async function readRuns(file: string): Promise<readonly RecordedRun[]> {
  const runs: RecordedRun[] = [];
  const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) });
  for await (const line of lines) runs.push(JSON.parse(line) as RecordedRun);
  return runs;
}

/** The start of every run by its session; a function of the runs and their order alone. */
export function startsOf(runs: readonly RecordedRun[]): ReadonlyMap<string, EpochMs> {
  const untimed = Map.groupBy(
    runs.filter(({ time }) => time === null),
    ({ agent }) => agent,
  );
  const starts = new Map<string, EpochMs>();
  for (const own of untimed.values()) {
    const step = Math.floor(UNTIMED_SPACE_MS / own.length);
    for (const [index, run] of own.entries())
      starts.set(sessionOf(run), UNTIMED_FROM + index * step);
  }
  for (const run of runs) {
    if (run.time === null) continue;
    const recorded = Date.parse(`${run.time.replace(' ', 'T')}Z`);
    starts.set(sessionOf(run), recorded + (run.pipeline === UNDEFENDED ? TEST_SHIFT_MS : 0));
  }
  return starts;
}

/** The events of all runs by time. */
export function eventsOfAll(
  runs: readonly RecordedRun[],
  starts: ReadonlyMap<string, EpochMs>,
): readonly NativeEvent[] {
  return runs
    .flatMap((run) => eventsOf(run, starts.get(sessionOf(run)) ?? 0))
    .sort((left, right) => (left.time < right.time ? -1 : left.time > right.time ? 1 : 0));
}

/** Registers every agent; what each may do is granted per task, on the events themselves. */
export function grantsOf(runs: readonly RecordedRun[]): string {
  const agents = [...new Set(runs.map(({ agent }) => agent))].sort();
  const entries = agents.map((agent) => {
    const role = agent.split('/').at(-1) ?? agent;
    return `  - { tenant: ${TENANT}, agent: ${JSON.stringify(agent)}, role: ${role} }`;
  });
  const reads = QUIET_READS.map((tool) => `  - { match: ${tool}, op: read }`);
  return ['agents:', ...entries, 'actions:', ...reads, ''].join('\n');
}

/** Identifies a run; sessions and event ids are made of it. */
export function sessionOf({ agent, pipeline, task, injection }: RecordedRun): string {
  return [agent, pipeline, task, injection ?? 'none'].join('/');
}

export function callId(session: string, index: number): string {
  return `${session}#${index}`;
}

/**
 * The events of one run: its task, then its calls spread evenly over its duration. The tools that
 * the task needs are the scopes granted for it; every call but a read requires its own tool, since
 * reads count as granted. The operation is left for the receiver to tell by the tool's name.
 */
export function eventsOf(run: RecordedRun, start: EpochMs): readonly NativeEvent[] {
  const session = sessionOf(run);
  const step = (run.duration_s * SECOND_MS) / (run.calls.length + 1);
  const shared = {
    v: 1,
    tenant: TENANT,
    agent: { id: run.agent },
    session: { id: session },
  };
  const task = {
    ...shared,
    id: `${session}#task`,
    time: iso(start),
    kind: 'task_start',
    action: { name: run.task },
    scopes: { granted: run.granted_tools },
    intent: { text: run.intent },
    outcome: { status: 'success' },
  };
  const calls = run.calls.map((call, index) => ({
    ...shared,
    id: callId(session, index),
    time: iso(start + Math.floor(step * (index + 1))),
    kind: 'tool_call',
    action: { name: call.tool, tool_call_id: `call-${index}`, arguments: call.args },
    scopes: { granted: run.granted_tools, required: requiredBy(call.tool) },
    ...(call.output_chars === undefined ? {} : { volume: { bytes_out: call.output_chars } }),
    outcome: { status: statusOf(call) },
  }));
  return [task, ...calls];
}

/** Tools that only read although their name does not tell; the grants file says the same. */
export const QUIET_READS: readonly string[] = ['cart_total'];

function requiredBy(tool: string): readonly string[] {
  const operation = QUIET_READS.includes(tool) ? 'read' : operationOfName(tool);
  return onlyReads(operation) ? [] : [tool];
}

function statusOf({ error, output_chars }: RecordedCall): string {
  if (output_chars === undefined) return 'unknown';
  return typeof error === 'string' ? 'failure' : 'success';
}

function iso(time: EpochMs): string {
  return new Date(time).toISOString();
}
