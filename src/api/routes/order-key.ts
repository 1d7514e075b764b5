import type * as z from 'zod';
import type { BreakerKey, KeyKind } from '../../core/breaker.ts';
import type { Principal } from '../../ports/ingest.ts';
import { requireEveryTenant, requireTenant } from '../auth.ts';
import type { BREAKER_KEY } from '../parameters.ts';
import { fieldProblem } from './order-answer.ts';

/** A global stop holds every tenant, and a broker may serve several. */
const SHARED: ReadonlySet<KeyKind> = new Set(['global', 'broker']);

/**
 * The key of an order, if the caller may give orders about it: keys that tenants share take a
 * credential of every tenant, every other stays inside the tenant it names.
 * @throws TripcoilError `forbidden`; RequestProblem for a tenant key with another's id.
 */
export function orderKey(
  principal: Principal,
  { tenant, kind, id, agent }: z.output<typeof BREAKER_KEY> | BreakerKey,
): BreakerKey {
  if (SHARED.has(kind)) requireEveryTenant(principal);
  else requireTenant(principal, tenant);
  if (kind === 'tenant' && id !== tenant) {
    throw fieldProblem('key.id', 'a key of kind tenant has the tenant as its id');
  }
  return { tenant, kind, id, ...(agent === undefined ? {} : { agent }) };
}

/** The key of an exemption: a whole tenant is never out of automation's reach. */
export function exemptible(key: BreakerKey): BreakerKey {
  if (key.kind !== 'tenant' && key.kind !== 'global') return key;
  throw fieldProblem('key.kind', `a key of kind ${key.kind} cannot be exempt`);
}
