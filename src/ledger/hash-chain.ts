import { hash } from 'node:crypto';

/** Before the first block: 32 zero bytes. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

const LINK_DOMAIN = 0x02;

/**
 * The running hash over every block as it lies on disk: `hash(n) = SHA-256(0x02 ‖ hash(n-1) ‖
 * SHA-256(block(n)))`. The prefix 0x02 keeps links apart from blocks, which begin with 0xB0.
 */
export class HashChain {
  readonly #link = Buffer.alloc(65);

  constructor(start: Buffer) {
    this.#link[0] = LINK_DOMAIN;
    start.copy(this.#link, 1);
  }

  /** Adds a block by its frame payload. */
  add(payload: Buffer): void {
    // One-shot hashing into a one-byte-per-character string measures 2.5 times faster than into
    // a Buffer, which costs an external allocation for 32 bytes.
    this.#link.write(hash('sha256', payload, 'binary'), 33, 32, 'latin1');
    this.#link.write(hash('sha256', this.#link, 'binary'), 1, 32, 'latin1');
  }

  /** A copy of the hash after the last block added. */
  get value(): Buffer {
    return Buffer.from(this.#link.subarray(1, 33));
  }

  equals(other: Buffer): boolean {
    return this.#link.compare(other, 0, other.length, 1, 33) === 0;
  }
}
