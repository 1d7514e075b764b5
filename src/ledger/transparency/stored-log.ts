import { LIMITS } from '../../core/limits.ts';
import { checkpointText, parseCheckpointText, type TreeHead } from '../tlog/checkpoint.ts';
import { isSignedBy, type NoteVerifier, parseNote, signatureLine } from '../tlog/signed-note.ts';
import { hashesAt, TILE_WIDTH, type TileName, tilePath, tileWidth } from '../tlog/tile.ts';
import type { LogDirectory } from './log-directory.ts';
import { LogFault } from './log-problem.ts';

/** A checkpoint as read, and what its log holds beyond finished tiles. */
export interface StoredLog {
  readonly head: TreeHead;
  /** The unfinished tiles and bundle of this size, by path; null where one is not there. */
  readonly partial: ReadonlyMap<string, Buffer | null>;
}

/**
 * Reads a log's checkpoint and the files that belong to it alone. A running writer replaces them
 * every second: then both are read again until they fit each other.
 */
export async function readStoredLog(
  directory: LogDirectory,
  tenant: string,
  trust: CheckpointTrust,
): Promise<StoredLog | null> {
  for (let attempt = 0; ; attempt += 1) {
    const checkpoint = await directory.readCheckpoint(tenant);
    if (checkpoint === null) return null;
    const head = readCheckpoint(checkpoint, { ...trust, tenant });
    const partial = new Map<string, Buffer | null>();
    for (const name of partialFiles(head.size)) {
      partial.set(tilePath(name), await directory.readFile(tenant, name));
    }
    const whole = [...partial.values()].every((bytes) => bytes !== null);
    if (whole || attempt >= LIMITS.checkpointReads) return { head, partial };
  }
}

/** Whose signature and which name a checkpoint must bear. */
export interface CheckpointTrust {
  /** Null where nobody is known who could have signed. */
  readonly verifierFor: ((origin: string) => NoteVerifier) | null;
  readonly originOf: (tenant: string) => string;
  /** Names the file in a problem; the tenant's own checkpoint without it. */
  readonly file?: string;
}

/** @throws LogFault where it is not, byte for byte, a checkpoint of this log that is believed. */
export function readCheckpoint(
  checkpoint: string,
  { tenant, verifierFor, originOf, file }: CheckpointTrust & { readonly tenant: string },
): TreeHead {
  const fault = (kind: 'altered' | 'forked' | 'wrong_key', message: string) =>
    new LogFault({
      ...{ kind, tenant, seq: null, message },
      file: file ?? logFile(tenant, 'checkpoint'),
    });
  const note = parseNote(checkpoint);
  const head = note && parseCheckpointText(note.text);
  if (note === null || head === null) throw fault('altered', 'this is no signed checkpoint');
  const lines = note.signatures.map(signatureLine).join('');
  if (`${note.text}\n${lines}` !== checkpoint) {
    throw fault('altered', 'the checkpoint is not written as it was signed');
  }
  const origin = originOf(tenant);
  const verifier = verifierFor?.(head.origin) ?? null;
  if (verifier !== null && !isSignedBy(note, [verifier])) {
    const named = note.signatures.filter(({ name }) => name === head.origin);
    if (named.length === 0 || named.some(({ keyId }) => keyId === verifier.keyId)) {
      throw fault('altered', 'the signature is not of this checkpoint');
    }
    throw fault('wrong_key', 'the checkpoint was signed by another key');
  }
  if (head.origin !== origin) {
    const message = `the checkpoint is of the log ${head.origin}, not ${origin}`;
    // Whoever signs keeps the name: where only the name in the directory is another, it is wrong.
    const renamed = verifier !== null && endOf(head.origin) === endOf(origin) && !file;
    const named = { kind: 'altered', tenant: null, file: 'logs/origin', seq: null } as const;
    throw renamed ? new LogFault({ ...named, message }) : fault('forked', message);
  }
  if (!note.text.startsWith(checkpointText(head))) {
    throw fault('altered', 'the checkpoint is not written as it was signed');
  }
  return head;
}

/** The part of an origin that belongs to the tenant. */
function endOf(origin: string): string {
  return origin.slice(origin.lastIndexOf('/t/'));
}

/** A file of a tenant's log as it stands in problems. */
export function logFile(tenant: string, path: string): string {
  return `logs/${tenant}/${path}`;
}

function* partialFiles(size: number): Generator<TileName> {
  for (let level = 0; hashesAt(level, size) > 0; level += 1) {
    const index = Math.floor(hashesAt(level, size) / TILE_WIDTH);
    const width = tileWidth(level, index, size);
    if (width > 0) yield { level, index, width };
  }
  const index = Math.floor(size / TILE_WIDTH);
  const width = tileWidth('entries', index, size);
  if (width > 0) yield { level: 'entries', index, width };
}
