import { compactVerify, errors } from 'jose';
import { LIMITS } from '../core/limits.ts';
import type { TokenFailure } from '../core/token-facts.ts';
import type { Issuer } from './issuer.ts';
import type { Keys } from './key-set.ts';

/** Null when the signature is the issuer's, with the version of the keys that said so. */
export interface SignatureVerdict {
  readonly failure: TokenFailure | null;
  readonly keysVersion: number;
}

/**
 * Checks the signature of a compact JWS with the keys of its issuer, by an algorithm on the list.
 * A key nobody knows, or a signature that fails without a named key, asks for newer keys once.
 */
export async function checkSignature(
  jwt: string,
  namesKey: boolean,
  issuer: Issuer,
): Promise<SignatureVerdict> {
  const keys = await issuer.keys.current();
  if (keys === null) return { failure: 'jwks_unavailable', keysVersion: 0 };
  const failure = await failureWith(jwt, keys, issuer.algorithms);
  const mayBeRotated = failure === 'unknown_key' || (failure === 'bad_signature' && !namesKey);
  const newer = mayBeRotated ? await issuer.keys.newerThan(keys) : null;
  if (newer === null) return { failure, keysVersion: keys.version };
  const again = await failureWith(jwt, newer, issuer.algorithms);
  return { failure: again, keysVersion: newer.version };
}

async function failureWith(
  jwt: string,
  { find }: Keys,
  algorithms: readonly string[],
): Promise<TokenFailure | null> {
  const options = { algorithms: [...algorithms] };
  try {
    if (find instanceof Uint8Array) await compactVerify(jwt, find, options);
    else await compactVerify(jwt, find, options);
    return null;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return tryEach(jwt, error, options);
    return failureOf(error);
  }
}

/** A token without `kid` may be signed by any key of its kind. */
async function tryEach(
  jwt: string,
  candidates: errors.JWKSMultipleMatchingKeys,
  options: { readonly algorithms: string[] },
): Promise<TokenFailure | null> {
  let tried = 0;
  for await (const key of candidates) {
    if (tried++ >= LIMITS.jwksKeysTried) break;
    try {
      await compactVerify(jwt, key, options);
      return null;
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== 'bad_signature') return failure;
    }
  }
  return 'bad_signature';
}

function failureOf(error: unknown): TokenFailure {
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature';
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown_key';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'unsupported_algorithm';
  // A `crit` header that nobody here understands is one of these (RFC 7515 section 4.1.11).
  if (error instanceof errors.JOSENotSupported) return 'unsupported_algorithm';
  if (error instanceof errors.JWSInvalid) return 'malformed';
  // A key that does not fit its algorithm, or is too short for it.
  return error instanceof TypeError ? 'unknown_key' : 'malformed';
}
