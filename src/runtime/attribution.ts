import type { AccessEvent, ReceivedEvent } from '../core/access-event.ts';
import { UNKNOWN_TENANT } from '../core/entry.ts';
import type { Reject } from '../core/reject.ts';
import type { Principal } from '../ports/ingest.ts';
import { type PresentedToken, tenantStated, withToken } from './presented-token.ts';

/** Names that begin so are the process's own; no payload may claim one. */
const RESERVED = '_';

/**
 * Settles whose event this is. The tenant comes from the credential; the payload's word counts only
 * where the credential covers several tenants and names one of them (design invariant 1). A token
 * that was read with the event settles more of it, see `withToken`.
 */
export function attribute(
  received: ReceivedEvent,
  sender: Principal,
  position: number,
  history: boolean,
  token: PresentedToken | null = null,
): AccessEvent | Reject {
  // The token ends here: what follows sees what was read of it.
  const { tenantClaimed: claimedByPayload, source, jwt: _jwt, ...event } = received;
  const tenantClaimed = tenantStated(claimedByPayload, sender, token);
  const id = tenantOf(sender, tenantClaimed);
  if (id === null) {
    return {
      position,
      code: tenantClaimed === undefined ? 'missing_field' : 'tenant_not_allowed',
      path: 'tenant',
      message:
        tenantClaimed === undefined
          ? 'this credential covers several tenants, so each event must name one of them'
          : 'this credential does not cover the tenant the event names',
    };
  }
  const attributed: AccessEvent = {
    ...event,
    source: { ...source, deliveredBy: sender.name, trust: sender.trust },
    tenant:
      tenantClaimed === undefined || tenantClaimed === id ? { id } : { id, claimed: tenantClaimed },
    ...(history ? { history: true as const } : {}),
  };
  return token === null ? attributed : withToken(attributed, token, claimedByPayload);
}

function tenantOf(sender: Principal, claimed: string | undefined): string | null {
  if (sender.tenants === '*') {
    if (claimed === undefined || claimed === '') return UNKNOWN_TENANT;
    return claimed.startsWith(RESERVED) && claimed !== UNKNOWN_TENANT ? null : claimed;
  }
  if (sender.tenants.length === 1) return sender.tenants[0] ?? null;
  return claimed !== undefined && sender.tenants.includes(claimed) ? claimed : null;
}
