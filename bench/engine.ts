import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { REGISTRY } from '../src/components.ts';
import type { AccessEvent } from '../src/core/access-event.ts';
import { ENGINE_VERSION, type FoldedEntry, type InputEntry } from '../src/core/entry.ts';
import { createRandom, type Random } from '../src/demo/random.ts';
import { Shard } from '../src/engine/shard.ts';
import { snapshot } from '../src/engine/snapshot.ts';
import { hostileAgent } from '../src/engine/testing/hostile-agent.ts';
import type { Principal } from '../src/ports/ingest.ts';
import type { Redactor } from '../src/ports/redactor.ts';
import { parseNativeValue } from '../src/receivers/audit/native.ts';
import { createRedactor } from '../src/redact/redactor.ts';
import { fixedKeyRing } from '../src/revocation/keys.ts';
import { attribute } from '../src/runtime/attribution.ts';
import { contentMarksOf } from '../src/runtime/entries.ts';
import { cpuSecondsSince } from './machine.ts';
import { BENCH_AGENTS, BENCH_TENANT, createZipf, nativeEvent } from './workload.ts';

/**
 * Entries made, then folded, at a time: only the folding is measured. Not many more than a batch,
 * since a process folds what it has just read, and not what left the caches seconds ago.
 */
const CHUNK_EVENTS = 2_560;
/** Half of all agents are created in them. */
const WARM_UP_CHUNKS = 8;
const BATCH_ENTRIES = 256;
/** Entries kept for the long run, and a prime by which it walks through them. */
const KEPT_ENTRIES = 32_768;
const KEPT_STEP = 7_919;
const LONG_FROM = 1_000_000;
const LONG_UNTIL = 10_000_000;
const HOSTILE_ROUNDS = 3_000;
const HOSTILE_LOOK = 100;
const MB = 1024 * 1024;
/** Events a second of log time, so that minutes close as they would in a busy tenant. */
const EVENTS_PER_LOG_S = 1_000;
const START_MS = Date.UTC(2026, 10, 16, 9);
const SENDER: Principal = {
  name: 'bench',
  roles: ['ingest'],
  tenants: [BENCH_TENANT],
  trust: 'broker',
};

/** The pure fold alone: redacted events through `Shard.apply` with the registered detectors. */
export async function engineBench({ quick }: { quick: boolean }): Promise<{
  figures: Record<string, number>;
  notes: string[];
}> {
  const maker = new EntryMaker();
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  const chunks = quick ? 64 : 160;
  const heapBefore = heapBytes();
  let cpuS = 0;
  let wallMs = 0;
  let effects = 0;
  for (let chunk = -WARM_UP_CHUNKS; chunk < chunks; chunk += 1) {
    const entries = maker.next(CHUNK_EVENTS);
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    for (let from = 0; from < entries.length; from += BATCH_ENTRIES) {
      effects += shard.apply(entries.slice(from, from + BATCH_ENTRIES)).length;
    }
    if (chunk < 0) continue;
    wallMs += performance.now() - startMs;
    cpuS += cpuSecondsSince(cpu);
  }
  const folded = chunks * CHUNK_EVENTS;
  const heapDelta = heapBytes() - heapBefore;
  const agents = shard.tenants.get(BENCH_TENANT)?.agents.size ?? 0;
  const sizes = chunkSizes(shard);
  const long = quick ? null : longRun(shard, maker);
  return {
    figures: {
      events_per_s_core: Math.round(folded / cpuS),
      state_bytes_per_agent: Math.round(sizes.agentBytes / agents),
      events_per_s_wall: Math.round((folded * 1_000) / wallMs),
      state_bytes_per_agent_max: sizes.largest,
      state_worst_bytes_per_agent: worstAgentBytes(),
      ...long,
      heap_bytes_per_agent: Math.round((heapDelta - sizes.idBytes) / agents),
      agents_seen: agents,
    },
    notes: [
      `${folded} native events of ${BENCH_AGENTS} agents by Zipf's law, ${agents} of them seen, ` +
        `${EVENTS_PER_LOG_S} a second of log time, batches of ${BATCH_ENTRIES}; ${effects} effects`,
      `${CHUNK_EVENTS} events are made, then folded, in turns`,
      'state_worst_bytes_per_agent: the largest snapshot of an agent on its way through ' +
        `${HOSTILE_ROUNDS} events with hostile names, every limit reached`,
      ...(quick
        ? ['without --quick also the memory in use after a million events and after ten']
        : [
            `memory: the live heap and its buffers after ${LONG_FROM} and ${LONG_UNTIL} events ` +
              'of the same fleet, the later ones with new ids on bodies that came before',
          ]),
      'state_bytes_per_agent is the JSON text of an agent in a snapshot; heap_bytes_per_agent is ' +
        'the growth of the live heap, less the text of the ids remembered for idempotency',
      'the fold only: no decoding, redaction, ledger or store',
    ],
  };
}

/** Whether memory stays what it is: in use after a million events, and after ten million. */
function longRun(shard: Shard, maker: EntryMaker): Record<string, number> {
  const memory: number[] = [];
  for (let kept = 0; kept < KEPT_ENTRIES; kept += BATCH_ENTRIES) {
    shard.apply(maker.kept(BATCH_ENTRIES));
  }
  for (const until of [LONG_FROM, LONG_UNTIL]) {
    while (maker.made < until) shard.apply(maker.again(BATCH_ENTRIES));
    memory.push(memoryBytes());
  }
  const [from = 0, to = 0] = memory;
  return {
    memory_mb_at_1m_events: Math.round(from / MB),
    memory_mb_at_10m_events: Math.round(to / MB),
    memory_ratio_10m_to_1m: Math.round((to / from) * 1_000) / 1_000,
  };
}

/** The largest an agent gets as a snapshot chunk that is fed hostile names, up to every limit. */
function worstAgentBytes(): number {
  const shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  let largest = 0;
  let entries = 0;
  for (const entry of hostileAgent(HOSTILE_ROUNDS)) {
    shard.apply([entry]);
    entries += 1;
    if (entries % HOSTILE_LOOK === 0) largest = Math.max(largest, chunkSizes(shard).largest);
  }
  return largest;
}

/** Makes redacted log entries as the ingest path does, by the same functions. */
class EntryMaker {
  readonly #random: Random = createRandom(23);
  readonly #agentOf = createZipf(this.#random, BENCH_AGENTS);
  readonly #redactor: Redactor = createRedactor({ keys: fixedKeyRing() });
  readonly #kept: InputEntry[] = [];
  #seq = 0;

  /** Entries so far. */
  get made(): number {
    return this.#seq;
  }

  /** As `next`, and keeps them for `again`. */
  kept(count: number): readonly FoldedEntry[] {
    const entries = Array.from({ length: count }, () => this.#entry());
    this.#kept.push(...entries);
    return entries;
  }

  /** New events of agents and with bodies that were kept: nothing is redacted again. */
  again(count: number): readonly FoldedEntry[] {
    return Array.from({ length: count }, () => this.#again());
  }

  #again(): InputEntry {
    const kept = this.#kept[(this.#seq * KEPT_STEP) % this.#kept.length] ?? this.#entry();
    this.#seq += 1;
    const seq = this.#seq;
    const loggedAt = START_MS + Math.floor((seq * 1_000) / EVENTS_PER_LOG_S);
    const { action, decision } = kept.body;
    const body: AccessEvent = {
      ...kept.body,
      ...{ id: `evt-${seq}`, time: loggedAt, action: { ...action, toolCallId: `call-evt-${seq}` } },
      ...(decision ? { decision: { ...decision, id: `d-evt-${seq}` } } : {}),
    };
    return {
      ...kept,
      ...{ seq, loggedAt },
      body: body as typeof kept.body,
      contentHash: `c-${seq}`,
    };
  }

  next(count: number): readonly FoldedEntry[] {
    return Array.from({ length: count }, () => this.#entry());
  }

  #entry(): InputEntry {
    this.#seq += 1;
    const timeMs = START_MS + Math.floor((this.#seq * 1_000) / EVENTS_PER_LOG_S);
    const sent = nativeEvent(`evt-${this.#seq}`, this.#agentOf(), timeMs, this.#random);
    const read = parseNativeValue(sent, 0);
    if ('reject' in read) throw new Error(read.reject.message);
    const event = attribute(read.event, SENDER, 0, false);
    if ('code' in event) throw new Error(event.message);
    const body = this.#redactor.redact(event);
    return {
      seq: this.#seq,
      loggedAt: timeMs,
      kind: 'input',
      tenant: BENCH_TENANT,
      engineVersion: ENGINE_VERSION,
      body,
      ...contentMarksOf(body, JSON.stringify(body)),
    };
  }
}

function chunkSizes(shard: Shard) {
  let agentBytes = 0;
  let largest = 0;
  let idBytes = 0;
  for (const chunk of snapshot(shard)) {
    const bytes = Buffer.byteLength(JSON.stringify(chunk));
    if (chunk.type === 'agent') {
      agentBytes += bytes;
      largest = Math.max(largest, bytes);
    } else idBytes += bytes;
  }
  return { agentBytes, largest, idBytes };
}

/** Heap in use after a full collection. */
function heapBytes(): number {
  collectAll();
  return process.memoryUsage().heapUsed;
}

/** The same with the buffers of typed arrays. */
function memoryBytes(): number {
  const heap = heapBytes();
  return heap + process.memoryUsage().arrayBuffers;
}

function collectAll(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}
