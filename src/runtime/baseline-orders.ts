import type { Command } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import type { EpochMs } from '../core/time.ts';
import { refusalOf } from '../engine/baseline-orders.ts';
import type { Shard } from '../engine/shard.ts';

/** Tells a person why an order about a history would change nothing, before it is logged. */
export function refuseBaselineOrder(
  shard: Shard,
  id: string,
  command: Command,
  now: EpochMs,
): void {
  if (command.type !== 'baseline_reset' && command.type !== 'baseline_merge') return;
  const tenant = shard.tenants.get(id);
  switch (tenant ? refusalOf(tenant, command, now) : 'unknown') {
    case 'unknown':
      throw new TripcoilError('not_found', 'no agent of this tenant has this name');
    case 'itself':
      throw new TripcoilError('bad_request', 'an agent has its own history already');
    case 'suspected':
      throw new TripcoilError(
        'conflict',
        'a breaker holds one of the agents, or it looks anomalous: an incident is not to become ' +
          'what is usual; settle it first',
      );
    default:
  }
}
