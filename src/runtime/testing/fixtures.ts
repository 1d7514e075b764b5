import type { AccessEvent, ReceivedEvent } from '../../core/access-event.ts';
import type { BreakerKey, BreakerLevel } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import type { AgentGrant, GrantSet } from '../../core/grant.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Redacted } from '../../core/redacted.ts';
import { Shard, type ShardOptions } from '../../engine/shard.ts';
import { type SnapshotChunk, snapshot } from '../../engine/snapshot.ts';
import { eventOf, OBEDIENT, START } from '../../engine/testing/entries.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Log, LogFields } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { Redactor } from '../../ports/redactor.ts';
import type { DeliveryOutcome, RevocationReceiver } from '../../ports/revocation-receiver.ts';
import type { Unplaced } from '../entries.ts';

export const BROKER: Principal = {
  name: 'broker',
  roles: ['ingest', 'broker'],
  tenants: ['acme'],
  trust: 'broker',
};

export const GRANT: AgentGrant = { tenant: 'acme', agent: '*' };
export const GRANTS: GrantSet = { agents: [GRANT], principals: [], resources: [], actions: [] };
export const BOT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'bot' };

/** A shard whose one detector does as the event says. */
export const OBEDIENT_SHARD: ShardOptions = {
  registry: { detectors: [OBEDIENT] },
  initialPosture: 'enforce',
};

export function obedientShard(): Shard {
  return new Shard(OBEDIENT_SHARD);
}

/** An event as a receiver hands it over. */
export function receivedOf(
  overrides: Partial<ReceivedEvent> & { readonly id: string },
): ReceivedEvent {
  const { tenant: _tenant, source: _source, ...event } = eventOf({ id: overrides.id });
  return { ...event, source: { format: 'native' }, time: START, ...overrides };
}

/** An event of `bot` that asks the obedient detector for a trip. */
export function tripOf(id: string, level: BreakerLevel, agent = 'bot'): ReceivedEvent {
  return receivedOf({ id, agent: { id: agent }, attrs: { trip: level } });
}

export function inputOf(event: Partial<AccessEvent> & { readonly id: string }): Unplaced {
  const body = eventOf(event);
  return { kind: 'input', tenant: body.tenant.id, body };
}

export function tripInput(id: string, level: BreakerLevel, agent = 'bot'): Unplaced {
  return inputOf({ id, agent: { id: agent }, attrs: { trip: level } });
}

export const GRANT_ENTRY: Unplaced = { kind: 'grant', tenant: 'acme', body: GRANTS };

/** Replaces the word `secret` and nothing else. */
export const SECRET_REDACTOR: Redactor = {
  redact: (event) =>
    JSON.parse(JSON.stringify(event).replaceAll('secret', '[x]')) as Redacted<AccessEvent>,
  redactText: (_tenant, text) => text.replaceAll('secret', '[x]'),
  redactIdentifier: (_tenant, text) => text.replaceAll('secret', '[x]'),
};

/** The whole state of a shard as text. */
export function stateText(shard: Shard): readonly string[] {
  return [...snapshot(shard)].map((chunk: SnapshotChunk) => JSON.stringify(chunk));
}

/** An order as the engine keeps it: an opening at level 4 unless overridden. */
export function orderOf(overrides: Partial<BreakerOrder> = {}): BreakerOrder {
  return {
    jti: `tc-1-${overrides.epoch ?? 1}`,
    time: START,
    eventId: null,
    key: BOT,
    agent: 'bot',
    phase: 'open',
    level: 4,
    previousLevel: 0,
    term: 1,
    epoch: 1,
    class: 'deterministic',
    reason: 'obedient',
    title: 'asked for level 4',
    findingId: null,
    txn: 'trip-1',
    ...overrides,
  };
}

/** A receiver whose answers are given one by one, by hand or from a list. */
export class ScriptedReceiver implements RevocationReceiver {
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  readonly deliveries: BreakerOrder[] = [];
  /** Answers to come; when they run out, everything is acknowledged. */
  readonly answers: (DeliveryOutcome | Promise<DeliveryOutcome>)[] = [];
  /** Deliveries under way, by key. */
  readonly underWay = new Map<string, number>();
  mostAtOnce = 0;
  concerns: (order: BreakerOrder) => boolean = () => true;
  ready: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  fetches = false;
  afterFeeds = false;
  attemptMs = LIMITS.deliveryTimeoutMs;

  constructor(name = 'gateway', tenants: readonly string[] | '*' = '*') {
    this.name = name;
    this.tenants = tenants;
  }

  async deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    this.deliveries.push(order);
    if (signal.aborted) return { status: 'retry', detail: 'aborted' };
    const lane = order.key.id;
    const now = (this.underWay.get(lane) ?? 0) + 1;
    this.underWay.set(lane, now);
    this.mostAtOnce = Math.max(this.mostAtOnce, now);
    const aborted = new Promise<DeliveryOutcome>((resolve) => {
      signal.addEventListener('abort', () => resolve({ status: 'retry', detail: 'aborted' }));
    });
    try {
      const answer = this.answers.shift() ?? ({ status: 'acknowledged' } as const);
      return await Promise.race([answer, aborted]);
    } finally {
      this.underWay.set(lane, (this.underWay.get(lane) ?? 0) - 1);
    }
  }

  get epochs(): readonly number[] {
    return this.deliveries.map(({ epoch }) => epoch);
  }
}

/** Keeps what was logged, as `level message`. */
export class RecordingLog implements Log {
  readonly lines: string[] = [];
  readonly fields: LogFields[] = [];

  debug(): void {}
  info(message: string, fields: LogFields = {}): void {
    this.#add('info', message, fields);
  }
  warn(message: string, fields: LogFields = {}): void {
    this.#add('warn', message, fields);
  }
  error(message: string, fields: LogFields = {}): void {
    this.#add('error', message, fields);
  }

  #add(level: string, message: string, fields: LogFields): void {
    this.lines.push(`${level} ${message}`);
    this.fields.push(fields);
  }
}

/** Keeps the last value of each series, counters summed. */
export class RecordingMetrics implements Metrics {
  readonly values = new Map<string, number>();

  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const series = nameOf(name, labels);
    this.values.set(series, (this.values.get(series) ?? 0) + by);
  }
  gauge(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.values.set(nameOf(name, labels), value);
  }
  observe(name: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    this.values.set(nameOf(name, labels), value);
  }
}

function nameOf(name: string, labels: Readonly<Record<string, string>>): string {
  return [name, ...Object.values(labels)].join(' ');
}
