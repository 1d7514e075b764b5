import type { JSONWebKeySet } from 'jose';
import { assert } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { TextFetch } from '../ports/text-fetch.ts';
import type { Issuer } from './issuer.ts';
import { fixedKeys, type KeySet, keySetOf, NO_KEYS, RemoteKeys } from './key-set.ts';

/** Where a configured key URL may lead. */
export interface KeyReach {
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

/** A configured issuer. Exactly one of the sources of keys is given. */
export type IssuerSettings = Omit<Issuer, 'keys'> & {
  readonly jwksUri: string | null;
  readonly jwks: unknown;
  readonly sharedSecret: string | null;
} & KeyReach;

export interface IssuerDependencies {
  /** Null where there is no network, as in a replay: then keys behind a URL are not to be had. */
  readonly remote: {
    readonly fetch: (reach: KeyReach) => TextFetch;
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
  } | null;
}

/**
 * Issuers with their keys; those behind a URL are asked for at once, so that no event waits.
 * `close` ends every fetch under way, and there is none after it.
 */
export function createIssuers(
  settings: readonly IssuerSettings[],
  dependencies: IssuerDependencies,
): { readonly issuers: readonly Issuer[]; readonly close: () => void } {
  const closing = new AbortController();
  const issuers = settings.map((each) => {
    const { jwksUri, jwks, sharedSecret, allowLoopback, allowPrivate, ...issuer } = each;
    return { ...issuer, keys: keysOf(each, dependencies, closing.signal) };
  });
  return { issuers, close: () => closing.abort() };
}

function keysOf(
  settings: IssuerSettings,
  dependencies: IssuerDependencies,
  closing: AbortSignal,
): KeySet {
  const { jwksUri, jwks, sharedSecret } = settings;
  if (sharedSecret !== null) return fixedKeys(new TextEncoder().encode(sharedSecret));
  if (jwksUri === null) {
    const keySet: JSONWebKeySet | null = keySetOf(jwks);
    assert(keySet !== null, 'the configuration checked the key set');
    return fixedKeys(keySet);
  }
  if (dependencies.remote === null) return NO_KEYS;
  const { fetch, ...surroundings } = dependencies.remote;
  const own = { url: new URL(jwksUri), fetch: fetch(settings), closing };
  const keys = new RemoteKeys({ ...surroundings, ...own });
  void keys.current();
  return keys;
}
