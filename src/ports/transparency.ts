/** One tenant's transparency log. */
export interface LogDescription {
  readonly tenant: string;
  /** First line of its checkpoints. */
  readonly origin: string;
  /** Who signs them, as C2SP signed-note writes it: what a verifier must know beforehand. */
  readonly verifierKey: string;
}

/** That a log of one size is a part of the same log at a later one (RFC 9162 section 2.1.4). */
export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  /** Base64, as all hashes here. */
  readonly fromRoot: string;
  readonly toRoot: string;
  readonly hashes: readonly string[];
  /** Signed, where `to` is the size of the newest; null for an earlier size. */
  readonly checkpoint: string | null;
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
  /** Up to the newest checkpoint without `to`; null where the log had no such sizes yet. */
  consistency(tenant: string, from: number, to: number | null): Promise<ConsistencyProof | null>;
}
