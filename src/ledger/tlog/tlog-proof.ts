import { parseCheckpointText, type TreeHead } from './checkpoint.ts';
import { verifyInclusion } from './proof.ts';
import { isSignedBy, type NoteVerifier, parseNote } from './signed-note.ts';
import { leafHash } from './tree-hash.ts';

/** A proof that one entry is in a log, which holds without asking anybody (C2SP tlog-proof). */
export interface TlogProof {
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The signed checkpoint as it was published. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';

export function formatProof({ index, hashes, checkpoint }: TlogProof): string {
  const lines = hashes.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${FIRST_LINE}\nindex ${index}\n${lines}\n${checkpoint}`;
}

const PROOF =
  /^c2sp\.org\/tlog-proof@v1\n(?:extra [A-Za-z0-9+/]*={0,2}\n)?index (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([\s\S]+)$/;

/** Null for a text that is no proof. */
export function parseProof(text: string): TlogProof | null {
  const [, index, lines = '', checkpoint] = PROOF.exec(text) ?? [];
  if (index === undefined || checkpoint === undefined) return null;
  const hashes = lines.split('\n').slice(0, -1);
  return {
    index: Number(index),
    hashes: hashes.map((line) => Buffer.from(line, 'base64')),
    checkpoint,
  };
}

export type ProofFault = 'not_a_checkpoint' | 'wrong_origin' | 'wrong_key' | 'not_included';

/** What is wrong with a proof of `entry` in the log of `origin`; null when it holds. */
export function proofFault(
  proof: TlogProof,
  entry: Uint8Array,
  origin: string,
  believed: readonly NoteVerifier[],
): ProofFault | null {
  const note = parseNote(proof.checkpoint);
  const head: TreeHead | null = note === null ? null : parseCheckpointText(note.text);
  if (note === null || head === null) return 'not_a_checkpoint';
  if (head.origin !== origin) return 'wrong_origin';
  if (!isSignedBy(note, believed)) return 'wrong_key';
  const leaf = { index: proof.index, hash: leafHash(entry) };
  return verifyInclusion(leaf, head, proof.hashes) ? null : 'not_included';
}
