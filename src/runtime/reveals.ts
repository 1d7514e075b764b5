import { randomUUID } from 'node:crypto';
import type { RecordEntry } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { RevealOrder, RevealState } from '../ports/subject-orders.ts';
import type { Subjects } from '../ports/subjects.ts';

interface Reveal {
  readonly order: RevealOrder;
  readonly expiresAt: number;
  approver: string | null;
}

/**
 * Values behind tokens, for two people's eyes: one asks, another approves, the first reads once
 * within `LIMITS.revealMs`. Every step is in the ledger before it takes effect; the value never is.
 */
export class Reveals {
  readonly #subjects: Subjects;
  readonly #clock: Clock;
  readonly #record: (
    tenant: string,
    kind: RecordEntry['kind'],
    body: RecordEntry['body'],
  ) => Promise<void>;
  readonly #open = new Map<string, Reveal>();

  constructor(options: {
    readonly subjects: Subjects;
    readonly clock: Clock;
    readonly record: (
      tenant: string,
      kind: RecordEntry['kind'],
      body: RecordEntry['body'],
    ) => Promise<void>;
  }) {
    this.#subjects = options.subjects;
    this.#clock = options.clock;
    this.#record = options.record;
  }

  async request(order: RevealOrder): Promise<RevealState> {
    const { tenant, token, actor, reason } = order;
    this.#forgetExpired();
    if (this.#open.size >= LIMITS.openReveals) {
      throw new TripcoilError('overloaded', 'too many reveals are open', { retryable: true });
    }
    if (this.#subjects.reveal(tenant, token) === null) throw nothing();
    const id = randomUUID();
    const expiresAt = this.#clock.now() + LIMITS.revealMs;
    await this.#record(tenant, 'view', { type: 'reveal_requested', id, token, actor, reason });
    this.#open.set(id, { order, expiresAt, approver: null });
    return { id, status: 'requested', expiresAt };
  }

  async approve(id: string, actor: string): Promise<RevealState> {
    const reveal = this.#get(id);
    const { tenant, token } = reveal.order;
    if (actor === reveal.order.actor) {
      throw new TripcoilError('forbidden', 'somebody else must approve what you asked for');
    }
    await this.#record(tenant, 'view', { type: 'reveal_approved', id, token, actor });
    reveal.approver = actor;
    return { id, status: 'approved', expiresAt: reveal.expiresAt };
  }

  async read(id: string, actor: string): Promise<string> {
    const reveal = this.#get(id);
    const { tenant, token } = reveal.order;
    if (actor !== reveal.order.actor) {
      throw new TripcoilError('forbidden', 'only the person who asked may read it');
    }
    const { approver } = reveal;
    if (approver === null) throw new TripcoilError('forbidden', 'nobody else has approved it yet');
    // Taken before the record is written, so that two readers at once get one reading.
    this.#open.delete(id);
    await this.#record(tenant, 'view', { type: 'revealed', id, token, actor, approver });
    const value = this.#subjects.reveal(tenant, token);
    if (value === null) throw nothing();
    return value;
  }

  tenantOf(id: string): string | null {
    return this.#open.get(id)?.order.tenant ?? null;
  }

  #get(id: string): Reveal {
    this.#forgetExpired();
    const reveal = this.#open.get(id);
    if (reveal === undefined) throw new TripcoilError('not_found', 'no such reveal is open');
    return reveal;
  }

  #forgetExpired(): void {
    for (const [id, { expiresAt }] of this.#open) {
      if (expiresAt <= this.#clock.now()) this.#open.delete(id);
    }
  }
}

function nothing(): TripcoilError {
  return new TripcoilError('not_found', 'no value is sealed for this token');
}
