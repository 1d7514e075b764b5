import type { JsonValue, Party, TokenFacts } from './access-event.ts';

/** What the claims of a token say about the members of an event. */
export interface TokenAssertions {
  readonly tenant?: string;
  readonly agent?: string;
  /** SPIFFE id of the workload that acts. */
  readonly workloadId?: string;
  readonly clientId?: string;
  readonly principal?: Party;
  /** Index 0 is the current actor (RFC 8693 section 4.1). */
  readonly delegation?: readonly Party[];
  readonly scopes?: readonly string[];
  /** RFC 9396 `authorization_details`, and the transaction context of a transaction token. */
  readonly details?: readonly JsonValue[];
  /** Purpose of a transaction token. */
  readonly intentScope?: string;
  readonly clientIp?: string;
}

/** One token, read: what is known of it, and what it says. Assertions of verified tokens only. */
export interface TokenReading {
  readonly facts: TokenFacts;
  readonly assertions: TokenAssertions;
  /** Tenants its issuer may speak for; empty where no issuer was found. */
  readonly tenants: readonly string[] | '*';
}
