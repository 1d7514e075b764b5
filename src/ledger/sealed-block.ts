import { createCipheriv, createDecipheriv, hash, type KeyObject, randomBytes } from 'node:crypto';
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
const SALT_BYTES = 16;
/** Level 1 measures as small as level 3 on redacted events, at half its time. */
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const CIPHER = 'aes-256-gcm';
const NO_SECRET = new Uint8Array(32);

/**
 * Compresses, then encrypts (NIST SP 800-38D) under a random nonce; a key is retired long before
 * 2^32 of them. `header` is authenticated with it, so that no block can stand for another.
 */
export function sealBlock(plain: Buffer, key: BlockKey | null, header: Buffer): StoredBlock {
  const squeezed = plain.length < COMPRESS_FROM_BYTES ? plain : zstdCompressSync(plain, ZSTD);
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

/** The plain bytes again; null when they are not what was sealed under this key and header. */
export function openBlock(block: StoredBlock, key: BlockKey | null, header: Buffer): Buffer | null {
  const packed = block.sealed ? decrypted(block.bytes, key, header) : block.bytes;
  if (packed === null || !block.compressed) return packed;
  try {
    return zstdDecompressSync(packed, { maxOutputLength: LIMITS.ledgerBlockBytes });
  } catch {
    return null;
  }
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

/** Makes the salts of a key's entries: the first 16 bytes of SHA-256(salt secret ‖ seq). */
export class Salts {
  readonly #input = Buffer.alloc(NO_SECRET.length + 8);

  constructor(key: BlockKey | null) {
    this.#input.set(key?.saltSecret ?? NO_SECRET);
  }

  write(seq: number, into: Buffer, position: number): void {
    this.#input.writeBigUInt64BE(BigInt(seq), NO_SECRET.length);
    into.write(hash('sha256', this.#input, 'binary'), position, SALT_BYTES, 'latin1');
  }
}

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
