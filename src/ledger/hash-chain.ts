import { hash } from 'node:crypto';

/** Before the first entry: 32 zero bytes. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

const LINK_DOMAIN = 0x02;

/**
 * The running hash over every entry: `hash(n) = SHA-256(0x02 ‖ hash(n-1) ‖ leaf(n))`, where
 * `leaf` is the leaf hash of RFC 6962 section 2.1. The prefix 0x02 keeps links apart from its
 * leaves (0x00) and tree nodes (0x01).
 */
export class HashChain {
  readonly #link = Buffer.alloc(65);

  constructor(start: Buffer) {
    this.#link[0] = LINK_DOMAIN;
    start.copy(this.#link, 1);
  }

  /** Adds an entry by its frame payload, whose first byte is the leaf prefix 0x00. */
  add(payload: Buffer): void {
    // One-shot hashing into a one-byte-per-character string measures 2.5 times faster than into
    // a Buffer, which costs an external allocation for 32 bytes.
    this.#link.write(hash('sha256', payload, 'binary'), 33, 32, 'latin1');
    this.#link.write(hash('sha256', this.#link, 'binary'), 1, 32, 'latin1');
  }

  /** A copy of the hash after the last entry added. */
  get value(): Buffer {
    return Buffer.from(this.#link.subarray(1, 33));
  }

  equals(other: Buffer): boolean {
    return this.#link.compare(other, 0, other.length, 1, 33) === 0;
  }
}
