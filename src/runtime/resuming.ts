import { setImmediate } from 'node:timers/promises';
import { urgencyOf } from '../core/breaker-order.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import type { BoardState } from '../engine/breaker/board.ts';
import { type StandingOrder, standingOrders } from '../engine/breaker/orders.ts';
import type { RevocationReceiver } from '../ports/revocation-receiver.ts';

type Tenants = ReadonlyMap<string, { readonly board: BoardState }>;

export interface ResumingOptions {
  /** As the engine has them now. */
  readonly tenants: () => Tenants;
  readonly send: (standing: StandingOrder, receivers: ReadonlySet<string>) => void;
  /** Lets others have the thread; the next pass of the event loop unless given. */
  readonly pause?: () => Promise<unknown>;
}

/**
 * Sends receivers what the engine owes them: at the start, when one comes, when one has room again.
 * What revokes goes first, tenants take turns, and the thread is given up every
 * `LIMITS.resumedAtOnce` orders. Who asks meanwhile is served by the next walk.
 */
export class Resuming {
  readonly #options: ResumingOptions;
  readonly #asked = new Map<string, RevocationReceiver['tenants']>();
  #walking = false;

  constructor(options: ResumingOptions) {
    this.#options = options;
  }

  /** The first orders are sent before it returns. */
  resume(receivers: Iterable<Pick<RevocationReceiver, 'name' | 'tenants'>>): void {
    for (const { name, tenants } of receivers) this.#asked.set(name, tenants);
    if (!this.#walking) void this.#walk();
  }

  async #walk(): Promise<void> {
    this.#walking = true;
    while (this.#asked.size > 0) {
      const asked = new Map(this.#asked);
      this.#asked.clear();
      const names = new Set(asked.keys());
      let seen = 0;
      for (const standing of this.#ordersFor([...asked.values()])) {
        if (standing) this.#options.send(standing, names);
        seen += 1;
        if (seen % LIMITS.resumedAtOnce === 0) await this.#pause();
      }
    }
    this.#walking = false;
  }

  #pause(): Promise<unknown> {
    return (this.#options.pause ?? setImmediate)();
  }

  /** What revokes, then the rest; null for one whose turn it is not. */
  *#ordersFor(
    serving: readonly RevocationReceiver['tenants'][],
  ): Generator<StandingOrder | null, void> {
    for (const revoking of [true, false]) {
      for (const standing of inTurn(this.#options.tenants, serving)) {
        yield (urgencyOf(standing.order) === 0) === revoking ? standing : null;
      }
    }
  }
}

/** One order of each tenant after the other. A tenant that is erased meanwhile has none left. */
function* inTurn(
  tenants: () => Tenants,
  serving: readonly RevocationReceiver['tenants'][],
): Generator<StandingOrder> {
  const everyone = serving.includes('*');
  const served = new Set(serving.flatMap((names) => (names === '*' ? [] : names)));
  let walks = [...tenants()]
    // A global stop concerns whoever serves any tenant.
    .filter(([tenant]) => everyone || served.has(tenant) || tenant === SYSTEM_TENANT)
    .map(([tenant, { board }]) => ({ tenant, board, orders: standingOrders(board) }));
  while (walks.length > 0) {
    const left: typeof walks = [];
    for (const walk of walks) {
      if (tenants().get(walk.tenant)?.board !== walk.board) continue;
      const { value } = walk.orders.next();
      if (value === undefined) continue;
      left.push(walk);
      yield value;
    }
    walks = left;
  }
}
