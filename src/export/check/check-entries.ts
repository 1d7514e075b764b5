import { ENTRY_KINDS } from '../../core/entry.ts';
import type { BundleFiles } from './bundle-files.ts';
import type { BundleProblem } from './bundle-problem.ts';
import { sha256, textOf, utf8 } from './bytes.ts';
import type { LogHead } from './check-logs.ts';
import { type EntryText, parseEntryText, SALT_BYTES } from './entry-text.ts';
import { leafRecordOf, parseProof, TreeHasher } from './inclusion.ts';
import {
  type BundleEntry,
  type BundleIndex,
  proofFile,
  READABLE,
  readableLine,
  saltedFile,
} from './layout.ts';

/** Checks each entry: that its text is committed to, and that its log has that commitment. */
export class EntriesCheck {
  readonly texts: EntryText[] = [];
  proven = 0;
  readonly #hasher = new TreeHasher();
  readonly #files: BundleFiles;
  readonly #index: BundleIndex;
  readonly #heads: readonly (LogHead | null)[];
  readonly #problems: BundleProblem[];
  readonly #onEntry: () => void;
  /** Index in its log of the entry before, by log. */
  readonly #last = new Map<number, number>();

  constructor(given: {
    readonly files: BundleFiles;
    readonly index: BundleIndex;
    readonly heads: readonly (LogHead | null)[];
    readonly problems: BundleProblem[];
    readonly onEntry: () => void;
  }) {
    this.#files = given.files;
    this.#index = given.index;
    this.#heads = given.heads;
    this.#problems = given.problems;
    this.#onEntry = given.onEntry;
  }

  async run(): Promise<void> {
    let lastSeq = 0;
    for (const entry of this.#index.entries) {
      if (entry.seq <= lastSeq) {
        this.#fault('reordered', 'bundle.json', entry.seq, 'entries do not stand in their order');
      }
      lastSeq = entry.seq;
      await this.#check(entry);
      this.#onEntry();
      this.#onEntry();
    }
    this.#checkReadable();
  }

  async #check(entry: BundleEntry): Promise<void> {
    const { seq } = entry;
    const file = saltedFile(seq);
    const salted = this.#files.get(file);
    if (salted === undefined) return this.#missing(file, seq);
    // What the manifest has told of is not told again.
    if (this.#problems.some((problem) => problem.file === file)) return;
    const text = parseEntryText(textOf(salted.subarray(SALT_BYTES)) ?? '');
    if (text === null) return this.#fault('altered', file, seq, 'it holds no entry of a ledger');
    if (text.seq !== seq) {
      return this.#fault('reordered', file, seq, `it holds the entry ${text.seq}`);
    }
    const log = this.#index.logs[entry.log];
    const told = [text.kind, text.tenant, new Date(text.loggedAt).toISOString()];
    if (told.join('\n') !== [entry.kind, log?.tenant, entry.logged_at].join('\n')) {
      return this.#fault('altered', file, seq, 'bundle.json says something else of this entry');
    }
    this.texts.push(text);
    await this.#prove(entry, text, salted.slice());
  }

  async #prove(
    { seq, log }: BundleEntry,
    text: EntryText,
    salted: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const file = proofFile(seq);
    const bytes = this.#files.get(file);
    const head = this.#heads[log];
    if (bytes === undefined) return this.#missing(file, seq);
    // What is wrong with its log has been told.
    if (!head) return;
    const proof = parseProof(textOf(bytes) ?? '');
    if (proof === null) return this.#fault('altered', file, seq, 'this is no proof');
    if (proof.checkpoint !== head.checkpoint) {
      return this.#fault('forked', file, seq, 'it leads to another checkpoint than the bundle has');
    }
    const before = this.#last.get(log) ?? -1;
    this.#last.set(log, proof.index);
    if (proof.index <= before) {
      return this.#fault('reordered', file, seq, 'its place in the log is before an earlier entry');
    }
    const kindCode = KIND_CODES.get(text.kind) ?? 0;
    const commitment = await sha256(salted);
    const { loggedAt } = text;
    const leaf = await this.#hasher.leaf(leafRecordOf({ kindCode, seq, loggedAt, commitment }));
    if (await this.#hasher.includes(leaf, proof, head)) this.proven += 1;
    else this.#fault('altered', file, seq, 'the log has committed to another text for this entry');
  }

  /** What people read must say what is proven, and nothing else. */
  #checkReadable(): void {
    if (this.texts.length !== this.#index.entries.length) return;
    const found = this.#files.get(READABLE);
    const expected = utf8(this.texts.map((text) => `${readableLine(text)}\n`).join(''));
    if (found === undefined) this.#missing(READABLE);
    else if (!sameText(found, expected)) {
      const message = 'it says something else than the entries that are proven';
      this.#problems.push({ kind: 'altered', file: READABLE, message });
    }
  }

  /** Told once, whether the manifest names it or not. */
  #missing(file: string, seq?: number): void {
    if (this.#problems.some((problem) => problem.file === file)) return;
    const message = 'the bundle has an entry without it';
    this.#problems.push({ kind: 'missing', file, message, ...(seq === undefined ? {} : { seq }) });
  }

  #fault(kind: BundleProblem['kind'], file: string, seq: number, message: string): void {
    this.#problems.push({ kind, file, seq, message });
  }
}

/** By place in the list, from 1. */
const KIND_CODES: ReadonlyMap<string, number> = new Map(
  ENTRY_KINDS.map((kind, index) => [kind, index + 1]),
);

function sameText(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
