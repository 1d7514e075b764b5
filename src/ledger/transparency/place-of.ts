import { decodeBundle } from '../tlog/entry-bundle.ts';
import { readLeafRecord } from '../tlog/leaf-record.ts';
import { TILE_WIDTH, type TileName, tileWidth } from '../tlog/tile.ts';

/**
 * Place of an entry in its log of `size` entries; null where it is not in this log. Sequences rise,
 * mostly evenly: every other guess goes by that, which takes a few reads, and the one after it by
 * halves, which bounds them.
 */
export async function placeOf(
  seq: number,
  size: number,
  read: (name: TileName) => Promise<Buffer>,
): Promise<number | null> {
  let low = 0;
  let high = Math.ceil(size / TILE_WIDTH) - 1;
  const seqsOf = async (index: number): Promise<readonly number[]> => {
    const width = tileWidth('entries', index, size);
    const bundle = decodeBundle(await read({ level: 'entries', index, width })) ?? [];
    return bundle.map((entry) => readLeafRecord(entry)?.seq ?? 0);
  };
  let lowSeq = 0;
  let highSeq = (await seqsOf(high)).at(-1) ?? 0;
  for (let guesses = 0; low <= high; guesses += 1) {
    const evenly = (seq - lowSeq) / Math.max(1, highSeq - lowSeq);
    const share = guesses % 2 === 0 ? Math.min(1, Math.max(0, evenly)) : 0.5;
    const index = low + Math.min(high - low, Math.floor(share * (high - low + 1)));
    const seqs = await seqsOf(index);
    const [first = 0, last = 0] = [seqs[0], seqs.at(-1)];
    if (seq < first) [high, highSeq] = [index - 1, first];
    else if (seq > last) [low, lowSeq] = [index + 1, last];
    else {
      const place = seqs.indexOf(seq);
      return place < 0 ? null : index * TILE_WIDTH + place;
    }
  }
  return null;
}
