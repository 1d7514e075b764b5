import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';

interface Reader {
  streams: number;
  /** Monotone time at which the last stream ended; null while one is open. */
  leftMs: number | null;
}

/**
 * The brokers that read the feed, by name and tenant: they owe an acknowledgement of every breaker.
 * One that left still does for a day, since it may act on what it last heard; bounded, the one that
 * came longest ago is forgotten first. Not persisted: after a restart they come back by themselves.
 */
export class FeedReaders {
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Map<string, Reader>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a stream; returns what notes its end, safe twice. */
  join(tenant: string, broker: string): () => void {
    const readers = this.#tenants.get(tenant) ?? new Map<string, Reader>();
    this.#tenants.set(tenant, readers);
    const reader = readers.get(broker) ?? { streams: 0, leftMs: null };
    readers.delete(broker);
    readers.set(broker, reader);
    reader.streams += 1;
    reader.leftMs = null;
    this.#forget(readers);
    let joined = true;
    return () => {
      if (!joined) return;
      joined = false;
      reader.streams -= 1;
      if (reader.streams === 0) reader.leftMs = this.#clock.monotonicMs();
    };
  }

  /** Names in the order they came. */
  of(tenant: string): readonly string[] {
    const readers = this.#tenants.get(tenant);
    if (!readers) return [];
    this.#forget(readers);
    return [...readers.keys()];
  }

  #forget(readers: Map<string, Reader>): void {
    const oldest = this.#clock.monotonicMs() - LIMITS.feedReaderForgottenMs;
    for (const [name, { leftMs }] of readers) {
      const isOver = readers.size > LIMITS.feedSubscribers;
      if (leftMs !== null && (leftMs < oldest || isOver)) readers.delete(name);
    }
  }
}
