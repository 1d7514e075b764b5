/** Whether `text` matches `glob`, where `*` stands for any run of characters. Linear time. */
export function matchesGlob(glob: string, text: string): boolean {
  if (glob === '*' || glob === text) return true;
  const parts = glob.split('*');
  if (parts.length === 1) return false;
  const [head = ''] = parts;
  const tail = parts[parts.length - 1] ?? '';
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  if (text.length < head.length + tail.length) return false;
  let at = head.length;
  const end = text.length - tail.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

export function matchesAnyGlob(globs: readonly string[], text: string): boolean {
  return globs.some((glob) => matchesGlob(glob, text));
}
