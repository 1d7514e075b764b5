import type { EpochMs } from '../core/time.ts';
import type { SequencedEntry } from './ledger.ts';

/** An entry with what its commitment is made of: `SHA-256(salt ‖ text)`. */
export interface CommittedEntry extends SequencedEntry {
  /** Salt and text behind each other, as hashed. */
  readonly salted: Uint8Array;
}

/** Proofs of some entries under one signed checkpoint. */
export interface ProvenEntries {
  readonly origin: string;
  /** Who signs the checkpoint, as C2SP signed-note writes it. */
  readonly verifierKey: string;
  readonly checkpoint: string;
  /** By sequence, each as C2SP tlog-proof writes it; entries the log lacks are left out. */
  readonly proofs: ReadonlyMap<number, string>;
}

/** What is needed to hand entries to somebody who trusts nobody. */
export interface Evidence {
  /** Sequence of the last entry that is durable. */
  headSeq(): number;
  /** Sequence of a tenant's first entry logged at or after `time`; null where there is none. */
  firstSince(tenant: string, time: EpochMs): Promise<number | null>;
  /** Entries in order; those whose key was destroyed are left out. */
  read(fromSeq: number, toSeq: number): AsyncIterable<readonly CommittedEntry[]>;
  /** Publishes what waits, then proves. Null for a tenant without a log. */
  prove(tenant: string, seqs: readonly number[]): Promise<ProvenEntries | null>;
  /** The text as a note signed by this deployment, and who signs it. */
  sign(text: string): { readonly note: string; readonly verifierKey: string };
}
