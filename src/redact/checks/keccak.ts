const ROUNDS = 24;
const RATE = 136;
const LANES = 25;
/** By how many bits each lane turns. */
const ROTATIONS = buildRotations();
/** Low and high half of each round's constant. */
const CONSTANTS = buildConstants();
/** Where each lane goes: lane x + 5y to y + 5(2x + 3y). */
const TARGETS = Uint8Array.from({ length: LANES }, (_, lane) => {
  const [x, y] = [lane % 5, Math.floor(lane / 5)];
  return y + 5 * ((2 * x + 3 * y) % 5);
});

/**
 * Keccak-256 with the padding of before SHA-3, as Ethereum and Monero use it. Lanes are two halves
 * of 32 bits: with BigInt a megabyte of made-up addresses takes seconds.
 */
export function keccak256(bytes: Uint8Array): Buffer {
  const state = new Int32Array(2 * LANES);
  const padded = Buffer.alloc(Math.ceil((bytes.length + 1) / RATE) * RATE);
  padded.set(bytes);
  padded[bytes.length] = (padded[bytes.length] ?? 0) | 0x01;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  for (let block = 0; block < padded.length; block += RATE) {
    for (let half = 0; half < RATE / 4; half++) {
      state[half] = at(state, half) ^ padded.readInt32LE(block + half * 4);
    }
    permute(state);
  }
  const out = Buffer.alloc(32);
  for (let half = 0; half < 8; half++) out.writeInt32LE(at(state, half), half * 4);
  return out;
}

const columns = new Int32Array(10);
const moved = new Int32Array(2 * LANES);

function permute(state: Int32Array): void {
  for (let round = 0; round < ROUNDS; round++) {
    mixColumns(state);
    for (let lane = 0; lane < LANES; lane++) turn(state, lane);
    for (let row = 0; row < 2 * LANES; row += 10) {
      for (let half = row; half < row + 6; half++) {
        state[half] = at(moved, half) ^ (~at(moved, half + 2) & at(moved, half + 4));
      }
      for (let half = row; half < row + 2; half++) {
        state[half + 6] = at(moved, half + 6) ^ (~at(moved, half + 8) & at(moved, half));
        state[half + 8] = at(moved, half + 8) ^ (~at(moved, half) & at(moved, half + 2));
      }
    }
    state[0] = at(state, 0) ^ at(CONSTANTS, 2 * round);
    state[1] = at(state, 1) ^ at(CONSTANTS, 2 * round + 1);
  }
}

function mixColumns(state: Int32Array): void {
  for (let half = 0; half < 10; half++) {
    const upper = at(state, half) ^ at(state, half + 10) ^ at(state, half + 20);
    columns[half] = upper ^ at(state, half + 30) ^ at(state, half + 40);
  }
  for (let x = 0; x < 5; x++) {
    const [before, after] = [x === 0 ? 8 : 2 * x - 2, x === 4 ? 0 : 2 * x + 2];
    const [low, high] = [at(columns, after), at(columns, after + 1)];
    const lowMix = at(columns, before) ^ ((low << 1) | (high >>> 31));
    const highMix = at(columns, before + 1) ^ ((high << 1) | (low >>> 31));
    for (let half = 2 * x; half < 2 * LANES; half += 10) {
      state[half] = at(state, half) ^ lowMix;
      state[half + 1] = at(state, half + 1) ^ highMix;
    }
  }
}

/** Turns a lane left on its way to its place; none turns by exactly 32 bits. */
function turn(state: Int32Array, lane: number): void {
  const by = ROTATIONS[lane] ?? 0;
  const to = 2 * (TARGETS[lane] ?? 0);
  const swap = by > 31 ? 1 : 0;
  const low = at(state, 2 * lane + swap);
  const high = at(state, 2 * lane + 1 - swap);
  const bits = by & 31;
  moved[to] = bits === 0 ? low : (low << bits) | (high >>> (32 - bits));
  moved[to + 1] = bits === 0 ? high : (high << bits) | (low >>> (32 - bits));
}

function at(halves: Int32Array, index: number): number {
  return halves[index] ?? 0;
}

function buildRotations(): Uint8Array {
  const rotations = new Uint8Array(LANES);
  let [x, y] = [1, 0];
  for (let step = 0; step < 24; step++) {
    rotations[x + 5 * y] = (((step + 1) * (step + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return rotations;
}

/** The constants come from a linear feedback register over x^8 + x^6 + x^5 + x^4 + 1. */
function buildConstants(): Int32Array {
  const constants = new Int32Array(2 * ROUNDS);
  let register = 1;
  for (let round = 0; round < ROUNDS; round++) {
    for (let bit = 0; bit < 7; bit++) {
      const place = 2 ** bit - 1;
      const half = 2 * round + (place > 31 ? 1 : 0);
      if ((register & 1) === 1) constants[half] = at(constants, half) | (1 << (place & 31));
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
  }
  return constants;
}
