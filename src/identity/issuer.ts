import type { Trust } from '../core/access-event.ts';
import { parseSpiffeId } from '../core/spiffe.ts';
import type { Role } from '../ports/ingest.ts';
import type { KeySet } from './key-set.ts';

/** Which claim names the agent: the first that is there. */
export type AgentClaim = 'act' | 'spiffe' | 'client_id' | 'sub';

/** An issuer of tokens that the deployment believes. */
export interface Issuer {
  /** The `iss` claim; or `spiffe://trust-domain`, for JWT-SVIDs, which may have none. */
  readonly issuer: string;
  readonly keys: KeySet;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** Accepted `typ`, lower case, without `application/`; a token without one is accepted. */
  readonly types: readonly string[];
  readonly clockToleranceMs: number;
  /** Tenants it may speak for. */
  readonly tenants: readonly string[] | '*';
  readonly tenantClaim: string | null;
  readonly agentClaims: readonly AgentClaim[];
  /** Whether, and as what, its tokens are credentials of senders. */
  readonly ingest: IngestCredential | null;
}

/** What the holder of a token of an issuer may do here. */
export interface IngestCredential {
  /** None of them is an audience of decision tokens, or each of those were a credential. */
  readonly audiences: readonly string[];
  readonly roles: readonly Role[];
  readonly trust: Trust;
  /** A claim that lowers the trust, never raises it. */
  readonly trustClaim: string | null;
  /** Claim that names the sender; `client_id`, `azp`, `sub` in this order where null. */
  readonly nameClaim: string | null;
  /** Scope that the token must have. */
  readonly scope: string | null;
}

/** Algorithms that a public key verifies; the default allow-list. */
export const ASYMMETRIC_ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/**
 * The issuers that could have made a token with these claims, for any of these tenants. A SPIFFE
 * issuer answers for the subjects of its trust domain.
 */
export function issuersOf(
  issuers: readonly Issuer[],
  claims: Readonly<Record<string, unknown>>,
  tenants: readonly string[] | '*',
): readonly Issuer[] {
  const { iss, sub } = claims;
  const domain = typeof sub === 'string' ? parseSpiffeId(sub)?.trustDomain : undefined;
  return issuers.filter((each) => {
    const named =
      iss === each.issuer ||
      (iss === undefined && domain !== undefined && each.issuer === `spiffe://${domain}`);
    return named && overlap(each.tenants, tenants);
  });
}

function overlap(some: readonly string[] | '*', others: readonly string[] | '*'): boolean {
  return some === '*' || others === '*' || some.some((each) => others.includes(each));
}
