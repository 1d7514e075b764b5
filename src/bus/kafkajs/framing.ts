/** Bytes that are not what they claim to be. */
export class MalformedFrame extends Error {}

/** The blocks of a snappy batch, and how many bytes they claim to unfold to. */
export interface SnappyBlocks {
  readonly blocks: readonly Buffer[];
  readonly claimedBytes: number;
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Magic, version and compatible version. */
const XERIAL_HEADER_BYTES = 16;

/**
 * Takes apart a batch of the Java client (xerial framing: header, then blocks with their lengths),
 * or of a client that sends one bare block. Every block states its length before it, so what a
 * batch unfolds to is known before anything is allocated.
 * @throws MalformedFrame where a length leads outside.
 */
export function snappyBlocks(batch: Buffer): SnappyBlocks {
  if (!batch.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
    return { blocks: [batch], claimedBytes: claimOf(batch) };
  }
  const blocks: Buffer[] = [];
  let claimedBytes = 0;
  for (let at = XERIAL_HEADER_BYTES; at < batch.length; ) {
    // Streams that were appended to one another repeat the header.
    if (batch.subarray(at, at + XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) {
      at += XERIAL_HEADER_BYTES;
      continue;
    }
    if (at + 4 > batch.length) throw new MalformedFrame();
    const end = at + 4 + batch.readUInt32BE(at);
    if (end > batch.length) throw new MalformedFrame();
    const block = batch.subarray(at + 4, end);
    claimedBytes += claimOf(block);
    blocks.push(block);
    at = end;
  }
  return { blocks, claimedBytes };
}

/** The varint before a block of snappy: the length of what it unfolds to, below 2³². */
function claimOf(block: Buffer): number {
  let claim = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) throw new MalformedFrame();
    claim += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return claim;
  }
  throw new MalformedFrame();
}

const LZ4_MAGIC = 0x18_4d_22_04;
const STORED = 0x8000_0000;
/** One byte of a block of LZ4 adds at most this many to a run. */
const LZ4_RATIO_MAX = 255;

/**
 * The most that one LZ4 frame may unfold to, by its block headers alone: a block is never larger
 * than the frame says, nor than LZ4 can make of its bytes.
 * @throws MalformedFrame where it is no frame, or more than one.
 */
export function lz4BytesAtMost(frame: Buffer): number {
  const word = (at: number): number => {
    if (at + 4 > frame.length) throw new MalformedFrame();
    return frame.readUInt32LE(at);
  };
  if (word(0) !== LZ4_MAGIC) throw new MalformedFrame();
  const [flags = 0, sizes = 0] = [frame[4], frame[5]];
  const blockMax = 2 ** (8 + 2 * ((sizes >> 4) & 0b111));
  const blockChecksum = flags & 0x10 ? 4 : 0;
  const contentChecksum = flags & 0x04 ? 4 : 0;
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0);
  let most = 0;
  for (let size = word(at); size !== 0; size = word(at)) {
    const bytes = size % STORED;
    most += Math.min(blockMax, size >= STORED ? bytes : bytes * LZ4_RATIO_MAX);
    at += 4 + bytes + blockChecksum;
  }
  if (at + 4 + contentChecksum !== frame.length) throw new MalformedFrame();
  return most;
}
