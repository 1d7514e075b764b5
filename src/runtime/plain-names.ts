import type { BreakerKey } from '../core/breaker.ts';
import type { BreakerOrder } from '../core/breaker-order.ts';
import type { BreakerRecord, BreakerView, CheckAnswer, FeedDelta } from '../ports/breakers.ts';
import type { Control } from '../ports/control.ts';
import type { Identifiers } from '../ports/identifiers.ts';

/**
 * What brokers are told with ids as they know them, resolved as it is told (docs/adr/0006). The
 * engine, the ledger and everybody else have the pseudonyms.
 */

/** Nothing is under a pseudonym that anybody could resolve. */
export const NO_IDENTIFIERS: Identifiers = { plainOf: (_tenant, id) => id, erasures: 0 };

/** A name as brokers know it, or the pseudonym where that is gone. */
interface Named<Value> {
  readonly value: Value;
  readonly unresolvable: boolean;
}

/** What callers of role `broker`, and those who are told of their breakers, are given. */
export interface ForBrokers {
  readonly view: BreakerView;
  readonly control: Pick<Control, 'propose'>;
  /** A key as brokers know it, or as recorded where that is gone. */
  readonly keyOf: (key: BreakerKey) => BreakerKey;
}

/** Puts the names that brokers know on top of what the engine says. */
export function createForBrokers(
  view: BreakerView,
  control: Control,
  identifiers: Identifiers,
): ForBrokers {
  return {
    view: createBrokerView(view, identifiers),
    control: createBrokerControl(control, identifiers),
    keyOf: (key) => plainKey(identifiers, key).value,
  };
}

/** The view for callers of role `broker`. */
export function createBrokerView(view: BreakerView, identifiers: Identifiers): BreakerView {
  const recordOf = (record: BreakerRecord): BreakerRecord => {
    const { value: key, unresolvable } = plainKey(identifiers, record.key);
    return key === record.key && !unresolvable
      ? record
      : { ...record, key, ...(unresolvable && { unresolvable }) };
  };
  const deltaOf = (delta: FeedDelta): FeedDelta => {
    const { transition } = delta;
    const { value: key, unresolvable } = plainKey(identifiers, transition.key);
    return key === transition.key && !unresolvable
      ? delta
      : { ...delta, transition: { ...transition, key }, ...(unresolvable && { unresolvable }) };
  };
  return {
    get term() {
      return view.term;
    },
    get renamings() {
      return identifiers.erasures;
    },
    snapshot(tenant) {
      const snapshot = view.snapshot(tenant);
      return {
        ...snapshot,
        breakers: snapshot.breakers.map(recordOf),
        revokedBefore: (snapshot.revokedBefore ?? []).flatMap(({ agent, epoch }) => {
          const { value, unresolvable } = plainText(identifiers, tenant, agent);
          return unresolvable ? [] : [{ agent: value, epoch }];
        }),
      };
    },
    since: (tenant, seq) => view.since(tenant, seq)?.map(deltaOf) ?? null,
    check: (request) => plainAnswer(identifiers, view.check(request)),
    subscribe: (listener) => view.subscribe((delta) => listener(deltaOf(delta))),
    join: (tenant, broker) => view.join(tenant, broker),
  };
}

/** Proposals of callers of role `broker` are answered with the ids that they know. */
export function createBrokerControl(
  control: Control,
  identifiers: Identifiers,
): Pick<Control, 'propose'> {
  return {
    async propose(sender, event) {
      const answer = await control.propose(sender, event);
      return sender.roles.includes('broker') ? plainAnswer(identifiers, answer) : answer;
    },
  };
}

/** An order as receivers need it; the same one where it names nobody under a pseudonym. */
export function plainOrder(identifiers: Identifiers, order: BreakerOrder): BreakerOrder {
  const { tenant } = order.key;
  const { value: key, unresolvable } = plainKey(identifiers, order.key);
  const agent = order.agent === null ? null : plainText(identifiers, tenant, order.agent);
  const isGone = unresolvable || agent?.unresolvable === true;
  if (key === order.key && !isGone && (agent?.value ?? null) === order.agent) {
    return order;
  }
  return { ...order, key, agent: agent?.value ?? null, ...(isGone && { unresolvable: true }) };
}

function plainAnswer(identifiers: Identifiers, answer: CheckAnswer): CheckAnswer {
  return answer.key === null ? answer : { ...answer, key: plainKey(identifiers, answer.key).value };
}

/** As brokers know it; the key itself when nothing in it is a pseudonym. */
function plainKey(identifiers: Identifiers, key: BreakerKey): Named<BreakerKey> {
  const { tenant, kind } = key;
  if (kind === 'tenant' || kind === 'global' || kind === 'broker') {
    return { value: key, unresolvable: false };
  }
  const id = plainText(identifiers, tenant, key.id);
  const agent = key.agent === undefined ? null : plainText(identifiers, tenant, key.agent);
  const unresolvable = id.unresolvable || agent?.unresolvable === true;
  if (id.value === key.id && (agent === null || agent.value === key.agent)) {
    return { value: key, unresolvable };
  }
  const value = { ...key, id: id.value, ...(agent && { agent: agent.value }) };
  return { value, unresolvable };
}

function plainText(identifiers: Identifiers, tenant: string, id: string): Named<string> {
  const plain = identifiers.plainOf(tenant, id);
  return { value: plain ?? id, unresolvable: plain === null };
}
