import type { TripcoilConfig } from '../config/load.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import { createSsfPushReceiver, type SsfPushOptions } from '../revocation/ssf/push-receiver.ts';
import { type AlertWebhook, createAlertWebhook } from '../revocation/webhook/alert-webhook.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import type { ProcessMetrics } from '../telemetry/metrics.ts';
import { kafkaSinks } from './kafka-sinks.ts';
import type { DaemonOptions } from './surroundings.ts';

/** Everything that breaker orders are given to. */
export function orderReceivers(
  options: DaemonOptions,
  shared: Parameters<typeof kafkaSinks>[1],
  undo: AsyncDisposableStack,
): readonly RevocationReceiver[] {
  const { config, clock, log } = options;
  const pushed = pushReceivers(config, { ...shared, clock, log });
  return [...pushed, ...kafkaSinks(options, shared, undo)];
}

function pushReceivers(
  config: TripcoilConfig,
  shared: Pick<SsfPushOptions, 'issuer' | 'keys' | 'clock' | 'metrics' | 'log'>,
): readonly RevocationReceiver[] {
  return config.revocation.receivers.map(({ authorization, events, ...receiver }) =>
    createSsfPushReceiver({
      ...receiver,
      ...(events === null ? {} : { events }),
      ...(authorization === null ? {} : { authorizationHeader: authorization }),
      ...shared,
    }),
  );
}

export function openAlerts(
  { config, clock, log }: DaemonOptions,
  host: EngineHost,
  metrics: ProcessMetrics,
): AlertWebhook | null {
  const { webhook } = config.alerts;
  if (!webhook) return null;
  const { url, secret } = webhook;
  const alerts = createAlertWebhook({
    ...(secret === null ? {} : { secret }),
    ...{ url, clock, random: Math.random, metrics, log, named: host.forBrokers.keyOf },
    ...{ allowLoopback: true, allowPrivate: true },
  });
  host.view.onFinding((finding) => alerts.finding(finding));
  host.breakers.subscribe(({ transition }) => alerts.transition(transition));
  return alerts;
}
