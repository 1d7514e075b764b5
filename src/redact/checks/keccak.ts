const ROUNDS = 24;
const RATE = 136;
const ROTATIONS = buildRotations();
const CONSTANTS = buildConstants();
const MASK = (1n << 64n) - 1n;

/** Keccak-256 with the padding of before SHA-3, as Ethereum and Monero use it. */
export function keccak256(bytes: Uint8Array): Buffer {
  const state = new BigUint64Array(25);
  const padded = Buffer.alloc(Math.ceil((bytes.length + 1) / RATE) * RATE);
  padded.set(bytes);
  padded[bytes.length] = (padded[bytes.length] ?? 0) | 0x01;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  for (let block = 0; block < padded.length; block += RATE) {
    for (let lane = 0; lane < RATE / 8; lane++) {
      state[lane] = lane64(state, lane) ^ padded.readBigUInt64LE(block + lane * 8);
    }
    permute(state);
  }
  const out = Buffer.alloc(32);
  for (let lane = 0; lane < 4; lane++) out.writeBigUInt64LE(lane64(state, lane), lane * 8);
  return out;
}

function permute(state: BigUint64Array): void {
  const columns = new BigUint64Array(5);
  const moved = new BigUint64Array(25);
  for (let round = 0; round < ROUNDS; round++) {
    for (let x = 0; x < 5; x++) {
      columns[x] = 0n;
      for (let y = 0; y < 5; y++) columns[x] = lane64(columns, x) ^ lane64(state, x + 5 * y);
    }
    for (let x = 0; x < 5; x++) {
      const mix = lane64(columns, (x + 4) % 5) ^ rotate(lane64(columns, (x + 1) % 5), 1n);
      for (let y = 0; y < 5; y++) state[x + 5 * y] = lane64(state, x + 5 * y) ^ mix;
    }
    for (let x = 0; x < 5; x++) {
      for (let y = 0; y < 5; y++) {
        const to = y + 5 * ((2 * x + 3 * y) % 5);
        moved[to] = rotate(lane64(state, x + 5 * y), ROTATIONS[x + 5 * y] ?? 0n);
      }
    }
    for (let x = 0; x < 5; x++) {
      for (let y = 0; y < 5; y++) {
        const others = ~lane64(moved, ((x + 1) % 5) + 5 * y) & lane64(moved, ((x + 2) % 5) + 5 * y);
        state[x + 5 * y] = lane64(moved, x + 5 * y) ^ (others & MASK);
      }
    }
    state[0] = lane64(state, 0) ^ (CONSTANTS[round] ?? 0n);
  }
}

function lane64(state: BigUint64Array, lane: number): bigint {
  return state[lane] ?? 0n;
}

function rotate(lane: bigint, by: bigint): bigint {
  return by === 0n ? lane : ((lane << by) | (lane >> (64n - by))) & MASK;
}

function buildRotations(): readonly bigint[] {
  const rotations = new Array<bigint>(25).fill(0n);
  let [x, y] = [1, 0];
  for (let step = 0; step < 24; step++) {
    rotations[x + 5 * y] = BigInt((((step + 1) * (step + 2)) / 2) % 64);
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return rotations;
}

/** The constants come from a linear feedback register over x^8 + x^6 + x^5 + x^4 + 1. */
function buildConstants(): readonly bigint[] {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** bit - 1);
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
    return constant;
  });
}
