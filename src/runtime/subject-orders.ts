import type { RecordEntry } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { Store } from '../ports/store.ts';
import type {
  Erasure,
  ErasureOrder,
  HoldOrder,
  RevealOrder,
  RotationOrder,
  SubjectOrders,
} from '../ports/subject-orders.ts';
import type { Subjects } from '../ports/subjects.ts';
import type { Partition } from './partition.ts';
import type { Projector } from './projector.ts';
import { Reveals } from './reveals.ts';

export interface SubjectOrdersOptions {
  readonly host: { readonly partition: Partition; readonly projector: Projector };
  readonly redactor: Redactor;
  readonly subjects: Subjects;
  readonly store: Store;
  readonly clock: Clock;
  /** Tenants that the configuration holds. */
  readonly legalHolds: readonly string[];
}

/** Orders about persons and keys: each is recorded, and none repeats a value in its record. */
export function createSubjectOrders(options: SubjectOrdersOptions): SubjectOrders {
  const { host, redactor, subjects, store, clock } = options;
  const { partition, projector } = host;
  const record = async (tenant: string, kind: RecordEntry['kind'], body: RecordEntry['body']) => {
    const words = Object.entries(body).map(([name, value]) =>
      WORDS.has(name) && typeof value === 'string'
        ? ([name, redactor.redactText(tenant, value)] as const)
        : ([name, value] as const),
    );
    await partition.append([{ kind, tenant, body: Object.fromEntries(words) }]);
  };
  const reveals = new Reveals({ subjects, clock, record });

  return {
    async erase(order) {
      const { tenant, actor, reason } = order;
      const { tokens, recorded, everywhere } = needlesOf(options, order);
      const held = options.legalHolds.includes(tenant)
        ? 'the configuration holds this tenant'
        : subjects.heldBecause(tenant, tokens);
      if (held !== null) {
        if (!order.dryRun) await record(tenant, 'key', { type: 'erasure_refused', actor, reason });
        throw new TripcoilError('conflict', `under legal hold: ${held}`);
      }
      await projector.reached(partition.shard.seq);
      const holdings = subjects.holdings(tenant, tokens);
      const rows = await store.countHolding(tenant, everywhere);
      const affected: Erasure = { tenant, dryRun: order.dryRun, ...holdings, ...rows };
      if (order.dryRun) return affected;
      // Before anything is destroyed: a crash in between leaves an order that can be given again.
      await record(tenant, 'key', {
        ...{ type: 'erasure', actor, reason, needles: told(recorded, redactor, tenant) },
        ...{ keys: holdings.keys, values: holdings.values, ...rows },
      });
      subjects.erase(tenant, tokens);
      await store.erase(tenant, everywhere, partition.shard.seq + 1);
      return affected;
    },
    async hold(order) {
      const tokens = tokensOf(subjects, order);
      await record(order.tenant, 'key', holdBody('legal_hold', order, tokens));
      subjects.hold(order.tenant, tokens, redactor.redactText(order.tenant, order.reason));
    },
    async release(order) {
      const tokens = tokensOf(subjects, order);
      const released = subjects.release(order.tenant, tokens);
      if (released === 0) throw new TripcoilError('not_found', 'no such hold');
      await record(order.tenant, 'key', holdBody('legal_hold_released', order, tokens));
    },
    async rotate({ tenant, overlapMs, actor, reason }: RotationOrder) {
      const rotation = subjects.rotate(tenant, overlapMs);
      const { keyId, previousKeyId, overlapUntil } = rotation;
      const body = { type: 'rotation', actor, reason, keyId, previousKeyId, overlapUntil };
      await record(tenant, 'key', body);
      return rotation;
    },
    requestReveal: (order: RevealOrder) => reveals.request(order),
    approveReveal: (id, actor) => reveals.approve(id, actor),
    readReveal: (id, actor) => reveals.read(id, actor),
    revealTenant: (id) => reveals.tenantOf(id),
  };
}

function needlesOf(
  { subjects, redactor }: SubjectOrdersOptions,
  { tenant, subject }: ErasureOrder,
): Needles {
  const tokens = subject.flatMap((identifier) => subjects.tokensOf(tenant, identifier));
  const names = subject.map((identifier) => redactor.redactText(tenant, identifier));
  const plain = subject.map((identifier) => JSON.stringify(identifier));
  return {
    tokens: [...new Set(tokens)],
    recorded: [...new Set([...tokens, ...names.map((name) => JSON.stringify(name))])],
    everywhere: [...new Set([...tokens, ...plain])],
  };
}

interface Needles {
  readonly tokens: readonly string[];
  /** What may stand in the ledger's tombstone. */
  readonly recorded: readonly string[];
  /** Plain too: so ids stand that were recorded before they became tokens (docs/adr/0006). */
  readonly everywhere: readonly string[];
}

const WORDS: ReadonlySet<string> = new Set(['actor', 'reason', 'approver']);

/** A second look: nothing but tokens and words that the redactor lets stand is written. */
function told(needles: readonly string[], redactor: Redactor, tenant: string): readonly string[] {
  return needles
    .map((needle) => redactor.redactText(tenant, needle))
    .slice(0, LIMITS.tokensPerErasure);
}

function tokensOf(subjects: Subjects, { tenant, subject }: HoldOrder): readonly string[] {
  return [...new Set(subject.flatMap((identifier) => subjects.tokensOf(tenant, identifier)))];
}

function holdBody(type: string, { actor, reason, subject }: HoldOrder, tokens: readonly string[]) {
  return { type, actor, reason, everybody: subject.length === 0, tokens };
}
