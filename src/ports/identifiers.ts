/**
 * What brokers call the agents, sessions, chains and tokens that are recorded under pseudonyms
 * (docs/adr/0006). Asked by what brokers are told with, and by nothing else.
 */
export interface Identifiers {
  /**
   * The plain form of an id as recorded, which is the id itself where nothing was replaced in it;
   * null when nobody can tell it any more, or ever could. Never throws.
   */
  plainOf(tenant: string, id: string): string | null;
  /** Rises with every erasure: what was resolved before may not be told again. */
  readonly erasures: number;
}
