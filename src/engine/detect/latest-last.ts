/**
 * Moves one item of a short list behind all others, in place: cheaper than to cut it out and add it
 * again, which makes a list of what was cut out.
 */
export function moveLast<Item>(items: Item[], at: number): void {
  const moved = items[at];
  if (moved === undefined) return;
  const last = items.length - 1;
  for (let place = at; place < last; place += 1) {
    const next = items[place + 1];
    if (next !== undefined) items[place] = next;
  }
  items[last] = moved;
}
