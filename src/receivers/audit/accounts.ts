import type { ReceivedEvent } from '../../core/access-event.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { AuditFormat } from './format.ts';

/** The tenant that an account of a vendor belongs to; undefined where nobody said. */
export type TenantOfAccount = (format: string, account: string) => string | undefined;

/** What is known of the accounts that stand in audit records. */
export interface VendorAccounts {
  readonly formats: ReadonlyMap<string, AuditFormat>;
  readonly tenantOfAccount: TenantOfAccount | undefined;
}

/**
 * An account of a vendor is no claim to a tenant: left as it is, every event of an AWS account sent
 * with the credential of one tenant would look like another tenant's. It is translated where the
 * deployment knows how, and else kept in `attrs`.
 */
export function withTenant(
  event: ReceivedEvent,
  sender: Principal,
  { formats, tenantOfAccount }: VendorAccounts,
): ReceivedEvent {
  const { tenantClaimed: account, ...rest } = event;
  if (account === undefined) return event;
  if (formats.get(event.source.format)?.tenantIs !== 'account') return event;
  const tenant = tenantOfAccount?.(event.source.format, account);
  const attrs = { ...event.attrs, account };
  if (tenant !== undefined) return { ...rest, tenantClaimed: tenant, attrs };
  const picksTenant = sender.tenants === '*' || sender.tenants.length > 1;
  return picksTenant ? event : { ...rest, attrs };
}

/** The tenant of an account, by format and account as configured; undefined for another. */
export function tenantOfAccountIn(accounts: {
  readonly [format: string]: { readonly [account: string]: string };
}): TenantOfAccount {
  const tenants = new Map(
    Object.entries(accounts).map(([format, of]) => [format, new Map(Object.entries(of))]),
  );
  return (format, account) => tenants.get(format)?.get(account);
}
