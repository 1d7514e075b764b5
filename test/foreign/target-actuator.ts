import { type Actuator, createActuator } from '../../src/revocation/actuators/actuator.ts';
import { createCredentials } from '../../src/revocation/actuators/credentials.ts';
import { shippedTemplates } from '../../src/revocation/actuators/templates.ts';
import { createSend } from '../../src/revocation/actuators/transports.ts';
import { createGuardedPost } from '../../src/revocation/guarded-post.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';

/** A shipped template as the daemon would run it, against a target on this machine. */
export function targetActuator(
  name: string,
  parameters: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Actuator {
  const template = shippedTemplates().get(name);
  if (!template) throw new Error(`no template is called ${name}`);
  const reach = { allowLoopback: true };
  return createActuator({
    ...{ name, template, keys: template.keys, minimumLevel: 4, automatic: true, parameters },
    send: createSend({ reach, request: createGuardedPost(reach), environment }),
    credentials: createCredentials({ environment, readFile: async () => 'unused' }),
    clock: WALL_CLOCK,
  });
}
