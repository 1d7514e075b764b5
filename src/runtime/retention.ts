import { SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { RetentionPolicy } from '../core/retention.ts';
import { DAY_MS, type EpochMs } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerRetention } from '../ports/ledger-retention.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/store.ts';
import type { Partition } from './partition.ts';

export interface RetentionOptions {
  readonly host: { readonly partition: Partition; snapshot(): Promise<boolean> };
  readonly retention: LedgerRetention;
  readonly store: Pick<Store, 'erase'>;
  readonly policyOf: (tenant: string) => RetentionPolicy;
  /** Why nothing of a tenant may be deleted, or null. */
  readonly heldBecause: (tenant: string) => string | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** What one tenant has that is too old. */
interface Overdue {
  readonly tenant: string;
  readonly months: readonly string[];
}

/**
 * Gives up what is kept for longer than it is to be: first keys of whole months, then rows of the
 * store, then segments in which nobody can read anything. Looks every `LIMITS.retentionEveryMs`;
 * all that it does is recorded in the log of the process.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  /** Up to where rows were deleted, by tenant: of those there are. */
  readonly #rows = new Map<string, number>();
  /** Tenants whose hold is on record since the start. */
  readonly #held = new Set<string>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends after what is under way. Safe twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** One look. Rejects where the disk or the store refuses; the next look tries again. */
  async look(): Promise<void> {
    const { host, clock, log } = this.#options;
    const now = clock.now();
    const tenants = [...host.partition.shard.tenants.keys()];
    const overdue = await this.#overdue(tenants, now);
    // What the engine knows is sealed under younger keys before the old ones go.
    if (overdue.length > 0 && !(await host.snapshot())) {
      log.warn('nothing is deleted for its age: there is no new snapshot');
      return;
    }
    for (const { tenant, months } of overdue) await this.#expire(tenant, months);
    for (const tenant of tenants) await this.#deleteRows(tenant, now);
    const deleted = await this.#options.retention.deleteSegments();
    if (deleted.segments === 0) return;
    const { segments, firstSeq } = deleted;
    await this.#record({ type: 'segments_deleted', segments, first_seq: firstSeq });
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(LIMITS.retentionEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.look();
      } catch (error) {
        log.error('retention failed, trying again', { error: String(error) });
      }
    }
  }

  async #overdue(tenants: readonly string[], now: EpochMs): Promise<readonly Overdue[]> {
    const overdue: Overdue[] = [];
    for (const tenant of tenants) {
      const days = this.#policyOf(tenant, tenants).evidenceDays;
      if (days === null) continue;
      const months = await this.#options.retention.months(tenant, now - days * DAY_MS);
      if (months.length > 0 && !(await this.#isHeld(tenant))) overdue.push({ tenant, months });
    }
    return overdue;
  }

  async #expire(tenant: string, months: readonly string[]): Promise<void> {
    await this.#record({ type: 'expiry_begun', of: tenant, months });
    const { keys } = await this.#options.retention.expire(tenant, months);
    await this.#record({ type: 'expired', of: tenant, months, keys });
  }

  /** Once a day, and after each month that expired. */
  async #deleteRows(tenant: string, now: EpochMs): Promise<void> {
    const { evidenceDays, searchDays } = this.#policyOf(tenant, []);
    if (searchDays === null || tenant === SYSTEM_TENANT || (await this.#isHeld(tenant))) return;
    const day = Math.floor((now - searchDays * DAY_MS) / DAY_MS) * DAY_MS;
    const month = evidenceDays === null ? 0 : startOfMonth(now - evidenceDays * DAY_MS);
    const beforeSeq = await this.#options.retention.seqSince(
      searchDays === evidenceDays ? month : Math.max(day, month),
    );
    if (beforeSeq <= (this.#rows.get(tenant) ?? 1)) return;
    await this.#options.store.erase(tenant, '*', beforeSeq);
    this.#rows.set(tenant, beforeSeq);
    await this.#record({ type: 'rows_expired', of: tenant, before_seq: beforeSeq });
  }

  /** What belongs to no tenant is kept as long as that of any. */
  #policyOf(tenant: string, tenants: readonly string[]): RetentionPolicy {
    const { policyOf } = this.#options;
    if (tenant !== SYSTEM_TENANT) return policyOf(tenant);
    const all = tenants.map((each) => policyOf(each).evidenceDays);
    const evidenceDays = all.includes(null) ? null : Math.max(...all.map((days) => days ?? 0));
    return { evidenceDays, searchDays: null };
  }

  async #isHeld(tenant: string): Promise<boolean> {
    const why = this.#options.heldBecause(tenant);
    if (why === null) {
      this.#held.delete(tenant);
      return false;
    }
    if (!this.#held.has(tenant)) await this.#record({ type: 'expiry_held', of: tenant });
    this.#held.add(tenant);
    return true;
  }

  #record(body: { readonly [name: string]: unknown }): Promise<void> {
    const entry = { kind: 'key', tenant: SYSTEM_TENANT, body } as const;
    return this.#options.host.partition.append([entry]);
  }
}

function startOfMonth(time: EpochMs): EpochMs {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}
