import { type Bytes, fromBase64, hexOf, joined, sha256, utf8 } from './bytes.ts';

/**
 * Signed notes (C2SP signed-note) by the Web's own cryptography alone, so that a browser checks
 * them without anybody's help. Ed25519 is the one kind of key that signs bundles and checkpoints.
 */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly {
    readonly name: string;
    readonly keyId: string;
    readonly signature: Bytes;
  }[];
}

/** A verifier key, `name+id+base64(type ‖ public key)`, whose id is its own. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: string;
  /** The 32 bytes of RFC 8032. */
  readonly publicKey: Bytes;
}

const ED25519 = 0x01;
const KEY_ID_BYTES = 4;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const VERIFIER_KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u;
const SIGNATURES_MAX = 64;

/** Null for what is no signed note. */
export function parseNote(note: string): Note | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return null;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) return null;
  const signatures: Note['signatures'][number][] = [];
  for (const line of lines) {
    const [, name, base64 = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = fromBase64(base64);
    if (name === undefined || bytes === null || bytes.length <= KEY_ID_BYTES) return null;
    const keyId = hexOf(bytes.subarray(0, KEY_ID_BYTES));
    signatures.push({ name, keyId, signature: bytes.slice(KEY_ID_BYTES) });
  }
  return { text: note.slice(0, end + 1), signatures };
}

/** Null for a text that is no Ed25519 verifier key, or whose id is not its own. */
export async function parseVerifierKey(text: string): Promise<VerifierKey | null> {
  const [, name = '', keyId = '', base64 = ''] = VERIFIER_KEY.exec(text.trim()) ?? [];
  const material = fromBase64(base64);
  if (material === null || material.length !== 33 || material[0] !== ED25519) return null;
  const hash = await sha256(joined(utf8(`${name}\n`), material));
  if (hexOf(hash.subarray(0, KEY_ID_BYTES)) !== keyId) return null;
  return { name, keyId, publicKey: material.slice(1) };
}

/** `foreign`: the key has signed nothing here. `unsupported`: this browser has no Ed25519. */
export type SignatureState = 'valid' | 'invalid' | 'foreign' | 'unsupported';

/** Whether this key signed the note. Signatures of anybody else are passed over. */
export async function signatureState(note: Note, key: VerifierKey): Promise<SignatureState> {
  const own = note.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId);
  if (own.length === 0) return 'foreign';
  let imported: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
  try {
    imported = await crypto.subtle.importKey('raw', key.publicKey, 'Ed25519', false, ['verify']);
  } catch (error) {
    return error instanceof DOMException && error.name === 'NotSupportedError'
      ? 'unsupported'
      : 'invalid';
  }
  for (const { signature } of own) {
    const sound = await crypto.subtle.verify('Ed25519', imported, signature, utf8(note.text));
    if (!sound) return 'invalid';
  }
  return 'valid';
}

/** SHA-256 of the public key in groups of four, for people to compare. */
export async function fingerprintOf(key: VerifierKey): Promise<string> {
  return hexOf(await sha256(key.publicKey)).replaceAll(/(.{4})(?=.)/g, '$1 ');
}
