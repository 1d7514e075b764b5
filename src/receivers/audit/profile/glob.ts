/** Whether a text matches a glob in which `*` is any run of characters; letter case is ignored. */
export function matcherOf(glob: string): (text: string) => boolean {
  const parts = glob.toLowerCase().split('*');
  const [first = ''] = parts;
  if (parts.length === 1) return (text) => text.length < LONGEST && text.toLowerCase() === first;
  const last = parts.at(-1) ?? '';
  const middle = parts.slice(1, -1);
  return (text) => {
    if (text.length >= LONGEST || text.length < first.length + last.length) return false;
    const low = text.toLowerCase();
    if (!low.startsWith(first) || !low.endsWith(last)) return false;
    let from = first.length;
    const until = low.length - last.length;
    for (const piece of middle) {
      const found = low.indexOf(piece, from);
      if (found < 0 || found + piece.length > until) return false;
      from = found + piece.length;
    }
    return true;
  };
}

/** Names of actions, states and types; a longer text is content and is not matched. */
const LONGEST = 4_096;
