import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';
import { entryHead, parseEntryText } from './entry-text.ts';
import { withRoom } from './roomy-bytes.ts';

const LENGTH_BYTES = 4;

/** Entries of one tenant behind each other, each with its length (u32, little-endian) before it. */
export class EntryRun {
  readonly tenant: string;
  readonly entries: SequencedEntry[] = [];
  #bytes: Buffer;
  #length = 0;

  constructor(tenant: string, initialBytes: number) {
    this.tenant = tenant;
    this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  add(entry: UnsequencedEntry, seq: number): SequencedEntry {
    const head = entryHead(entry, seq);
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    this.#reserve(LENGTH_BYTES + 3 * (head.length + entry.body.length));
    const start = this.#length + LENGTH_BYTES;
    const body = start + this.#bytes.write(head, start);
    const end = body + this.#bytes.write(entry.body, body);
    this.#bytes.writeUInt32LE(end - start, this.#length);
    this.#length = end;
    const { loggedAt, kind, tenant, engineVersion } = entry;
    const sequenced = { seq, loggedAt, kind, tenant, engineVersion, body: entry.body };
    this.entries.push(sequenced);
    return sequenced;
  }

  #reserve(more: number): void {
    this.#bytes = withRoom(this.#bytes, this.#length, more);
  }
}

/** Where the texts of a run lie; null when the lengths do not fit. */
export function textsOf(run: Buffer): readonly Buffer[] | null {
  const texts: Buffer[] = [];
  for (let at = 0; at < run.length; ) {
    if (run.length - at < LENGTH_BYTES) return null;
    const start = at + LENGTH_BYTES;
    at = start + run.readUInt32LE(at);
    if (at > run.length) return null;
    texts.push(run.subarray(start, at));
  }
  return texts;
}

/** The entries of a run in order; null when one is not readable. */
export function entriesOf(run: Buffer): readonly SequencedEntry[] | null {
  const entries: SequencedEntry[] = [];
  for (const text of textsOf(run) ?? [NOT_AN_ENTRY]) {
    const entry = parseEntryText(text.toString('utf8'));
    if (entry === null) return null;
    entries.push(entry);
  }
  return entries;
}

const NOT_AN_ENTRY = Buffer.alloc(0);
