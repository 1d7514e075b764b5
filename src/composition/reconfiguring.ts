import { type TripcoilConfig, tenantConfigsOf } from '../config/load.ts';
import type { GrantSet } from '../core/grant.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import type { OpenReviews } from './reviewing.ts';

/** The files of the operator, as they are now. */
export interface ReadAgain {
  readonly config: TripcoilConfig;
  readonly grants: ReadonlyMap<string, GrantSet>;
}

/**
 * Takes what `read` gives, one at a time: the number of entries that it took in the log. Where
 * `read` rejects, everything stays as it was, and so does this reject.
 */
export type Reconfigure = (read: () => Promise<ReadAgain>) => Promise<number>;

/** Detector settings, rules, grants and the rubric; the rest changes at the next start. */
export function createReconfigure(
  host: Pick<EngineHost, 'reconfigure'>,
  reviews: Pick<OpenReviews, 'useRubric'>,
  metrics: Metrics,
): Reconfigure {
  let last: Promise<unknown> = Promise.resolve();
  metrics.gauge('tripcoil_config_last_reload_successful', 1);
  const take = async (read: () => Promise<ReadAgain>): Promise<number> => {
    try {
      const { config, grants } = await read();
      const changed = reviews.useRubric(config.evaluators.rubric);
      const entries = await host.reconfigure({ tenantConfigs: tenantConfigsOf(config), grants });
      metrics.gauge('tripcoil_config_last_reload_successful', 1);
      return entries + Number(changed);
    } catch (error) {
      metrics.gauge('tripcoil_config_last_reload_successful', 0);
      throw error;
    }
  };
  return (read) => {
    const taken = last.then(() => take(read));
    last = taken.catch(() => undefined);
    return taken;
  };
}
