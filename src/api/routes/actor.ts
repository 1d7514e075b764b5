import type { Principal } from '../../ports/ingest.ts';

/**
 * Who gave an order, as recorded. The credential is what was proven, so it always stands there; a
 * name typed beside it is kept as the claim it is.
 */
export function actorOf(principal: Principal, claimed: string | undefined): string {
  return claimed === undefined ? principal.name : `${claimed} (${principal.name})`;
}
