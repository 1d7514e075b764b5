/** Values bound to `{name:Type}` placeholders; never spliced into the text of a statement. */
export type SqlParameters = Readonly<Record<string, string | number | readonly string[]>>;

export type SqlRow = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * Runs ClickHouse SQL somewhere: in the embedded engine's process, or on a server by URL. The
 * statements come from schema.ts and queries.ts alone.
 */
export interface SqlExecutor {
  /**
   * @throws TripcoilError `storage_unavailable` (retryable) when the engine is away, `overloaded`
   * when too many statements wait, `internal` when it refuses the statement.
   */
  exec(sql: string, parameters?: SqlParameters): Promise<readonly SqlRow[]>;
  /**
   * Appends rows, in one block unless they are many megabytes; none does nothing. They are drawn
   * in slices between which others get their turn, so build them lazily.
   */
  insert(table: string, rows: Iterable<SqlRow>): Promise<void>;
  healthy(): boolean;
  close(): Promise<void>;
}
