import { readFile } from 'node:fs/promises';
import type { ActuatorConfig } from '../config/actuators.ts';
import type { TripcoilConfig } from '../config/load.ts';
import { TripcoilError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import { type Actuator, createActuator } from '../revocation/actuators/actuator.ts';
import { templateOf } from '../revocation/actuators/check.ts';
import { createCredentials } from '../revocation/actuators/credentials.ts';
import { Reconciler } from '../revocation/actuators/reconciler.ts';
import { createSend } from '../revocation/actuators/transports.ts';
import { createGuardedPost } from '../revocation/guarded-post.ts';
import type { EngineHost } from '../runtime/engine-host.ts';

interface ActuatorsOptions {
  readonly config: TripcoilConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Level from which on a template acts where nothing else is configured. */
const MINIMUM = { credential: 5, session: 4 } as const;

/** The actuators of the configuration; nothing acts before orders are delivered to them. */
export function openActuators(options: ActuatorsOptions): readonly Reconciler[] {
  const { config, clock, log, metrics } = options;
  return config.revocation.actuators.map(
    (each) =>
      new Reconciler({
        actuator: actuatorOf(each, options),
        ...{ tenants: each.tenants, mapping: each.mapping, standby: each.standby },
        ...{ observeEveryMs: each.observeEveryMs, clock, log, metrics },
      }),
  );
}

/** Lets them know of each order at once, and look from time to time at what they have frozen. */
export function startActuators(
  actuators: readonly Reconciler[],
  host: EngineHost,
  undo: AsyncDisposableStack,
): void {
  if (actuators.length === 0) return;
  const standing = [...host.standing()];
  for (const actuator of actuators) actuator.start(standing);
  host.onOrder((order) => {
    for (const actuator of actuators) actuator.note(order);
  });
  undo.defer(async () => void (await Promise.all(actuators.map((each) => each.close()))));
}

/** One actuator as configured. @throws TripcoilError `config_invalid` for an unknown template. */
export function actuatorOf(
  each: ActuatorConfig,
  { config, clock, environment }: Omit<ActuatorsOptions, 'log' | 'metrics'>,
): Actuator {
  const template = templateOf(each.template);
  if (template === null) {
    throw new TripcoilError('config_invalid', `There is no template ${each.template}.`);
  }
  const reach = { allowLoopback: each.allowLoopback, allowPrivate: each.allowPrivate };
  const { vault } = config.revocation.credentials;
  const anywhere = createGuardedPost({ allowLoopback: true, allowPrivate: true });
  return createActuator({
    name: each.name,
    template,
    keys: each.keys ?? template.keys,
    minimumLevel: each.minimumLevel ?? MINIMUM[template.takes],
    // What cannot be taken back waits for a person unless it is told not to.
    automatic: each.automatic ?? template.reversible,
    parameters: each.parameters,
    send: createSend({ reach, request: createGuardedPost(reach), environment }),
    credentials: createCredentials({
      environment,
      readFile: (path) => readFile(path, 'utf8'),
      ...(vault && { vault: { ...vault, request: anywhere } }),
    }),
    clock,
  });
}
