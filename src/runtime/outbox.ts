import { breakerKeyText } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';
import type { Revocation } from '../core/revocation.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';
import type { Unplaced } from './entries.ts';

export interface OutboxOptions {
  readonly receivers: readonly RevocationReceiver[];
  /** Records an acknowledgement or a refusal in the ledger. */
  readonly append: (entries: readonly Unplaced[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Spreads retries, 0 to 1; injected so that tests are exact. */
  readonly jitter: () => number;
}

/**
 * Delivers each revocation to each receiver until it is acknowledged, rejected or superseded by a
 * later epoch of its key: in order per key, keys in parallel. It holds no file of its own: what is
 * owed after a crash is read from the engine, which folds the acknowledgements too.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  /** The newest revocation per receiver and key, still to be delivered. */
  readonly #owed = new Map<string, Revocation>();
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get unacknowledged(): number {
    return this.#owed.size;
  }

  /** Names of the receivers a revocation of this tenant goes to. */
  receiversOf(tenant: string): readonly string[] {
    return this.#options.receivers.filter((r) => covers(r, tenant)).map((r) => r.name);
  }

  /** Owes a revocation to every receiver of its tenant that has not acknowledged it. */
  send(revocation: Revocation, acknowledgedBy: readonly string[] = []): void {
    for (const receiver of this.#options.receivers) {
      if (!covers(receiver, revocation.key.tenant)) continue;
      if (acknowledgedBy.includes(receiver.name)) continue;
      const lane = `${receiver.name}\n${breakerKeyText(revocation.key)}`;
      if (!this.#owed.has(lane) && this.#owed.size >= LIMITS.outboxPending) {
        this.#options.log.error('outbox full: revocation stays owed in the ledger only', {
          receiver: receiver.name,
        });
        continue;
      }
      this.#owed.set(lane, revocation);
      if (!this.#lanes.has(lane)) this.#lanes.set(lane, this.#drain(lane, receiver));
    }
    this.#gauge();
  }

  /** A breaker closed: an opening that was never delivered is superseded. */
  supersede(key: Revocation['key']): void {
    for (const receiver of this.#options.receivers) {
      this.#owed.delete(`${receiver.name}\n${breakerKeyText(key)}`);
    }
    this.#gauge();
  }

  /** Stops delivering; what is owed stays owed in the ledger. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#lanes.values());
  }

  async #drain(lane: string, receiver: RevocationReceiver): Promise<void> {
    let attempt = 0;
    let current: Revocation | undefined;
    while (!this.#stop.signal.aborted) {
      const next = this.#owed.get(lane);
      if (!next) break;
      if (next !== current) attempt = 0;
      current = next;
      const done = await this.#attempt(lane, receiver, next, attempt);
      if (!done) attempt += 1;
    }
    this.#lanes.delete(lane);
  }

  /** True when this revocation needs no further attempt. */
  async #attempt(
    lane: string,
    receiver: RevocationReceiver,
    revocation: Revocation,
    attempt: number,
  ): Promise<boolean> {
    const { clock, log, metrics } = this.#options;
    const timeout = AbortSignal.timeout(LIMITS.deliveryTimeoutMs);
    const signal = AbortSignal.any([this.#stop.signal, timeout]);
    const outcome = await receiver.deliver(revocation, signal);
    metrics.count('tripcoil_revocations_total', {
      broker: receiver.name,
      transport: 'ssf_push',
      result: outcome.status,
    });
    switch (outcome.status) {
      case 'acknowledged':
      case 'rejected':
        await this.#settle(lane, receiver, revocation, outcome);
        return true;
      case 'retry': {
        if (this.#stop.signal.aborted) return false;
        if (attempt === 0) {
          log.warn('revocation not delivered yet, retrying', { receiver: receiver.name });
        }
        await clock.sleep(outcome.afterMs ?? this.#backoffMs(attempt), this.#stop.signal);
        return false;
      }
    }
  }

  async #settle(
    lane: string,
    receiver: RevocationReceiver,
    revocation: Revocation,
    outcome: { status: 'acknowledged' } | { status: 'rejected'; detail: string },
  ): Promise<void> {
    const { key, jti, term, epoch } = revocation;
    const entry: Unplaced =
      outcome.status === 'acknowledged'
        ? {
            kind: 'ack',
            tenant: key.tenant,
            body: { receiver: receiver.name, jti, key, term, epoch },
          }
        : {
            kind: 'delivery',
            tenant: key.tenant,
            body: { receiver: receiver.name, jti, status: 'rejected', detail: outcome.detail },
          };
    if (outcome.status === 'rejected') {
      this.#options.log.error('receiver rejected a revocation; it will not obey it', {
        receiver: receiver.name,
        detail: outcome.detail,
      });
    }
    if (this.#owed.get(lane) === revocation) this.#owed.delete(lane);
    this.#gauge();
    // Not recorded means delivered again after a restart: at least once, never lost.
    await this.#options.append([entry]).catch(() => undefined);
  }

  #backoffMs(attempt: number): number {
    const { deliveryBackoffFirstMs: first, deliveryBackoffMaxMs: max } = LIMITS;
    const base = Math.min(max, first * 2 ** Math.min(attempt, 20));
    return base * (0.5 + this.#options.jitter() / 2);
  }

  #gauge(): void {
    const { receivers, metrics } = this.#options;
    const owed = new Map(receivers.map(({ name }) => [name, 0]));
    for (const lane of this.#owed.keys()) {
      const broker = lane.slice(0, lane.indexOf('\n'));
      owed.set(broker, (owed.get(broker) ?? 0) + 1);
    }
    for (const [broker, count] of owed) {
      metrics.gauge('tripcoil_revocations_unacked', count, { broker });
    }
  }
}

function covers(receiver: RevocationReceiver, tenant: string): boolean {
  return receiver.tenants === '*' || receiver.tenants.includes(tenant);
}
