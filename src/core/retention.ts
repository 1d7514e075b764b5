/** How long what is kept of a tenant is kept, in days; null for ever. */
export interface RetentionPolicy {
  /** In the ledger: events, decisions, orders, views, with all that is sealed beside it. */
  readonly evidenceDays: number | null;
  /** In the store: the rows that search and the pages read. Never longer than the evidence. */
  readonly searchDays: number | null;
}
