import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeBundle } from '../tlog/entry-bundle.ts';
import { LEAF_RECORD_BYTES, writeLeafRecord } from '../tlog/leaf-record.ts';
import { TILE_WIDTH } from '../tlog/tile.ts';
import { placeOf } from './place-of.ts';

/** Bundles of entries with these sequences, and how often one was read. */
function logOf(seqs: readonly number[]) {
  const log = { reads: 0, place: (seq: number) => placeOf(seq, seqs.length, read) };
  async function read({ index, width }: { index: number; width: number }): Promise<Buffer> {
    log.reads += 1;
    const records = Buffer.alloc(width * LEAF_RECORD_BYTES);
    for (let place = 0; place < width; place += 1) {
      const seq = seqs[index * TILE_WIDTH + place] ?? 0;
      writeLeafRecord(records, place * LEAF_RECORD_BYTES, { kind: 1, seq, loggedAt: 0 });
    }
    return encodeBundle(records);
  }
  return log;
}

it('finds every entry of a log, and none that is not in it', async () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(5_000)), {
    ...{ minLength: 1, maxLength: 1_500 },
  });
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(), async (gaps, choice) => {
      const seqs: number[] = [];
      for (const gap of gaps) seqs.push((seqs.at(-1) ?? 0) + gap);
      const place = choice % seqs.length;
      const seq = seqs[place] ?? 0;
      expect(await logOf(seqs).place(seq)).toBe(place);
      const none = seqs.includes(seq + 1) ? 0 : seq + 1;
      expect(await logOf(seqs).place(none)).toBeNull();
    }),
    { numRuns: 60 },
  );
});

it('reads a few bundles of a log whose entries come evenly', async () => {
  const log = logOf(Array.from({ length: 100_000 }, (_, index) => 5 * index + (index % 3)));
  for (let place = 0; place < 100_000; place += 9_973) {
    log.reads = 0;
    expect(await log.place(5 * place + (place % 3))).toBe(place);
    expect(log.reads).toBeLessThanOrEqual(4);
  }
});
