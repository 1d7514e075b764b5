import type { BreakerKey } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import { type FoldedEntry, SYSTEM_TENANT, type TenantConfig } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import { LIMITS } from '../core/limits.ts';
import { standingOrder, standingOrders } from '../engine/breaker/orders.ts';
import type { Shard, ShardOptions } from '../engine/shard.ts';
import type { BreakerView } from '../ports/breakers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Control } from '../ports/control.ts';
import type { Drills } from '../ports/drills.ts';
import type { EngineView } from '../ports/engine-view.ts';
import type { Identifiers } from '../ports/identifiers.ts';
import type { Ingest } from '../ports/ingest.ts';
import type { IngestStatus } from '../ports/ingest-status.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import type { SignalStreams } from '../ports/signal-streams.ts';
import type { Store } from '../ports/store.ts';
import type { TenantSeal } from '../ports/tenant-seal.ts';
import { createBreakerView } from './breaker-view.ts';
import { createControl } from './control.ts';
import { createDrills } from './drills.ts';
import { awaitingOf, createEngineView, type EngineViewOptions } from './engine-view.ts';
import { warnOfEngine } from './engine-warnings.ts';
import { TICK } from './entries.ts';
import { FeedReaders } from './feed-readers.ts';
import { createIngest, type IngestOptions } from './ingest.ts';
import { NotesOfIngest } from './ingest-notes.ts';
import { createIngestStatus } from './ingest-status.ts';
import { LateOrders } from './late-orders.ts';
import { meterDecisions } from './metering.ts';
import { Outbox } from './outbox.ts';
import { Partition } from './partition.ts';
import { createForBrokers, type ForBrokers, NO_IDENTIFIERS, plainOrder } from './plain-names.ts';
import { Projector } from './projector.ts';
import { type Recovered, recover } from './recovery.ts';
import { redactedConfig, redactedGrants } from './redacted-orders.ts';
import { Resuming } from './resuming.ts';
import { createSignalStreams } from './signal-streams.ts';
import { SlowDetectors } from './slow-detectors.ts';
import { nodeSnapshotFiles, type SnapshotFiles } from './snapshot-files.ts';
import { Snapshots } from './snapshots.ts';
import { Turns } from './turns.ts';

export interface EngineHostOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly redactor: Redactor;
  /** Resolves ids for brokers; without it they are told what is on record. */
  readonly identifiers?: Identifiers;
  readonly verifier?: NonNullable<IngestOptions['verifier']>;
  readonly receivers: readonly RevocationReceiver[];
  readonly shard: ShardOptions;
  readonly snapshotDirectory: string;
  /** Hides snapshots; anybody may read them without, in tests. */
  readonly seal?: TenantSeal;
  /** In place of `snapshotDirectory`, for tests that lose or damage snapshots. */
  readonly snapshotFiles?: SnapshotFiles;
  /** In place of `LIMITS.snapshotEveryEntries`, for the same. */
  readonly snapshotEveryEntries?: number;
  readonly software: string;
  readonly tenantConfigs: ReadonlyMap<string, TenantConfig>;
  readonly grants: ReadonlyMap<string, GrantSet>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly jitter: () => number;
  /** What receivers tell; a memory of its own unless given. */
  readonly notes?: NotesOfIngest;
  readonly forward?: NonNullable<IngestOptions['forward']>;
  /** Nothing is delivered before `startDeliveries()`: until then receivers could not verify it. */
  readonly holdDeliveries?: boolean;
}

/** One running partition: everything between the receivers and the enforcement points. */
export interface EngineHost {
  readonly ingest: Ingest;
  readonly control: Control;
  readonly breakers: BreakerView;
  /** What callers of role `broker` see and are answered: ids as they know them. */
  readonly forBrokers: ForBrokers;
  readonly view: EngineView;
  readonly ingestStatus: IngestStatus;
  readonly drills: Drills;
  /** Streams of security events, and what delivers to them. */
  readonly streams: SignalStreams;
  readonly partition: Partition;
  readonly projector: Projector;
  /** Writes a snapshot now; false where it could not. */
  snapshot(): Promise<boolean>;
  /**
   * Logs the configuration and grants that differ from what holds; they hold from then on. What is
   * no part of the log (listeners, redaction, receivers) stays as it was.
   */
  reconfigure(given: Pick<EngineHostOptions, 'tenantConfigs' | 'grants'>): Promise<number>;
  /** The newest order of every key, with ids as brokers know them. */
  standing(): Iterable<BreakerOrder>;
  /** Called with each new order once it is durable, and its key as recorded. */
  onOrder(listener: (order: BreakerOrder, key: BreakerKey) => void): void;
  /** The newest order of a recorded key, with ids as brokers know them. */
  orderOf(key: BreakerKey): BreakerOrder | null;
  /** The epoch of a recorded key now, and which enforcement points have not acknowledged it. */
  awaiting(
    key: BreakerKey,
  ): { readonly epoch: number; readonly awaiting: readonly string[] } | null;
  /** Who let the deadline of an order pass, as `watchEffect` finds out. */
  readonly late: LateOrders;
  /** Sends a key's newest order again, to those who have come to be concerned. */
  resend(key: BreakerKey): void;
  /** Delivers what is owed, and from now on what is decided; only where deliveries were held. */
  startDeliveries(): void;
  /** Stops in the order that loses nothing: take in, snapshot, stop delivering. Safe twice. */
  close(): Promise<void>;
}

async function recovered(options: Parameters<typeof recover>[0], log: Log): Promise<Recovered> {
  const result = await recover(options);
  const { replayed, completed } = result;
  if (replayed > 0 || completed.length > 0) {
    log.info('engine recovered', { entries: replayed, completed_decisions: completed.length });
  }
  if (!result.isWhole) {
    log.warn('no snapshot was usable, and older entries are gone for their age');
  }
  return result;
}

/** Recovers the engine, starts a new term and everything that follows the log. */
export async function startEngineHost(options: EngineHostOptions): Promise<EngineHost> {
  const { ledger, store, redactor, clock, log, metrics, identifiers = NO_IDENTIFIERS } = options;
  const snapshots = snapshotsOf(options);
  const slow = new SlowDetectors(clock);
  const timed = { ...options.shard, registry: slow.timed(options.shard.registry) };
  const { shard, snapshotSeq } = await recovered({ ledger, snapshots, shard: timed }, log);
  const turns = new Turns(clock);
  const nextTurn = () => turns.ahead();
  const partition = new Partition({ shard, ledger, clock, log, metrics, nextTurn });
  const readers = new FeedReaders(clock);
  const outbox: Outbox = new Outbox({
    ...options,
    append: (entries) => partition.append(entries),
    asSent: (order) => plainOrder(identifiers, order),
    resume: (receivers) => deliveries.resume(receivers),
    isFollowed: (tenant) => readers.of(tenant).length > 0,
  });
  const deliveries = deliveriesOf(partition, outbox);
  const breakers = createBreakerView(partition, redactor, readers);
  const control = createControl({ ...options, partition, view: breakers });
  const notes = options.notes ?? new NotesOfIngest({ clock, metrics });
  const ingest = createIngest({ ...options, notes, partition, turns });
  const { overloaded } = ingest;
  const ingestStatus = createIngestStatus({ partition, notes, overloaded, clock });
  const late = new LateOrders();
  const engine = { partition, ledger, outbox, readers, late, counters: ingest.counters, clock };
  const projector = new Projector({ partition, ledger, store, clock, log, metrics });

  const stop = new AbortController();
  meterDecisions(partition, clock, metrics, stop.signal);
  warnOfEngine(partition, log);
  slow.follow(partition, log, metrics);
  await startTerm(partition, options);
  if (!options.holdDeliveries) deliveries.start();
  projector.start();
  const snapshot = keepSnapshots(partition, snapshots, snapshotSeq, options);
  const ticking = keepTime(partition, clock, stop.signal);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    stop.abort();
    snapshots.hurry();
    await ticking;
    await partition.idle();
    // While the ledger still takes what the receivers have just answered.
    await outbox.close();
    await partition.close();
    if (partition.settled) await snapshots.write(shard);
    await snapshots.idle();
    await projector.close();
  };
  return {
    ingest,
    control,
    breakers,
    forBrokers: createForBrokers(breakers, control, identifiers),
    view: createEngineView(engine),
    streams: createSignalStreams({ partition, outbox, redactor, resume: deliveries.resume }),
    ...{ drills: drillsOf(control, engine, log), ingestStatus, partition, projector, snapshot },
    reconfigure: (given) => logConfiguration(partition, { ...options, ...given }),
    ...ordersOf(partition, outbox, identifiers, readers),
    late,
    startDeliveries: deliveries.start,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function snapshotsOf({ clock, seal, ledger, log, ...options }: EngineHostOptions): Snapshots {
  const files = options.snapshotFiles ?? nodeSnapshotFiles(options.snapshotDirectory);
  const pause = (hurry: AbortSignal) => clock.sleep(LIMITS.snapshotPauseMs, hurry);
  return new Snapshots({ files, ledger, log, pause, ...(seal && { seal }) });
}

/**
 * Logs the new term with the configuration and grants that differ from what the log says. The term
 * is at least the present second, so that it rises even where the data directory was lost and
 * receivers that keep the highest (term, epoch) go on listening.
 */
async function startTerm(partition: Partition, options: EngineHostOptions): Promise<void> {
  const { shard } = partition;
  const { clock, software } = options;
  const term = Math.max(shard.term + 1, Math.floor(clock.now() / 1_000));
  await partition.append([
    { kind: 'config', tenant: SYSTEM_TENANT, body: { type: 'term', term, software } },
  ]);
  await logConfiguration(partition, options);
}

/** How many entries it took. */
async function logConfiguration(
  partition: Partition,
  options: Pick<EngineHostOptions, 'tenantConfigs' | 'grants' | 'redactor'>,
): Promise<number> {
  const { shard } = partition;
  const { redactor } = options;
  let entries = 0;
  for (const [tenant, given] of configsOf(shard, options.tenantConfigs)) {
    const config = redactedConfig(redactor, tenant, given);
    if (sameJson(shard.tenants.get(tenant)?.config, config)) continue;
    await partition.decide([{ kind: 'config', tenant, body: config }]);
    entries += 1;
  }
  for (const [tenant, given] of options.grants) {
    const grants = redactedGrants(redactor, tenant, given);
    if (sameJson(shard.tenants.get(tenant)?.grants, grants)) continue;
    await partition.decide([{ kind: 'grant', tenant, body: grants }]);
    entries += 1;
  }
  return entries;
}

/** A tenant without a configuration of its own follows the process's, also when that changes. */
function configsOf(
  shard: Shard,
  given: ReadonlyMap<string, TenantConfig>,
): ReadonlyMap<string, TenantConfig> {
  const ofProcess = given.get(SYSTEM_TENANT);
  if (!ofProcess) return given;
  const others = [...shard.tenants.keys()].filter((tenant) => !given.has(tenant));
  return new Map([...given, ...others.map((tenant) => [tenant, ofProcess] as const)]);
}

interface Deliveries {
  /** What was decided but not acknowledged before the last stop goes out with its old `jti`. */
  start(): void;
  /** Sends these what the engine owes them; nothing before the start. */
  readonly resume: (receivers: readonly RevocationReceiver[]) => void;
}

function deliveriesOf(partition: Partition, outbox: Outbox): Deliveries {
  let started = false;
  const resuming = new Resuming({
    tenants: () => partition.shard.tenants,
    send: ({ order, acknowledgedBy }, to) => outbox.send(order, acknowledgedBy, to),
  });
  return {
    start() {
      started = true;
      deliver(partition, outbox);
      resuming.resume(outbox.receivers);
    },
    resume(receivers) {
      if (started) resuming.resume(receivers);
    },
  };
}

/** Sends whatever the engine decides from here on. */
function deliver(partition: Partition, outbox: Outbox): void {
  partition.onCommitted(({ folded, effects }) => {
    forgetErased(folded, outbox);
    for (const effect of effects) {
      if (effect.kind !== 'transition') continue;
      const board = partition.shard.tenants.get(effect.tenant)?.board;
      const standing = board && standingOrder(board, effect.decision.key);
      if (standing) outbox.send(standing.order, standing.acknowledgedBy);
    }
  });
}

function drillsOf(
  control: Control,
  { partition, readers, outbox, clock }: EngineViewOptions,
  log: Log,
): Drills {
  return createDrills({
    ...{ control, clock, log, term: () => partition.shard.term },
    append: (entries) => partition.append(entries),
    brokersOf: (tenant) => readers.of(tenant),
    receiversOf: (tenant) => outbox.receiversFor(tenant),
  });
}

/** Orders as those see them who act on them without being owed them. */
function ordersOf(
  partition: Partition,
  outbox: Outbox,
  identifiers: Identifiers,
  readers: FeedReaders,
): Pick<EngineHost, 'standing' | 'onOrder' | 'resend' | 'orderOf' | 'awaiting'> {
  const newestOf = (key: BreakerKey) => {
    const board = partition.shard.tenants.get(key.tenant)?.board;
    return board ? standingOrder(board, key) : null;
  };
  return {
    *standing() {
      for (const { board } of partition.shard.tenants.values()) {
        for (const { order } of standingOrders(board)) yield plainOrder(identifiers, order);
      }
    },
    onOrder: (listener) =>
      partition.onCommitted(({ effects }) => {
        for (const effect of effects) {
          if (effect.kind !== 'transition') continue;
          const { key } = effect.decision;
          const newest = newestOf(key);
          if (newest) listener(plainOrder(identifiers, newest.order), key);
        }
      }),
    resend: (key) => {
      const newest = newestOf(key);
      if (newest) outbox.send(newest.order, newest.acknowledgedBy);
    },
    orderOf: (key) => {
      const newest = newestOf(key);
      return newest && plainOrder(identifiers, newest.order);
    },
    awaiting: (key) => {
      const newest = newestOf(key);
      if (!newest) return null;
      const { order, acknowledgedBy } = newest;
      const brokers = readers.of(key.tenant);
      return {
        epoch: order.epoch,
        awaiting: awaitingOf(order, acknowledgedBy, outbox, brokers),
      };
    },
  };
}

function forgetErased(folded: readonly FoldedEntry[], outbox: Outbox): void {
  for (const { kind, body } of folded) {
    if (kind === 'command' && body.type === 'erase_tenant') outbox.forget(body.erased);
  }
}

async function keepTime(partition: Partition, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LIMITS.tickMs, signal);
    if (!signal.aborted) await partition.tick();
  }
}

/** Snapshots between cycles, when every decision on the state so far is in the ledger. */
function keepSnapshots(
  partition: Partition,
  snapshots: Snapshots,
  snapshotSeq: number,
  { clock, snapshotEveryEntries = LIMITS.snapshotEveryEntries }: EngineHostOptions,
): () => Promise<boolean> {
  const { shard } = partition;
  // Of the snapshot there is, so that one crash after another adds nothing to what is replayed.
  let seq = snapshotSeq;
  let at = clock.monotonicMs();
  const waiting: (() => void)[] = [];
  partition.onCommitted(({ recorded }) => {
    const age = clock.monotonicMs() - at;
    const isOld = shard.seq - seq >= snapshotEveryEntries || age >= LIMITS.snapshotEveryMs;
    if ((!isOld && waiting.length === 0) || !recorded || snapshots.busy) return;
    seq = shard.seq;
    at = clock.monotonicMs();
    const written = snapshots.write(shard);
    for (const tell of waiting.splice(0)) void written.then(tell);
  });
  return async () => {
    await snapshots.idle();
    const wanted = shard.seq;
    const written = new Promise<void>((resolve) => waiting.push(resolve));
    await partition.append([TICK]);
    await written;
    return (await snapshots.newestSeq()) >= wanted;
  };
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
