import { type BreakerKey, breakerKeyText, LEVEL_NAMES } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Bus, OutgoingRecord } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../../ports/revocation-receiver.ts';
import { SET_TYPE, setsOf } from '../ssf/security-event-token.ts';

export interface KafkaSinkOptions {
  /** Stands in acknowledgements, metrics and logs. */
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  readonly bus: Pick<Bus, 'produce' | 'ensureTopics'>;
  /** A compacted topic with the newest state of each breaker. */
  readonly stateTopic: string;
  /** A topic with the signed security events of each order; null for none. */
  readonly eventTopic: string | null;
  /** The `aud` claim of the security events. */
  readonly audience: string;
  /** How topics that are missing are made; null where they are somebody else's to make. */
  readonly create: { readonly partitions: number; readonly replication: number } | null;
  readonly issuer: (tenant: string) => string;
  readonly keys: Pick<KeyRing, 'signJwt'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Keys of one use: once closed they are never heard of again, and are forgotten. */
const PASSING: ReadonlySet<BreakerKey['kind']> = new Set(['session', 'token', 'chain']);

/**
 * Writes breaker orders to Kafka: acknowledged once all replicas in sync have them. Order per key
 * is that of the outbox, since whatever waits goes out in one batch at a time and by the key's
 * partition. An attempt that failed may have written some: it comes again, with the same `jti`, and
 * readers keep the highest `(term, epoch)` of a key.
 */
export function createKafkaSink(options: KafkaSinkOptions): RevocationReceiver {
  const { name, tenants, bus, metrics, log } = options;
  const waiting: Waiting[] = [];
  let isWriting = false;
  let isReady = options.create === null;

  async function ensure(): Promise<void> {
    const { create, stateTopic, eventTopic } = options;
    if (isReady || create === null) return;
    const events = eventTopic === null ? [] : [{ ...create, topic: eventTopic, compacted: false }];
    await bus.ensureTopics([{ ...create, topic: stateTopic, compacted: true }, ...events]);
    isReady = true;
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const records = batch.flatMap((each) => each.records);
    const result = await ensure()
      .then(() => bus.produce(records))
      .then(
        () => 'written' as const,
        () => 'failed' as const,
      );
    if (result === 'failed') log.warn('breaker states not written to kafka', { sink: name });
    const labels = { broker: name, result };
    metrics.count('tripcoil_kafka_sink_records_total', labels, records.length);
    for (const { settle } of batch) settle(result === 'written' ? ACKNOWLEDGED : UNAVAILABLE);
  }

  async function drain(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LIMITS.kafkaSinkOrders);
      await write(batch);
    }
    isWriting = false;
  }

  return {
    name,
    tenants,
    // The signal is not looked at: what the brokers were given cannot be taken back, and the next
    // order of the key has to stay behind it. `LIMITS.busProduceMs` bounds the wait.
    deliver: async (order) => {
      const outcome = await recordsOf(options, order).then(
        (records) =>
          new Promise<DeliveryOutcome>((settle) => {
            waiting.push({ records, settle });
            void drain();
          }),
        (): DeliveryOutcome => ({ status: 'retry', detail: 'signing_failed' }),
      );
      const result = outcome.status === 'acknowledged' ? 'acked' : 'failed';
      metrics.count('tripcoil_revocations_total', { broker: name, transport: 'kafka', result });
      return outcome;
    },
  };
}

interface Waiting {
  readonly records: readonly OutgoingRecord[];
  readonly settle: (outcome: DeliveryOutcome) => void;
}

const ACKNOWLEDGED: DeliveryOutcome = { status: 'acknowledged' };
const UNAVAILABLE: DeliveryOutcome = { status: 'retry', detail: 'bus_unavailable' };

async function recordsOf(
  options: KafkaSinkOptions,
  order: BreakerOrder,
): Promise<readonly OutgoingRecord[]> {
  const { stateTopic, eventTopic, audience, issuer, keys, clock } = options;
  const key = breakerKeyText(order.key);
  const headers = {
    'tripcoil-jti': order.jti,
    'tripcoil-term': String(order.term),
    'tripcoil-epoch': String(order.epoch),
  };
  const json = { 'content-type': 'application/json', ...headers };
  const records: OutgoingRecord[] = [
    { topic: stateTopic, key, value: JSON.stringify(stateOf(order)), headers: json },
  ];
  // Readers that are there see it close; compaction then leaves nothing of it.
  if (order.phase === 'closed' && (PASSING.has(order.key.kind) || order.unresolvable)) {
    records.push({ topic: stateTopic, key, value: null, headers });
  }
  if (eventTopic === null) return records;
  const address = { issuer: issuer(order.key.tenant), audience };
  for (const claims of setsOf(order, address, clock.now())) {
    const value = await keys.signJwt(claims, SET_TYPE);
    const type = { 'content-type': `application/${SET_TYPE}` };
    records.push({ topic: eventTopic, key, value, headers: { ...type, ...headers } });
  }
  return records;
}

/** Value of the state topic (docs/kafka.md); snake_case, as everywhere outside. */
function stateOf(order: BreakerOrder): Readonly<Record<string, unknown>> {
  const { key, agent, phase, level, previousLevel, term, epoch, reason, title } = order;
  return {
    ...{ v: 1, key: { ...key }, agent, phase, level, level_name: LEVEL_NAMES[level] },
    previous_level: previousLevel,
    ...{ term, epoch, class: order.class, reason, title },
    finding_id: order.findingId,
    time: new Date(order.time).toISOString(),
    ...{ jti: order.jti, txn: order.txn },
    ...(order.unresolvable && { unresolvable: true }),
  };
}
