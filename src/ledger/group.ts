import { LIMITS } from '../core/limits.ts';
import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';
import { EntryRun } from './entry-run.ts';
import type { FrameEncoder } from './frame.ts';
import type { HashChain } from './hash-chain.ts';
import type { OpenedRun } from './read.ts';
import { type BlockKey, sealBlock, UNSEALED_ID } from './sealed-block.ts';

const RUN_BYTES = 16 * 1024;

/** The entries of one commit, by tenant, until they are sealed. */
export class Group {
  readonly #open = new Map<string, EntryRun>();
  readonly #runs: EntryRun[] = [];
  #length = 0;

  /** Plain bytes so far. */
  get length(): number {
    return this.#length;
  }

  add(entry: UnsequencedEntry, seq: number): SequencedEntry {
    const run = this.#runOf(entry.tenant);
    const before = run.length;
    const sequenced = run.add(entry, seq);
    this.#length += run.length - before;
    return sequenced;
  }

  /** Writes one block for each run, in order of their first entries. */
  seal(
    encoder: FrameEncoder,
    chain: HashChain,
    keyOf: (tenant: string) => BlockKey | null,
  ): readonly OpenedRun[] {
    return this.#runs.map((run) => {
      const key = keyOf(run.tenant);
      const { entries } = run;
      const last = entries.at(-1);
      const block = {
        keyId: key?.id ?? UNSEALED_ID,
        count: entries.length,
        firstSeq: entries[0]?.seq ?? 0,
        lastSeq: last?.seq ?? 0,
        loggedAt: last?.loggedAt ?? 0,
      };
      chain.add(encoder.addBlock(block, (header) => sealBlock(run.bytes, key, header)));
      return { bytes: run.bytes, entries, key };
    });
  }

  #runOf(tenant: string): EntryRun {
    const open = this.#open.get(tenant);
    if (open !== undefined && open.length < LIMITS.commitBytes) return open;
    const run = new EntryRun(tenant, RUN_BYTES);
    this.#open.set(tenant, run);
    this.#runs.push(run);
    return run;
  }
}
