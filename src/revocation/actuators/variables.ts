import { createHash } from 'node:crypto';
import { breakerKeyText, LEVEL_NAMES } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Value, Values } from './placeholders.ts';

/** Facts that every template may name, beside its parameters. */
export const VARIABLES = [
  'actuator',
  'agent',
  'epoch',
  'idempotency_key',
  'instance_id',
  'jti',
  'key',
  'key_id',
  'key_kind',
  'level',
  'level_name',
  'now',
  'now_s',
  'phase',
  'reason',
  'target',
  'tenant',
  'term',
  'time',
  'title',
  'txn',
] as const;

/** One action on one target. */
export interface Context {
  readonly actuator: string;
  /** The newest order of the key that the action follows. */
  readonly order: BreakerOrder;
  /** What the target calls what the key names. */
  readonly target: string;
  readonly now: EpochMs;
}

/** The facts of an order as placeholders. */
export function variablesOf({ actuator, order, target, now }: Context): Values {
  const { key, level, epoch, term, phase } = order;
  const text: Readonly<Record<(typeof VARIABLES)[number], string | number>> = {
    actuator,
    agent: order.agent ?? (key.kind === 'agent' ? key.id : (key.agent ?? '')),
    epoch,
    idempotency_key: idempotencyKey(order, actuator),
    instance_id: instanceId(order, actuator),
    jti: order.jti,
    key: breakerKeyText(key),
    key_id: key.id,
    key_kind: key.kind,
    level,
    level_name: LEVEL_NAMES[level],
    now: new Date(now).toISOString(),
    now_s: Math.floor(now / 1_000),
    phase,
    reason: order.reason,
    target,
    tenant: key.tenant,
    term,
    time: new Date(order.time).toISOString(),
    title: order.title ?? '',
    txn: order.txn,
  };
  return new Map(Object.entries(text).map(([name, value]) => [name, placed(value)]));
}

function placed(value: string | number): Value {
  return typeof value === 'number' ? { text: String(value), number: value } : { text: value };
}

/** The same for every attempt at one order: sha256 of key, term, epoch and actuator, in hex. */
export function idempotencyKey({ key, term, epoch }: BreakerOrder, actuator: string): string {
  return digest(`${breakerKeyText(key)}\n${term}\n${epoch}\n${actuator}`);
}

/** A UUID of key and actuator, for targets that let us name what we put there. */
function instanceId({ key }: BreakerOrder, actuator: string): string {
  const hex = digest(`${breakerKeyText(key)}\n${actuator}`);
  // RFC 9562 section 5.8: version 8, variant 10.
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const third = `8${hex.slice(13, 16)}`;
  const fourth = `${variant}${hex.slice(17, 20)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), third, fourth, hex.slice(20, 32)].join('-');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
