import type * as Kafkajs from 'kafkajs';
import type { Kafka, KafkaConfig, LogEntry } from 'kafkajs';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { registerCodecs } from './codecs.ts';

/** How to reach one Kafka cluster, and as whom. */
export interface KafkaConnection {
  /** `host:port` of some of its brokers; the others are learned from them. */
  readonly brokers: readonly string[];
  /** Null for a connection in clear. */
  readonly tls: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
}

/** PEM texts. Without `ca` the authorities that Node knows are trusted. */
export interface KafkaTls {
  readonly ca: string | null;
  /** Certificate and key of a client, where the brokers want one. */
  readonly certificate: string | null;
  readonly key: string | null;
}

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password: string;
}

/** What the parts of the adapter share. */
export interface KafkaSurroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly jitter: () => number;
  /** Loads kafkajs at the first use. */
  readonly client: (patience: keyof typeof RETRIES) => Promise<Kafka>;
}

/** Loads kafkajs, which nobody without Kafka pays for, and makes a client, not connected yet. */
export async function kafkaClient(
  connection: KafkaConnection,
  patience: keyof typeof RETRIES,
  log: Log,
): Promise<Kafka> {
  const kafkajs = await loadKafkajs();
  registerCodecs(kafkajs);
  await quietTimers();
  const { tls, sasl } = connection;
  return new kafkajs.Kafka({
    clientId: 'tripcoil',
    brokers: [...connection.brokers],
    ...(tls === null ? {} : { ssl: secureContext(tls) }),
    // The union of kafkajs wants to see one mechanism at a time.
    ...(sasl === null ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
    connectionTimeout: LIMITS.busConnectMs,
    authenticationTimeout: LIMITS.busRequestMs,
    requestTimeout: LIMITS.busRequestMs,
    retry: RETRIES[patience],
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => pass(entry, log),
  });
}

/**
 * kafkajs's own retries: some 3 s in all before an error is told, or some 12 s for a session that
 * is to outlive the restart of a broker, since a new one has to wait until the old one expired.
 */
export const RETRIES = {
  brisk: { initialRetryTime: 100, multiplier: 2, maxRetryTime: 3_000, retries: 5 },
  patient: { initialRetryTime: 100, multiplier: 2, maxRetryTime: 3_000, retries: 8 },
} as const;

/** Of a CommonJS module Node sees some names only; all of them are on its default. */
async function loadKafkajs(): Promise<typeof Kafkajs> {
  const module: unknown = await import('kafkajs');
  return (module as { readonly default: typeof Kafkajs }).default;
}

/** An error of the client as ours; kafkajs names brokers and error codes, never records. */
export function busError(what: string, error: unknown): TripcoilError {
  if (error instanceof TripcoilError) return error;
  const reason = error instanceof Error ? error.message : 'unknown';
  return new TripcoilError('bus_unavailable', `${what}: ${reason}`, {
    retryable: true,
    cause: error,
  });
}

function secureContext({ ca, certificate, key }: KafkaTls): NonNullable<KafkaConfig['ssl']> {
  return {
    ...(ca === null ? {} : { ca: [ca] }),
    ...(certificate === null ? {} : { cert: certificate }),
    ...(key === null ? {} : { key }),
  };
}

/** kafkajs reports what it then retries; what ends in an error is told by the adapter. */
function pass({ namespace, log: { message } }: LogEntry, log: Log): void {
  const isGap = message.startsWith('Offset out of range');
  const text = message.slice(0, MESSAGE_CHARS);
  if (isGap) log.warn('kafka removed records before they were read', { namespace });
  else log.debug('kafka client', { namespace, message: text });
}

const MESSAGE_CHARS = 300;
const REQUEST_QUEUE = 'kafkajs/src/network/requestQueue/index.js';

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

let areTimersQuiet = false;

/**
 * kafkajs 2.2.4 starts a timer with a negative delay whenever nothing waits (tulios/kafkajs#1751):
 * Node warns of it, and the timer starts itself again each millisecond. Without anything waiting
 * there is nothing to start it for.
 */
async function quietTimers(): Promise<void> {
  if (areTimersQuiet) return;
  areTimersQuiet = true;
  const module: unknown = await import(REQUEST_QUEUE);
  const { prototype } = (module as { readonly default: { readonly prototype: RequestQueue } })
    .default;
  const original = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests() {
    if (this.pending.length > 0) original.call(this);
  };
}
