import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from 'jose';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { TextFetch } from '../ports/text-fetch.ts';

/** The public keys of one issuer, as of now. `version` rises when they change. */
export interface Keys {
  readonly find: LocalJWKSet | Uint8Array;
  readonly version: number;
}

/** Where the keys of one issuer come from. */
export interface KeySet {
  /** Null when there are none and none could be fetched in time. */
  current(): Promise<Keys | null>;
  /** Keys newer than those given, or null: after a token named a key that they do not hold. */
  newerThan(keys: Keys): Promise<Keys | null>;
}

/** Keys that never change while the process runs: from a file, the configuration, or a secret. */
export function fixedKeys(given: JSONWebKeySet | Uint8Array): KeySet {
  const find = given instanceof Uint8Array ? given : createLocalJWKSet(given);
  const keys: Keys = { find, version: 1 };
  return { current: async () => keys, newerThan: async () => null };
}

/** Keys that cannot be had: offline there is no network. */
export const NO_KEYS: KeySet = { current: async () => null, newerThan: async () => null };

export interface RemoteKeysOptions {
  readonly url: URL;
  readonly fetch: TextFetch;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Ends the fetch under way, and lets none begin any more. */
  readonly closing: AbortSignal;
}

/**
 * Keys behind a `jwks_uri`. They are fetched anew in the background when they are older than
 * `LIMITS.jwksFreshMs` and when a token names an unknown one, at most once per
 * `LIMITS.jwksCooldownMs` whether that succeeds or fails. While the issuer is away the last keys
 * serve for `LIMITS.jwksStaleMs`. Nobody waits for one fetch longer than `LIMITS.jwksWaitMs`
 * from its beginning, however many tokens come meanwhile.
 */
export class RemoteKeys implements KeySet {
  readonly #options: RemoteKeysOptions;
  #keys: (Keys & { readonly fetchedAt: number; readonly text: string }) | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
  }

  async current(): Promise<Keys | null> {
    const age = this.#options.clock.monotonicMs() - (this.#keys?.fetchedAt ?? 0);
    if (this.#keys === null || age > LIMITS.jwksStaleMs) {
      await this.#refresh();
      return this.#usable();
    }
    if (age > LIMITS.jwksFreshMs) void this.#refresh();
    return this.#keys;
  }

  async newerThan(keys: Keys): Promise<Keys | null> {
    await this.#refresh();
    const now = this.#usable();
    return now !== null && now.version > keys.version ? now : null;
  }

  #usable(): Keys | null {
    const age = this.#options.clock.monotonicMs() - (this.#keys?.fetchedAt ?? 0);
    return age > LIMITS.jwksStaleMs ? null : this.#keys;
  }

  /** Joins or starts a fetch, and waits for it as long as one may. */
  async #refresh(): Promise<void> {
    const { clock, closing } = this.#options;
    if (closing.aborted) return;
    const since = clock.monotonicMs() - this.#startedAt;
    if (this.#running === null) {
      if (since < LIMITS.jwksCooldownMs) return;
      this.#startedAt = clock.monotonicMs();
      this.#running = this.#fetch().finally(() => {
        this.#running = null;
      });
    }
    const left = this.#startedAt + LIMITS.jwksWaitMs - clock.monotonicMs();
    if (left <= 0) return;
    const enough = new AbortController();
    await Promise.race([this.#running, clock.sleep(left, enough.signal)]);
    enough.abort();
  }

  async #fetch(): Promise<void> {
    const { url, fetch, clock, log, metrics, closing } = this.#options;
    const late = new AbortController();
    const done = new AbortController();
    void clock.sleep(LIMITS.jwksFetchMs, done.signal).then(() => late.abort());
    try {
      const signal = AbortSignal.any([late.signal, closing]);
      const options = { signal, maxBytes: LIMITS.jwksBytes };
      const text = await fetch(url, options);
      const fetchedAt = clock.monotonicMs();
      const before = this.#keys;
      this.#keys =
        before?.text === text
          ? { ...before, fetchedAt }
          : { ...readKeys(text, (before?.version ?? 0) + 1), fetchedAt, text };
      metrics.count('tripcoil_jwks_fetches_total', { result: 'success' });
    } catch (error) {
      if (closing.aborted) return;
      metrics.count('tripcoil_jwks_fetches_total', { result: 'failure' });
      log.warn('the keys of a token issuer cannot be fetched', {
        host: url.host,
        error: error instanceof Error ? error.name : 'unknown',
      });
    } finally {
      done.abort();
    }
  }
}

function readKeys(text: string, version: number): Keys {
  const keySet = keySetOf(JSON.parse(text));
  if (keySet === null) throw new TypeError('not a key set');
  return { find: createLocalJWKSet(keySet), version };
}

/**
 * A JSON Web Key Set (RFC 7517) or null. Symmetric and private keys are left out, whoever publishes
 * them; the keys of a SPIFFE bundle, whose use is `jwt-svid`, count as keys for signatures.
 */
export function keySetOf(value: unknown): JSONWebKeySet | null {
  const keys: unknown = typeof value === 'object' && value !== null && Reflect.get(value, 'keys');
  if (!Array.isArray(keys) || keys.length > LIMITS.jwksKeys) return null;
  const kept = keys.flatMap((key: unknown) => {
    if (typeof key !== 'object' || key === null) return [];
    const { use, ...members } = key as Readonly<Record<string, unknown>>;
    const isPublic = typeof members['kty'] === 'string' && members['kty'] !== 'oct';
    if (!isPublic || 'd' in members || 'priv' in members) return [];
    if (use !== undefined && use !== 'sig' && use !== 'jwt-svid') return [];
    return [members];
  });
  return { keys: kept } as JSONWebKeySet;
}
