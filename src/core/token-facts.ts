/**
 * Why a presented token is not believed. `jwks_unavailable` says that nobody could tell, all others
 * that the token itself is at fault.
 */
export const TOKEN_FAILURES = [
  'malformed',
  'too_large',
  'unsupported_algorithm',
  'wrong_type',
  'unknown_issuer',
  'unknown_key',
  'bad_signature',
  'jwks_unavailable',
  'missing_claim',
  'wrong_audience',
  'expired',
  'not_yet_valid',
  'chain_too_long',
] as const;
export type TokenFailure = (typeof TOKEN_FAILURES)[number];

/**
 * How a token is bound to its holder (`cnf`, RFC 7800): a DPoP key (`jkt`, RFC 9449), a client
 * certificate (`x5t#S256`, RFC 8705), or a key in some other way.
 */
export type SenderConstraint = 'dpop' | 'mtls' | 'key';

/** Members of an event whose value a verified token stated. */
export const ASSERTED_FIELDS = [
  'tenant',
  'agent',
  'principal',
  'delegation',
  'scopes',
  'token',
] as const;
export type AssertedField = (typeof ASSERTED_FIELDS)[number];
