import type { Operation } from './access-event.ts';
import type { EpochMs } from './time.ts';

/**
 * What an agent may do. Names may be globs (`*` matches any run of characters). All of it is judged
 * but for the owners (docs/grants.md).
 */
export interface AgentGrant {
  readonly tenant: string;
  readonly agent: string;
  /** Peer group. Recorded and shown; no baseline is lent between peers yet. */
  readonly role?: string;
  readonly owners?: { readonly business?: string; readonly technical?: string };
  readonly scopes?: readonly string[];
  readonly tools?: readonly string[];
  readonly resources?: readonly string[];
  readonly tenants?: readonly string[];
  /** Where data it touches must lie: a country or a union of them, see data_residency. */
  readonly jurisdiction?: string;
  readonly validUntil?: EpochMs;
  /** Automation takes it to level 2 at most, and a person is wanted at once. */
  readonly protected?: boolean;
  /** When a person must approve: actions as globs, and the amount above which. */
  readonly approval?: { readonly requiredFor?: readonly string[]; readonly maxAmount?: number };
}

/** What the person behind an agent may see, where from, and in which unit. */
export interface PrincipalGrant {
  readonly match: string;
  readonly tenant?: string;
  readonly resources?: readonly string[];
  readonly jurisdiction?: string;
  readonly unit?: string;
}

/** Who owns what, when the event does not say. `match` is a glob over `type:id`. */
export interface ResourceFact {
  readonly match: string;
  readonly tenant?: string;
  /** Where it is kept: a country, a union of countries or a cloud region. */
  readonly region?: string;
  readonly sensitivity?: string;
}

/** What an action means, when its name does not tell. */
export interface ActionFact {
  readonly match: string;
  readonly op?: Operation;
  readonly sensitivity?: string;
  /** Whether it sends something outwards. */
  readonly outward?: boolean;
}

/** The whole grants document of one tenant, replaced as one log entry. */
export interface GrantSet {
  readonly agents: readonly AgentGrant[];
  readonly principals: readonly PrincipalGrant[];
  readonly resources: readonly ResourceFact[];
  readonly actions: readonly ActionFact[];
}

export const EMPTY_GRANTS: GrantSet = { agents: [], principals: [], resources: [], actions: [] };
