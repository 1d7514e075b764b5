import type { ClientClock } from './clock.ts';
import type { BreakerState } from './messages.ts';
import type { ClientPosture } from './posture.ts';
import type { FeedKeys } from './verify.ts';

export interface BreakerClientOptions {
  /** Base URL of the daemon, such as `https://tripcoil.internal:8787`. */
  readonly url: string;
  /** A token of role `broker`. */
  readonly token: string;
  /** Needed when the token covers several tenants, and with `verify`. */
  readonly tenant?: string;
  /**
   * Keys that sign the feed, or the address of `/v1/breakers/jwks.json`. When set, nothing without
   * a valid signature is believed, and nothing from the past lifts a trip. Keys that are given
   * trust nobody on the way; an address trusts whoever answers there. Needs `tenant`: one key signs
   * the feeds of all tenants.
   */
  readonly verify?: FeedKeys | URL | string;
  /** Default: while lost all but reads are denied; while stale, exports and the like. */
  readonly posture?: ClientPosture;
  /** Milliseconds of silence after which the copy no longer counts. Default 10,000. */
  readonly maxStaleMs?: number;
  /** File that keeps trips over a restart of the broker. */
  readonly persist?: string;
  /** `auto` asks by long polls while a proxy in between lets no stream through. */
  readonly transport?: 'auto' | 'stream' | 'poll';
  /** Actions a minute under level 1, where the daemon names no rate. Default 30. */
  readonly throttlePerMinute?: number;
  /** Milliseconds that `propose` waits for the daemon. Default 20. */
  readonly proposeTimeoutMs?: number;
  /**
   * Called for every breaker that opens or rises, and once after a start for each that is open.
   * Acknowledged when it returns or resolves; when it throws, it is not.
   */
  readonly onTrip?: (trip: BreakerState) => void | Promise<void>;
  /** A breaker is on probation or exempt: held less, and not closed. */
  readonly onEase?: (eased: BreakerState) => void;
  readonly onReset?: (reset: BreakerState) => void;
  readonly onStale?: (state: 'stale' | 'lost') => void;
  readonly onFresh?: () => void;
  /** Faults that the client survives: a callback that threw, a file that cannot be written. */
  readonly onError?: (error: unknown) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** For tests. */
  readonly clock?: ClientClock;
  /** Wall time in milliseconds, for `not_after` of signed messages alone. For tests. */
  readonly wallMs?: () => number;
  /** 0 to 1, for jitter. */
  readonly random?: () => number;
}
