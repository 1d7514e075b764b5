import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/** Signature type of plain Ed25519 notes, and of timestamped cosignatures of checkpoints. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

/** Who signs notes: a name without spaces or `+`, and an Ed25519 key. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** Who is believed about notes. */
export interface NoteVerifier {
  readonly name: string;
  /** First four bytes, in hex, of SHA-256(name ‖ "\n" ‖ type ‖ public key). */
  readonly keyId: string;
  readonly type: typeof ED25519 | typeof COSIGNATURE;
  readonly publicKey: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Buffer;
}

/** A signed text (C2SP signed-note). */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Most signatures of a note that are read. */
const SIGNATURES_MAX = 64;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const KEY_ID_BYTES = 4;
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** The text with the signer's line behind it. */
export function signNote(text: string, signer: NoteSigner): string {
  const signature = sign(null, Buffer.from(text), signer.privateKey);
  const keyId = keyIdOf(signer.name, ED25519, rawPublicKey(signer.privateKey));
  return `${text}\n${signatureLine({ name: signer.name, keyId, signature })}`;
}

export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`;
}

/** Null for what is no signed note. */
export function parseNote(note: string): Note | null {
  const end = note.lastIndexOf('\n\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note may hold none.
  if (end < 0 || !note.endsWith('\n') || /[\x00-\x09\x0b-\x1f]/.test(note)) return null;
  const signatures: NoteSignature[] = [];
  for (const line of note.slice(end + 2, -1).split('\n')) {
    const [, name, base64] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = Buffer.from(base64 ?? '', 'base64');
    if (name === undefined || bytes.length <= KEY_ID_BYTES) return null;
    const keyId = bytes.subarray(0, KEY_ID_BYTES).toString('hex');
    signatures.push({ name, keyId, signature: bytes.subarray(KEY_ID_BYTES) });
    if (signatures.length > SIGNATURES_MAX) return null;
  }
  return { text: note.slice(0, end + 1), signatures };
}

/**
 * Whether one of those who are believed signed it, and none of them falsely. Signatures of anybody
 * else are passed over, as the specification asks.
 */
export function isSignedBy(note: Note, believed: readonly NoteVerifier[]): boolean {
  let signed = false;
  for (const { name, keyId, signature } of note.signatures) {
    const known = believed.find((each) => each.name === name && each.keyId === keyId);
    if (known === undefined) continue;
    if (!verifies(known, note.text, signature)) return false;
    signed = true;
  }
  return signed;
}

/** What a cosigner signs (C2SP tlog-cosignature): the time of its look, and the note's text. */
export function cosignedText(seconds: bigint, text: string): string {
  return `cosignature/v1\ntime ${seconds}\n${text}`;
}

function verifies({ type, publicKey }: NoteVerifier, text: string, signature: Buffer): boolean {
  if (type === ED25519) return verify(null, Buffer.from(text), publicKey, signature);
  if (signature.length !== TIMESTAMP_BYTES + ED25519_SIGNATURE_BYTES) return false;
  const message = Buffer.from(cosignedText(signature.readBigUInt64BE(0), text));
  return verify(null, message, publicKey, signature.subarray(TIMESTAMP_BYTES));
}

const TIMESTAMP_BYTES = 8;
const ED25519_SIGNATURE_BYTES = 64;

/** The verifier key in text form: `name+keyid+base64(type ‖ public key)`. */
export function verifierKey(name: string, key: KeyObject, type: number = ED25519): string {
  const raw = rawPublicKey(key);
  const material = Buffer.concat([Buffer.from([type]), raw]).toString('base64');
  return `${name}+${keyIdOf(name, type, raw)}+${material}`;
}

/** Null for a text that is no verifier key of a kind known here, or whose key id is not its own. */
export function parseVerifierKey(text: string): NoteVerifier | null {
  const [, name = '', keyId = '', base64 = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text) ?? [];
  const material = Buffer.from(base64, 'base64');
  const [type] = material;
  const raw = material.subarray(1);
  if (raw.length !== 32 || (type !== ED25519 && type !== COSIGNATURE)) return null;
  if (keyIdOf(name, type, raw) !== keyId || material.toString('base64') !== base64) return null;
  return { name, keyId, type, publicKey: ed25519PublicKey(raw) };
}

function keyIdOf(name: string, type: number, raw: Buffer): string {
  const input = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), raw]);
  return hash('sha256', input, 'hex').slice(0, 2 * KEY_ID_BYTES);
}

/** The 32 bytes of RFC 8032, which SPKI carries behind a fixed prefix. */
function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
}

function ed25519PublicKey(raw: Buffer): KeyObject {
  const der = Buffer.concat([SPKI_PREFIX, raw]);
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}
