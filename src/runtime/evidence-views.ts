import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Evidence, EvidenceView, EvidenceViews } from '../ports/evidence-views.ts';
import type { Principal } from '../ports/ingest.ts';
import type { Log } from '../ports/log.ts';
import type { UnplacedRecord } from './entries.ts';

/**
 * Records who looked at which evidence in the tenant's log: the first look of each window counts,
 * since a page that refreshes itself is one look. A look is never refused; one that the disk
 * refused is recorded when it comes again.
 */
export class EvidenceViewRecord implements EvidenceViews {
  readonly #append: (entries: readonly UnplacedRecord[]) => Promise<void>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #redact: (tenant: string, text: string) => string;
  /** When each was last recorded, oldest first. */
  readonly #seenAt = new Map<string, EpochMs>();
  /** Newest last. */
  readonly #latest: EvidenceView[] = [];

  constructor(options: {
    readonly append: (entries: readonly UnplacedRecord[]) => Promise<void>;
    readonly clock: Clock;
    readonly log: Log;
    /** Ids come from those who ask too, who may have typed anything. */
    readonly redact: (tenant: string, text: string) => string;
  }) {
    this.#append = options.append;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#redact = options.redact;
  }

  saw({ name }: Principal, { tenant, kind, id: asked }: Evidence): void {
    const evidence = { tenant, kind, id: this.#redact(tenant, asked) };
    const at = this.#clock.now();
    const key = JSON.stringify([name, evidence.tenant, evidence.kind, evidence.id]);
    if (at - (this.#seenAt.get(key) ?? Number.NEGATIVE_INFINITY) < LIMITS.viewWindowMs) return;
    this.#seenAt.delete(key);
    this.#forget(at);
    this.#seenAt.set(key, at);
    void this.#record(key, { ...evidence, actor: name, at });
  }

  latest(tenants: readonly string[] | '*', limit: number): readonly EvidenceView[] {
    return this.#latest
      .filter(({ tenant }) => tenants === '*' || tenants.includes(tenant))
      .slice(-limit)
      .reverse();
  }

  async #record(key: string, view: EvidenceView): Promise<void> {
    const { tenant, kind, id, actor, at } = view;
    try {
      const body = { type: 'evidence_viewed', actor, of: kind, id, at };
      await this.#append([{ kind: 'view', tenant, body }]);
      this.#latest.push(view);
      if (this.#latest.length > LIMITS.viewsListed) this.#latest.shift();
    } catch (error) {
      this.#seenAt.delete(key);
      this.#log.warn('a look at evidence could not be recorded', { error: String(error) });
    }
  }

  /** Those whose window has passed, and the oldest where there are too many. */
  #forget(now: EpochMs): void {
    for (const [key, at] of this.#seenAt) {
      const isPast = now - at >= LIMITS.viewWindowMs;
      if (!isPast && this.#seenAt.size < LIMITS.viewsNoted) return;
      this.#seenAt.delete(key);
    }
  }
}
