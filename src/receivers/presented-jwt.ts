/**
 * The token in the value of an `Authorization` or `Txn-Token` header, or in a field of its own;
 * undefined for anything that has not the shape of a compact JWS (RFC 7515), such as an opaque
 * token or what a source has masked.
 */
export function presentedJwt(value: unknown): string | undefined {
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return typeof text === 'string' ? HEADER_VALUE.exec(text)?.[1] : undefined;
}

/** `alg: none` has an empty signature; a header begins with `{"`, which is `eyJ` in base64url. */
const HEADER_VALUE = /^(?:(?:bearer|dpop) +)?(eyJ[\w-]+\.[\w-]+\.[\w-]*)$/i;
