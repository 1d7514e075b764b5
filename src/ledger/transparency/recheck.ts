import { parseCheckpointText, type TreeHead } from '../tlog/checkpoint.ts';
import { decodeBundle } from '../tlog/entry-bundle.ts';
import { readLeafRecord } from '../tlog/leaf-record.ts';
import { isSignedBy, type NoteVerifier, parseNote, parseVerifierKey } from '../tlog/signed-note.ts';
import { TILE_WIDTH, tilePath, tileWidth } from '../tlog/tile.ts';
import { TiledTree } from '../tlog/tiled-tree.ts';
import { EMPTY_ROOT, HASH_BYTES, leafHash } from '../tlog/tree-hash.ts';

/** A log as somebody serves it. */
export interface DaemonLog {
  readonly tenant: string;
  readonly origin: string;
  /** As the daemon tells it. */
  readonly verifierKey: string;
  readonly checkpoint: string;
  /** A tile or bundle by its path below the log. Rejects when it is not served. */
  readonly read: (path: string) => Promise<Buffer>;
}

export interface RecheckProblem {
  readonly kind: 'altered' | 'missing' | 'reordered' | 'truncated' | 'forked' | 'wrong_key';
  readonly tenant: string | null;
  readonly file: string;
  readonly message: string;
}

export interface Recheck {
  readonly problems: readonly RecheckProblem[];
  readonly size: number;
  /** Hex, as computed from the entries. */
  readonly root: string;
  /** Files of the kept checkpoints that are of this log. */
  readonly compared: readonly string[];
}

interface Kept {
  readonly file: string;
  readonly head: TreeHead;
}

/** Hashes a whole log anew, as a stranger sees it, against what was signed and kept. */
export class LogRecheck {
  readonly #log: DaemonLog;
  readonly #options: RecheckOptions;
  readonly #problems: RecheckProblem[] = [];
  readonly #tree = new TiledTree();
  #lastSeq = 0;

  constructor(log: DaemonLog, options: RecheckOptions) {
    this.#log = log;
    this.#options = options;
  }

  async run(onProgress: (done: number, all: number) => void = () => {}): Promise<Recheck> {
    const head = this.#head();
    const kept = this.#kept();
    const compared = kept.map(({ file }) => file);
    if (head === null) return { problems: this.#problems, size: 0, root: '', compared };
    for (const { file, head: old } of kept) {
      if (old.size <= head.size) continue;
      const message = `the log has ${head.size} entries, and is known to have had ${old.size}`;
      this.#fault('truncated', file, message);
    }
    for (let index = 0; index * TILE_WIDTH < head.size; index += 1) {
      const sound = await this.#takeBundle(index, head, kept);
      onProgress(this.#tree.size, head.size);
      if (!sound) return { problems: this.#problems, size: this.#tree.size, root: '', compared };
    }
    const root = head.size === 0 ? EMPTY_ROOT : this.#tree.root();
    if (!root.equals(head.root)) {
      this.#fault('forked', 'checkpoint', 'its entries hash to another root than the signed one');
    }
    return { problems: this.#problems, size: head.size, root: root.toString('hex'), compared };
  }

  async #takeBundle(index: number, head: TreeHead, kept: readonly Kept[]): Promise<boolean> {
    const width = tileWidth('entries', index, head.size);
    const path = tilePath({ level: 'entries', index, width });
    const tilePlace = tilePath({ level: 0, index, width });
    const bytes = await this.#log.read(path).catch(() => null);
    const tile = await this.#log.read(tilePlace).catch(() => null);
    if (bytes === null) return this.#fault('missing', path, 'the log does not serve it');
    if (tile === null) return this.#fault('missing', tilePlace, 'the log does not serve it');
    const entries = decodeBundle(bytes);
    if (entries?.length !== width) {
      return this.#fault('truncated', path, `it does not hold ${width} entries`);
    }
    for (const [place, entry] of entries.entries()) {
      const record = readLeafRecord(entry);
      if (record === null) return this.#fault('altered', path, 'it holds what is no entry');
      if (record.seq <= this.#lastSeq) {
        return this.#fault('reordered', path, `entry ${record.seq} stands behind a later one`);
      }
      this.#lastSeq = record.seq;
      const hash = leafHash(entry);
      const at = place * HASH_BYTES;
      if (!hash.equals(tile.subarray(at, at + HASH_BYTES))) {
        return this.#fault('altered', path, `entry ${record.seq} does not hash to its tile`);
      }
      this.#tree.append(hash);
      this.#compare(kept);
    }
    return true;
  }

  #compare(kept: readonly Kept[]): void {
    for (const { file, head } of kept) {
      if (head.size !== this.#tree.size || head.root.equals(this.#tree.root())) continue;
      const message = `at ${head.size} entries it is another history than the one known`;
      this.#fault('forked', file, message);
    }
  }

  #head(): TreeHead | null {
    const { checkpoint, origin } = this.#log;
    const head = this.#signedHead(checkpoint, 'checkpoint');
    if (head === null || head.origin === origin) return head;
    this.#fault('forked', 'checkpoint', `it is of the log ${head.origin}`);
    return null;
  }

  #kept(): readonly Kept[] {
    return this.#options.kept.flatMap(({ file, text }) => {
      const origin = parseCheckpointText(parseNote(text)?.text ?? '')?.origin;
      if (origin !== this.#log.origin) return [];
      const head = this.#signedHead(text, file);
      return head === null ? [] : [{ file, head }];
    });
  }

  #signedHead(text: string, file: string): TreeHead | null {
    const note = parseNote(text);
    const head = note && parseCheckpointText(note.text);
    if (!note || !head) {
      this.#fault('altered', file, 'this is no signed checkpoint');
      return null;
    }
    const verifier = this.#verifier();
    if (verifier !== null && isSignedBy(note, [verifier])) return head;
    this.#fault('wrong_key', file, 'it is not signed by the key of this log');
    return null;
  }

  /** The material of the key that is known, under the name of this log. */
  #verifier(): NoteVerifier | null {
    const told = parseVerifierKey(this.#log.verifierKey);
    const { knownKey } = this.#options;
    if (knownKey === undefined || told === null) return told;
    const known = parseVerifierKey(knownKey.trim());
    return known?.publicKey.equals(told.publicKey) ? told : null;
  }

  #fault(kind: RecheckProblem['kind'], file: string, message: string): false {
    this.#problems.push({ kind, tenant: this.#log.tenant, file, message });
    return false;
  }
}

export interface RecheckOptions {
  /** A verifier key known from elsewhere, of whatever log of the same deployment. */
  readonly knownKey?: string;
  readonly kept: readonly { readonly file: string; readonly text: string }[];
}
