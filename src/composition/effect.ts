import type { TripcoilConfig } from '../config/load.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { Delivery } from '../core/entry.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Drift, Reconciler } from '../revocation/actuators/reconciler.ts';
import type { AlertWebhook } from '../revocation/webhook/alert-webhook.ts';
import { DeliveryRecord } from '../runtime/delivery-record.ts';
import { EffectWatch } from '../runtime/effect.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import { startActuators } from './actuators.ts';

interface EffectOptions {
  readonly config: TripcoilConfig;
  readonly host: EngineHost;
  readonly actuators: readonly Reconciler[];
  readonly alerts: AlertWebhook | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Starts the actuators and watches that orders take effect: who is late, what is used all the same,
 * what drifted.
 */
export function watchEffect(options: EffectOptions, undo: AsyncDisposableStack): void {
  const { config, host, actuators, alerts, clock, log, metrics } = options;
  const { deadlineMs, fromLevel, escalateTo } = config.revocation.effect;
  startActuators(actuators, host, undo);
  const next = new Map(config.revocation.actuators.map((each) => [each.name, each.escalateTo]));
  const record = new DeliveryRecord({
    append: (entries) => host.partition.append(entries),
    ...{ clock, log, jitter: Math.random },
  });
  undo.defer(() => record.close());
  const note = (key: BreakerKey, point: string, status: Delivery['status'], detail: string) =>
    record.noted({ tenant: key.tenant, jti: host.orderOf(key)?.jti ?? '' }, point, status, detail);
  const watch = new EffectWatch({
    ...{ deadlineMs, fromLevel, clock, log, metrics },
    standing: (key) => host.awaiting(key),
    nextOf: (point) => (next.has(point) ? (next.get(point) ?? null) : escalateTo),
    call: (name, key) => {
      const order = host.orderOf(key);
      const actuator = actuators.find((each) => each.name === name);
      if (!order || !actuator) return;
      actuator.call(order);
      host.resend(key);
    },
    late: (points) => {
      for (const { point, key, escalatedTo } of points) {
        note(key, point, 'late', escalatedTo === null ? 'deadline' : `escalated to ${escalatedTo}`);
        alerts?.effect({ kind: 'late', point, key, escalatedTo });
        const epoch = host.orderOf(key)?.epoch;
        if (epoch !== undefined) host.late.note(key, epoch, point);
      }
    },
  });
  for (const { key } of host.view.breakers('*', false)) {
    const order = host.orderOf(key);
    if (order) watch.note(order, key);
  }
  host.onOrder((order, key) => watch.note(order, key));
  for (const actuator of actuators) {
    actuator.onDrift(({ order, expected }: Drift) => {
      note(order.key, actuator.name, 'drift', `expected ${expected}`);
      alerts?.effect({ kind: 'drift', point: actuator.name, key: order.key, escalatedTo: null });
    });
  }
  if (alerts) alertOfRefusals(host, alerts);
  if (escalateTo !== null) {
    host.view.onFinding(({ detector, tenant, agent }) => {
      if (detector !== 'use_after_revoke' || agent === null) return;
      for (const { key, state } of host.view.breakers([tenant], false)) {
        const isOfAgent = key.agent === agent || (key.kind === 'agent' && key.id === agent);
        const holds =
          state.phase !== 'closed' && state.phase !== 'exempt' && state.level >= fromLevel;
        if (isOfAgent && holds) watch.escalate(key, escalateTo);
      }
    });
  }
  undo.defer(() => watch.close());
}

/** A receiver that understood an order and refused it is not asked again: a person has to be. */
function alertOfRefusals(host: EngineHost, alerts: AlertWebhook): void {
  host.partition.onCommitted(({ folded }) => {
    for (const entry of folded) {
      if (entry.kind !== 'delivery' || entry.body.status !== 'rejected') continue;
      const { jti, receiver } = entry.body;
      const order = [...host.standing()].find((each) => each.jti === jti);
      if (!order) continue;
      alerts.effect({ kind: 'refused', point: receiver, key: order.key, escalatedTo: null });
    }
  });
}
