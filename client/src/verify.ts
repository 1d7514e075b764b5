import {
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  verify as verifySignature,
} from 'node:crypto';
import type { ClientClock } from './clock.ts';
import { count, list, record, text } from './read-messages.ts';

/** Public keys of the feed (RFC 7517), as `GET /v1/breakers/jwks.json` tells them. */
export interface FeedKeys {
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** A message whose signature holds. */
export interface VerifiedMessage {
  readonly body: Readonly<Record<string, unknown>>;
  /** Not from the past, as a recording played again would be: it may lift trips. */
  readonly isCurrent: boolean;
  /** Current, and newer than anything before: it may confirm the copy. */
  readonly isNews: boolean;
}

/** It bears no signature of a known key, or is meant for something else. */
export class ForgedMessageError extends Error {}

export interface FeedVerifier {
  /** @throws ForgedMessageError */
  read(token: string, event: string, tenant: string): Promise<VerifiedMessage>;
}

/** How far the daemon's wall clock and ours may be apart. */
const SKEW_MS = 5_000;
const REFETCH_MS = 30_000;
const FETCH_MS = 5_000;
const KEYS_MAX = 32;
const TYPE = 'tripcoil-feed+jws';

/**
 * Checks Ed25519 signatures (RFC 8037, compact JWS) with keys that are given, or fetched where
 * `verify` is their address and again when a key is not known.
 */
export function createFeedVerifier(options: {
  readonly verify: FeedKeys | URL | string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: ClientClock;
  readonly wallMs: () => number;
  readonly signal: AbortSignal;
}): FeedVerifier {
  const { verify, clock, wallMs } = options;
  const address = typeof verify === 'string' || verify instanceof URL ? new URL(verify) : null;
  let keys = address === null ? keysOf(verify as FeedKeys) : new Map<string, KeyObject>();
  let fetchedAtMs: number | null = null;
  let newest = { term: 0, t: 0 };

  async function keyOf(kid: string): Promise<KeyObject | undefined> {
    const due = fetchedAtMs === null || clock.monotonicMs() - fetchedAtMs > REFETCH_MS;
    if (!keys.has(kid) && address !== null && due) {
      fetchedAtMs = clock.monotonicMs();
      keys = await fetchKeys(address, options).catch((error: unknown) => {
        fetchedAtMs = null;
        throw error;
      });
    }
    return keys.get(kid);
  }

  return {
    read: async (token, event, tenant) => {
      const [head = '', payload = '', signature = '', ...more] = token.split('.');
      const header = record(parsed(head));
      const key = await keyOf(String(header['kid']));
      const bytes = Buffer.from(`${head}.${payload}`);
      const holds =
        key !== undefined &&
        more.length === 0 &&
        header['alg'] === 'EdDSA' &&
        header['typ'] === TYPE &&
        verifySignature(null, bytes, key, Buffer.from(signature, 'base64url'));
      if (!holds) throw new ForgedMessageError('signature');
      const body = record(parsed(payload));
      if (text(body, 'event') !== event) throw new ForgedMessageError('event');
      if (text(body, 'tenant') !== tenant) throw new ForgedMessageError('tenant');
      const [term, t] = [count(body, 'term'), count(body, 't')];
      const order = term - newest.term || t - newest.t;
      if (order > 0) newest = { term, t };
      const isCurrent = order >= 0 && wallMs() <= count(body, 'not_after') + SKEW_MS;
      return { body, isCurrent, isNews: isCurrent && order > 0 };
    },
  };
}

function parsed(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    throw new ForgedMessageError('not a JWS');
  }
}

async function fetchKeys(
  address: URL,
  {
    fetch,
    clock,
    signal,
  }: Pick<Parameters<typeof createFeedVerifier>[0], 'fetch' | 'clock' | 'signal'>,
): Promise<Map<string, KeyObject>> {
  const limit = new AbortController();
  void clock.sleep(FETCH_MS, limit.signal).then(() => limit.abort());
  try {
    const response = await fetch(address, {
      redirect: 'error',
      signal: AbortSignal.any([signal, limit.signal]),
    });
    if (response.status !== 200) throw new TypeError(`keys: status ${response.status}`);
    return keysOf((await response.json()) as FeedKeys);
  } finally {
    limit.abort();
  }
}

function keysOf(set: FeedKeys): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const value of list(record(set), 'keys').slice(0, KEYS_MAX)) {
    const jwk = record(value);
    if (jwk['kty'] !== 'OKP' || jwk['crv'] !== 'Ed25519') continue;
    keys.set(text(jwk, 'kid'), createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
  }
  return keys;
}
