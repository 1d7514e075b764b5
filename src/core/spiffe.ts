const SCHEME = 'spiffe://';
const MAX_BYTES = 2_048;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[a-zA-Z0-9._-]+$/;

/** A SPIFFE id taken apart. `path` begins with a slash, or is empty for a trust domain itself. */
export interface SpiffeId {
  readonly trustDomain: string;
  readonly path: string;
}

/**
 * Reads `spiffe://trust-domain/path` (SPIFFE-ID section 2); null for anything that deviates from
 * it: a port, a query, upper case in the domain, an empty or dotted segment, over 2048 bytes.
 */
export function parseSpiffeId(text: string): SpiffeId | null {
  if (!text.startsWith(SCHEME) || text.length > MAX_BYTES) return null;
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  const trustDomain = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  if (!TRUST_DOMAIN.test(trustDomain)) return null;
  if (path === '') return { trustDomain, path };
  const segments = path.slice(1).split('/');
  const sound = segments.every((each) => SEGMENT.test(each) && each !== '.' && each !== '..');
  return sound ? { trustDomain, path } : null;
}

/** The first SPIFFE id in a text that lists some, as certificates and proxies do. */
export function spiffeIdIn(text: string): string | null {
  const at = text.indexOf(SCHEME);
  if (at < 0) return null;
  const id = /^spiffe:\/\/[^\s,;"']*/.exec(text.slice(at, at + MAX_BYTES + 1))?.[0] ?? '';
  return parseSpiffeId(id) === null ? null : id;
}
