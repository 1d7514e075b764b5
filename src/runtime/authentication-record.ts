import { hash, randomUUID } from 'node:crypto';
import type { ReceivedEvent } from '../core/access-event.ts';
import { OWN_FORMAT, SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type {
  Authentication,
  AuthenticationObserver,
  Authenticator,
} from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ingest, Principal } from '../ports/ingest.ts';
import type { Metrics } from '../ports/metrics.ts';

/** All that happened alike within one window. */
interface Tally {
  readonly tenant: string;
  readonly caller: string;
  readonly outcome: Authentication['outcome'];
  readonly reason: string | null;
  readonly firstAt: EpochMs;
  lastAt: EpochMs;
  count: number;
}

export interface AuthenticationRecordOptions {
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Stands for everybody whose credential is not known: what they call themselves proves nothing. */
const NOBODY = 'unauthenticated';
/** Stands for callers beyond `LIMITS.authenticationCallers` in one window. */
const OTHERS = 'others';

/**
 * Who authenticated and who failed to, as events of kind `authentication`: one for each caller,
 * outcome and reason of a window, with a count, so that whoever hammers at the door writes one line
 * a minute. They go to the tenant of a credential that covers one, else to the process's own log.
 */
export class AuthenticationRecord {
  readonly #options: AuthenticationRecordOptions;
  readonly #stop = new AbortController();
  #tallies = new Map<string, Tally>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: AuthenticationRecordOptions) {
    this.#options = options;
  }

  /** Writes from now on once per window. */
  start(): void {
    this.#running = this.#run();
  }

  readonly observe: AuthenticationObserver = ({ outcome, caller, reason }) => {
    const { clock, metrics } = this.#options;
    metrics.count('tripcoil_authentications_total', { outcome });
    const now = clock.now();
    const known = this.#tallyOf(tenantOf(caller), caller?.name ?? NOBODY, outcome, reason, now);
    known.count += 1;
    known.lastAt = now;
  };

  /** Writes what has been counted. What cannot be written now is kept for the next time. */
  async flush(): Promise<void> {
    const tallies = this.#tallies;
    this.#tallies = new Map();
    const byTenant = Map.groupBy(tallies.values(), ({ tenant }) => tenant);
    for (const [tenant, of] of byTenant) {
      const sender: Principal = {
        name: OWN_FORMAT,
        roles: ['ingest'],
        tenants: [tenant],
        trust: 'resource',
      };
      try {
        await this.#options.ingest.submit({ sender, events: of.map(eventOf) });
      } catch {
        for (const tally of of) this.#restore(tally);
      }
    }
  }

  /** Writes what is left, and no more after that. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.flush();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#options.clock.sleep(LIMITS.authenticationWindowMs, signal);
      if (!signal.aborted) await this.flush();
    }
  }

  #tallyOf(
    tenant: string,
    caller: string,
    outcome: Tally['outcome'],
    reason: string | null,
    firstAt: EpochMs,
  ): Tally {
    const key = JSON.stringify([tenant, caller, outcome, reason]);
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    if (this.#tallies.size >= LIMITS.authenticationCallers && caller !== OTHERS) {
      return this.#tallyOf(SYSTEM_TENANT, OTHERS, outcome, null, firstAt);
    }
    const tally: Tally = { tenant, caller, outcome, reason, firstAt, lastAt: firstAt, count: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }

  #restore({ tenant, caller, outcome, reason, firstAt, lastAt, count }: Tally): void {
    const known = this.#tallyOf(tenant, caller, outcome, reason, firstAt);
    known.count += count;
    known.lastAt = Math.max(known.lastAt, lastAt);
  }
}

function tenantOf(caller: Principal | null): string {
  const only = caller === null || caller.tenants === '*' ? [] : caller.tenants;
  return only.length === 1 ? (only[0] ?? SYSTEM_TENANT) : SYSTEM_TENANT;
}

function eventOf({ caller, outcome, reason, firstAt, lastAt, count }: Tally): ReceivedEvent {
  const isFailure = outcome === 'failure';
  return {
    v: 1,
    id: randomUUID(),
    time: lastAt,
    kind: 'authentication',
    phase: 'executed',
    source: { format: OWN_FORMAT, name: 'api' },
    agent: { id: caller },
    action: { name: 'authenticate', op: 'execute' },
    decision: { verdict: isFailure ? 'deny' : 'allow', ...(reason === null ? {} : { reason }) },
    outcome: isFailure
      ? { status: 'denied', ...(reason === null ? {} : { errorType: reason }) }
      : { status: 'success' },
    attrs: { count, first_time: firstAt },
  };
}

/** An authenticator that tells of every credential it was asked about. */
export function observedAuthenticator(
  inner: Authenticator,
  observe: AuthenticationObserver,
): Authenticator {
  /** Why a signed token was refused, from `prepare` to the `authenticate` right after it. */
  const refused = new Map<string, Authentication['reason']>();
  const { prepare } = inner;
  return {
    authenticate: (token) => {
      const caller = inner.authenticate(token);
      const digest = caller === null && refused.size > 0 ? hash('sha256', token) : '';
      const reason = caller === null ? (refused.get(digest) ?? 'unknown_token') : null;
      refused.delete(digest);
      observe({ outcome: caller === null ? 'failure' : 'success', caller, reason });
      return caller;
    },
    ...(prepare === undefined
      ? {}
      : {
          prepare: async (token) => {
            const failure = await prepare(token);
            if (failure === null) return null;
            const [oldest] = refused.size >= LIMITS.authenticationCallers ? refused.keys() : [];
            if (oldest !== undefined) refused.delete(oldest);
            refused.set(hash('sha256', token), failure);
            return failure;
          },
        }),
  };
}
