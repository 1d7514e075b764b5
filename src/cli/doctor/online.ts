import { randomBytes } from 'node:crypto';
import type { ChainBody, IngestStatusBody, StatusBody } from '../../api/contract.ts';
import { WALL_CLOCK } from '../../runtime/wall-clock.ts';
import { callDaemon, type ServerOptions } from '../daemon-client.ts';
import { CliError, EXIT } from '../output.ts';
import { type Check, failed, sound, warning } from './check.ts';

const SKEW_MS = 2_000;
const SKEW_FATAL_MS = 60_000;
const PROBE_MS = 10_000;
const PROBE_EVERY_MS = 100;

/** What a running daemon says of itself, and of who sends to it. */
export async function daemonChecks(options: ServerOptions): Promise<readonly Check[]> {
  const ready = await readiness(options.server);
  if (ready.some(({ status }) => status === 'failed')) return ready;
  try {
    const status = await callDaemon<StatusBody>(options, 'GET', '/v1/status');
    const ingest = await callDaemon<IngestStatusBody>(options, 'GET', '/v1/ingest/status');
    return [...ready, storeCheck(status), ...ingestChecks(ingest)];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const why = 'Without a token of the role viewer or operator nothing more can be seen.';
    const cure = 'Pass --token, set TRIPCOIL_TOKEN, or name the --data-directory of the daemon.';
    return [...ready, failed('token', error.message, why, cure)];
  }
}

async function readiness(server: string): Promise<readonly Check[]> {
  try {
    const before = WALL_CLOCK.now();
    const answer = await fetch(new URL('/readyz', server));
    const { ready, reasons } = (await answer.json()) as { ready: boolean; reasons: string[] };
    const skew = clockSkew(answer.headers.get('date'), (before + WALL_CLOCK.now()) / 2);
    if (ready) return [sound('daemon', `${server} is ready`), skew];
    const what = `${server} is not ready: ${reasons.join(', ')}`;
    const cure = 'Its log says since when; for the ledger look at free space and permissions.';
    return [failed('daemon', what, 'Senders are refused until it is.', cure), skew];
  } catch {
    const cure = 'Start it with tripcoil serve, or pass its address by --server.';
    return [failed('daemon', `no daemon answers at ${server}`, 'Nothing can be received.', cure)];
  }
}

/** `Date` has whole seconds, so that a second apart is none. */
export function clockSkew(date: string | null, hereMs: number): Check {
  const skewMs = Math.abs(Date.parse(date ?? '') + 500 - hereMs);
  if (Number.isNaN(skewMs)) return sound('clock', 'the daemon sends no date');
  if (skewMs <= SKEW_MS) return sound('clock', 'agrees with the daemon');
  const what = `${Math.round(skewMs / 1_000)} s apart from the daemon`;
  const why = 'Events more than 15 minutes ahead are refused, and lag is measured wrongly.';
  const cure = 'Synchronise both machines: timedatectl set-ntp true';
  return (skewMs <= SKEW_FATAL_MS ? warning : failed)('clock', what, why, cure);
}

function storeCheck({ store }: StatusBody): Check {
  if (store.healthy) return sound('store', `${store.kind} answers`);
  const why = 'Findings and chains cannot be searched; trips and revocations go on.';
  return warning('store', `${store.kind} is down`, why, 'It is restarted by itself; see the log.');
}

/** Sources, refusals and what could not be attributed. */
export function ingestChecks(status: IngestStatusBody): readonly Check[] {
  return [...queueChecks(status), ...sourceChecks(status), ...intakeChecks(status)];
}

function queueChecks({ queue, turned_away: away, kafka }: IngestStatusBody): readonly Check[] {
  const checks: Check[] = [];
  if (queue.state === 'refusing' || queue.state === 'unwritable') {
    const why = 'Senders are refused; most come again, some lose what they have.';
    const cure = 'Look at free space and at tripcoil_ledger_commit_seconds; slow the senders down.';
    checks.push(failed('queue', `the queue is ${queue.state}`, why, cure));
  }
  for (const { format, code, count } of away) {
    if (code === 'overloaded') continue;
    const refused = `${count === 1 ? 'was' : 'were'} refused whole: ${code}`;
    const what = `${counted(count, 'request')} to ${format} ${refused}`;
    const cure =
      code === 'unauthenticated' || code === 'forbidden'
        ? 'Give the sender a token of the role ingest: authorization=Bearer …, see tokens.'
        : 'docs/errors.md explains the code; the log at level debug has each request.';
    checks.push(warning(`requests ${format}`, what, 'Nothing in them was looked at.', cure));
  }
  for (const { name, topic, state } of kafka) {
    if (state === 'reading' || state === 'paused') continue;
    const cure = 'Check brokers, credential and topic of this source; docs/kafka.md.';
    const what = `topic ${topic} is not being read: ${state}`;
    checks.push(failed(`kafka ${name}`, what, 'Its agents are not seen.', cure));
  }
  return checks;
}

function sourceChecks({ sources }: IngestStatusBody): readonly Check[] {
  if (sources.length === 0) {
    const cure = 'Send one marked span with tripcoil doctor --probe, then point a sender here.';
    const why = 'Silence is not calm: no agent can be judged.';
    return [warning('sources', 'no event has ever arrived', why, cure)];
  }
  const checks: Check[] = [];
  for (const { tenant, id, state, last_seen: lastSeen, sequence } of sources) {
    const check = `source ${tenant}/${id}`;
    if (state === 'silent') {
      const why = 'Until it is back, nothing its agents do is seen.';
      const cure = 'Look at the sender, its token and the way between; it ends by itself.';
      checks.push(warning(check, `silent since ${lastSeen}`, why, cure));
    }
    const told = sequence?.gaps.filter((gap) => gap.told) ?? [];
    if (told.length === 0) continue;
    const which = told.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
    const why = 'They were lost on the way or withheld; detectors did not see them.';
    const cure = 'Send them again, or give each counter its own source.name.';
    checks.push(warning(check, `numbers never arrived: ${which.join(', ')}`, why, cure));
  }
  if (checks.length > 0) return checks;
  return [sound('sources', `${sources.length} known, none silent, none with a gap`)];
}

function intakeChecks({ intakes }: IngestStatusBody): readonly Check[] {
  const checks: Check[] = [];
  for (const { credential, format, rejected, examples, unattributed } of intakes) {
    const check = `${credential} by ${format}`;
    for (const { missing, count, fix, fix_in: place } of unattributed) {
      if (missing === 'action') continue;
      const what = `${counted(count, 'record')} ${count === 1 ? 'names' : 'name'} no ${missing}`;
      const why = 'They are refused, or judged with less than could be known.';
      checks.push(warning(check, what, why, `In the ${place}:\n${fix}`));
    }
    const cured = new Set(unattributed.map(({ missing }) => missing));
    for (const [code, count] of Object.entries(rejected)) {
      const known = examples.filter((one) => one.code === code);
      const others = known.filter((one) => !isCured(one, cured));
      const isAllCured = known.length > 0 || (code === 'missing_field' && cured.size > 0);
      if (others.length === 0 && isAllCured) continue;
      const places = [...new Set(others.map(({ path }) => path))].filter((path) => path !== '');
      const such = places.length === 0 ? '' : `, such as at ${places.join(', ')}`;
      const what = `${counted(count, 'record')} refused: ${code}${such}`;
      const messages = [...new Set(others.map(({ message }) => message)), 'docs/errors.md'];
      const cure = messages.join('; ');
      checks.push(warning(check, what, 'What is refused is judged by no detector.', cure));
    }
  }
  return checks;
}

type Example = IngestStatusBody['intakes'][number]['examples'][number];

/** Whether the lines that name an agent or a tenant mend this one too. */
function isCured({ code, path }: Example, cured: ReadonlySet<string>): boolean {
  if (code !== 'missing_field') return false;
  if (path === 'tenant') return cured.has('tenant');
  return cured.has('agent') && path.endsWith('.attributes.gen_ai.agent.id');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Sends one marked span with an ingest token and waits until the store shows it. */
export async function probe(
  options: ServerOptions,
  ingestToken: string | null,
): Promise<readonly Check[]> {
  if (ingestToken === null) {
    const cure = 'Pass --ingest-token, set TRIPCOIL_INGEST_TOKEN, or name the --data-directory.';
    return [failed('probe', 'no token that may send', 'A probe is an event like any other.', cure)];
  }
  const traceId = randomBytes(16).toString('hex');
  const startMs = WALL_CLOCK.monotonicMs();
  const sent = await fetch(new URL('/v1/traces', options.server), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ingestToken}` },
    body: JSON.stringify(probeSpan(traceId, WALL_CLOCK.now())),
  }).catch(() => null);
  const body = sent?.ok === true ? ((await sent.json()) as { partialSuccess?: object }) : null;
  if (body === null || body.partialSuccess !== undefined) {
    const what = `the span was not taken: ${sent === null ? 'no answer' : `HTTP ${sent.status}`}`;
    const cure = 'Without --probe, doctor says what else is wrong; 401 and 403 are the token.';
    return [failed('probe', what, 'Real spans fare the same.', cure)];
  }
  const durableMs = Math.round(WALL_CLOCK.monotonicMs() - startMs);
  while (WALL_CLOCK.monotonicMs() - startMs < PROBE_MS) {
    if (await isStored(options, traceId)) {
      const storedMs = Math.round(WALL_CLOCK.monotonicMs() - startMs);
      const times = `durable after ${durableMs} ms, stored after ${storedMs} ms`;
      return [sound('probe', `span of trace ${traceId}: ${times}`)];
    }
    await WALL_CLOCK.sleep(PROBE_EVERY_MS);
  }
  const what = `trace ${traceId} is durable but was not stored within ${PROBE_MS / 1_000} s`;
  const cure = 'Look at the store: tripcoil_store_up and tripcoil_store_projection_lag_entries.';
  return [warning('probe', what, 'Search is behind; breakers are not.', cure)];
}

async function isStored(options: ServerOptions, traceId: string): Promise<boolean> {
  try {
    const chain = await callDaemon<ChainBody>(options, 'GET', `/v1/chains/${traceId}`);
    return chain.steps.length > 0;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return false;
    throw error;
  }
}

function probeSpan(traceId: string, nowMs: number) {
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    ...{ traceId, spanId: traceId.slice(16), name: 'execute_tool tripcoil_probe', kind: 1 },
    startTimeUnixNano: `${nowMs}000000`,
    endTimeUnixNano: `${nowMs}000000`,
    attributes: [
      text('gen_ai.operation.name', 'execute_tool'),
      text('gen_ai.tool.name', 'tripcoil_probe'),
      text('tripcoil.action.op', 'read'),
      text('gen_ai.agent.id', 'tripcoil-probe'),
    ],
  };
  const resource = { attributes: [text('service.name', 'tripcoil-doctor')] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}
