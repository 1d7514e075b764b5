import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBundle, encodeBundle } from './entry-bundle.ts';
import {
  LEAF_RECORD_BYTES,
  readLeafRecord,
  writeCommitment,
  writeLeafRecord,
} from './leaf-record.ts';

const written = (seq: number): Buffer => {
  const bytes = Buffer.alloc(LEAF_RECORD_BYTES);
  writeLeafRecord(bytes, 0, { kind: 1, seq, loggedAt: 1_763_714_400_000 });
  writeCommitment(Buffer.from(`salt and entry ${seq}`), bytes, 0);
  return bytes;
};

describe('a leaf record', () => {
  it('is read as it was written, beyond 32 bits too', () => {
    const seq = 2 ** 40 + 3;
    expect(readLeafRecord(written(seq))).toMatchObject({
      ...{ kind: 1, seq, loggedAt: 1_763_714_400_000 },
    });
  });

  it('commits to the entry', () => {
    expect(readLeafRecord(written(1))?.commitment).not.toEqual(
      readLeafRecord(written(2))?.commitment,
    );
  });

  it('is not read from fewer bytes or another version', () => {
    expect(readLeafRecord(written(1).subarray(1))).toBeNull();
    const later = written(1);
    later[0] = 2;
    expect(readLeafRecord(later)).toBeNull();
  });
});

describe('an entry bundle', () => {
  const records = Buffer.concat([written(1), written(2), written(3)]);

  it('is read as it was written', () => {
    const entries = decodeBundle(encodeBundle(records));
    expect(entries && Buffer.concat(entries)).toEqual(records);
  });

  it('is not read when it is cut or is something else', () => {
    expect(decodeBundle(encodeBundle(records).subarray(0, 60))).toBeNull();
    expect(decodeBundle(randomBytes(52).fill(0, 0, 2))).toBeNull();
  });
});
