const ITEMS_PER_CHUNK = 1_000;

/** The items in groups of at most a thousand, so that no snapshot line becomes long. */
export function* chunked<Item>(items: Iterable<Item>): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < ITEMS_PER_CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** The same groups of `count` items that are not held in a list, by where they begin and end. */
export function* spans(count: number): Generator<readonly [from: number, until: number]> {
  for (let from = 0; from < count; from += ITEMS_PER_CHUNK) {
    yield [from, Math.min(count, from + ITEMS_PER_CHUNK)];
  }
}
