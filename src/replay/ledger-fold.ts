import {
  type Effect,
  type FoldedEntry,
  type LogEntry,
  SYSTEM_TENANT,
  type TenantConfig,
} from '../core/entry.ts';
import type { Shard } from '../engine/shard.ts';
import { isFolded } from '../runtime/entries.ts';

/** What follows a recorded log while it is folded again. */
export interface LedgerFollower {
  /** Every entry of the log, in its order, before it is folded. */
  onEntry(entry: LogEntry): void;
  /** What the engine decides of it now. */
  onEffect(effect: Effect): void;
}

/** Runs the engine over a recorded log; `presented` may put other entries in an entry's place. */
export async function foldLedger(
  entries: AsyncIterable<readonly LogEntry[]>,
  shard: Shard,
  follower: LedgerFollower,
  presented: (entry: FoldedEntry) => readonly FoldedEntry[] = (entry) => [entry],
): Promise<void> {
  for await (const batch of entries) {
    for (const entry of batch) {
      follower.onEntry(entry);
      if (!isFolded(entry)) continue;
      for (const effect of shard.apply(presented(entry))) follower.onEffect(effect);
    }
  }
}

/**
 * Has every tenant follow another configuration than the recorded one, from its first entry on.
 * `configOf` is given what was recorded for the tenant, or for all of them.
 */
export function withConfigs(
  configOf: (tenant: string, given: TenantConfig) => TenantConfig,
): (entry: FoldedEntry) => readonly FoldedEntry[] {
  const told = new Set<string>();
  let general: TenantConfig = { detectors: {} };
  return (entry) => {
    const { tenant } = entry;
    if (entry.kind === 'config' && !('type' in entry.body)) {
      if (tenant === SYSTEM_TENANT) general = entry.body;
      told.add(tenant);
      return [{ ...entry, body: configOf(tenant, entry.body) }];
    }
    if (told.has(tenant) || tenant === SYSTEM_TENANT) return [entry];
    told.add(tenant);
    const { seq, loggedAt, engineVersion } = entry;
    const body = configOf(tenant, general);
    return [{ seq, loggedAt, engineVersion, kind: 'config', tenant, body }, entry];
  };
}
