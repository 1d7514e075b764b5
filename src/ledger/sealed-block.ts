import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { LIMITS } from '../core/limits.ts';

/** What seals the blocks of one tenant for a time. */
export interface BlockKey {
  /** 16 hex digits: its name in the header of every block it seals. */
  readonly id: string;
  /** AES-256. */
  readonly secret: KeyObject;
  /** 32 bytes from which the salts of the entries come: gone with the key. */
  readonly saltSecret: Uint8Array;
}

/** Where a ledger has no keys, in tests and replays: anybody may read such a block. */
export const UNSEALED_ID = '0'.repeat(16);

/** How a block's bytes lie on disk. */
export interface StoredBlock {
  readonly compressed: boolean;
  readonly sealed: boolean;
  readonly bytes: Buffer;
}

/** Smaller blocks are not worth the setting up of a compressor. */
const COMPRESS_FROM_BYTES = 256;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const SALT_BYTES = 16;
/** Level 1 measures as small as level 3 on redacted events, at half its time. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const ZSTD_CHUNK_BYTES = 16 * 1024;
const ZSTD_SPARE_BYTES = 64;
const CIPHER = 'aes-256-gcm';
const NO_SECRET = new Uint8Array(32);
const U32 = 0x1_0000_0000;

/**
 * Compresses, then encrypts (NIST SP 800-38D) under a random nonce; a key is retired long before
 * 2^32 of them. `header` is authenticated with it, so that no block can stand for another.
 */
export function sealBlock(plain: Buffer, key: BlockKey | null, header: Buffer): StoredBlock {
  const squeezed = plain.length < COMPRESS_FROM_BYTES ? plain : squeeze(plain);
  const compressed = squeezed.length < plain.length;
  const packed = compressed ? squeezed : plain;
  if (key === null) return { compressed, sealed: false, bytes: packed };
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.secret, nonce);
  cipher.setAAD(header);
  const sealed = cipher.update(packed);
  cipher.final();
  return {
    compressed,
    sealed: true,
    bytes: Buffer.concat([nonce, sealed, cipher.getAuthTag()]),
  };
}

/** The size is written into the frame, so that whoever opens it knows how much room it takes. */
function squeeze(plain: Buffer): Buffer {
  return zstdCompressSync(plain, { ...ZSTD, pledgedSrcSize: plain.length });
}

/** The plain bytes again; null when they are not what was sealed under this key and header. */
export function openBlock(block: StoredBlock, key: BlockKey | null, header: Buffer): Buffer | null {
  const packed = block.sealed ? decrypted(block.bytes, key, header) : block.bytes;
  if (packed === null || !block.compressed) return packed;
  try {
    // With room for all of it and a little more, it comes in one piece.
    const size = frameContentBytes(packed) ?? ZSTD_CHUNK_BYTES;
    const chunkSize = Math.min(size, LIMITS.ledgerBlockBytes) + ZSTD_SPARE_BYTES;
    return zstdDecompressSync(packed, { maxOutputLength: LIMITS.ledgerBlockBytes, chunkSize });
  } catch {
    return null;
  }
}

/** What a zstd frame says of the size of its content (RFC 8878 section 3.1.1); null: nothing. */
function frameContentBytes(frame: Buffer): number | null {
  const descriptor = frame[4] ?? 0;
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const at = 5 + (single ? 0 : 1) + dictionary;
  if (frame.length < at + 8) return null;
  const size = descriptor >>> 6;
  if (size === 0) return single ? (frame[at] ?? 0) : null;
  if (size === 1) return frame.readUInt16LE(at) + 256;
  return frame.readUInt32LE(at);
}

function decrypted(bytes: Buffer, key: BlockKey | null, header: Buffer): Buffer | null {
  if (key === null || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key.secret, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(header);
  decipher.setAuthTag(bytes.subarray(end));
  const plain = decipher.update(bytes.subarray(NONCE_BYTES, end));
  try {
    decipher.final();
    return plain;
  } catch {
    return null;
  }
}

/**
 * Makes the salts of a key's entries, 16 bytes each: the sequence as a big-endian u128, encrypted
 * by AES-256 under the salt secret. Nobody can tell one without the key, and none comes twice.
 */
export class Salts {
  readonly #cipher: CipherivOf;

  constructor(key: BlockKey | null) {
    this.#cipher = createCipheriv('aes-256-ecb', key?.saltSecret ?? NO_SECRET, null);
    this.#cipher.setAutoPadding(false);
  }

  /** One behind the other, in the order of the sequences. */
  of(seqs: readonly number[]): Buffer {
    const blocks = Buffer.alloc(seqs.length * SALT_BYTES);
    let at = SALT_BYTES / 2;
    for (const seq of seqs) {
      blocks.writeUInt32BE(Math.floor(seq / U32), at);
      blocks.writeUInt32BE(seq % U32, at + 4);
      at += SALT_BYTES;
    }
    return this.#cipher.update(blocks);
  }
}

type CipherivOf = ReturnType<typeof createCipheriv>;

/** The salts of the keys in use, made once for each. */
export class SaltsByKey {
  readonly #salts = new Map<string, Salts>();

  of(key: BlockKey | null): Salts {
    const id = key?.id ?? UNSEALED_ID;
    const known = this.#salts.get(id);
    if (known) return known;
    if (this.#salts.size >= LIMITS.dataKeysOpened) this.#salts.clear();
    const salts = new Salts(key);
    this.#salts.set(id, salts);
    return salts;
  }
}
