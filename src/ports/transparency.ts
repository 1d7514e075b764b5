/** One tenant's transparency log. */
export interface LogDescription {
  readonly tenant: string;
  /** First line of its checkpoints. */
  readonly origin: string;
  /** Who signs them, as C2SP signed-note writes it: what a verifier must know beforehand. */
  readonly verifierKey: string;
}

/** The transparency logs, for whoever wants to check them. */
export interface TransparencyView {
  logs(tenants: readonly string[] | '*'): readonly LogDescription[];
  /** The newest signed checkpoint; null before the first entry is published. */
  checkpoint(tenant: string): string | null;
  /** A tile or entry bundle by its path below the log, `tile/0/000`; null where there is none. */
  file(tenant: string, path: string): Promise<Uint8Array | null>;
  /** Proof (C2SP tlog-proof) that the entry `seq` is in the log; null where it is not published. */
  proof(tenant: string, seq: number): Promise<string | null>;
}
