/** The bytes with room for `more` behind the first `used`; doubled when they have to grow. */
export function withRoom(bytes: Buffer, used: number, more: number): Buffer {
  const needed = used + more;
  if (needed <= bytes.length) return bytes;
  const grown = Buffer.allocUnsafe(Math.max(needed, 2 * bytes.length));
  bytes.copy(grown, 0, 0, used);
  return grown;
}
