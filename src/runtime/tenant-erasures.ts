import { randomUUID } from 'node:crypto';
import { type Command, SYSTEM_TENANT, UNKNOWN_TENANT } from '../core/entry.ts';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { BegunErasure, LedgerErasure } from '../ports/ledger-erasure.ts';
import type { Log } from '../ports/log.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { Store } from '../ports/store.ts';
import type { Subjects } from '../ports/subjects.ts';
import type { TenantErased, TenantErasureOrder, TenantErasures } from '../ports/tenant-erasures.ts';
import { decodeEntry } from './entries.ts';
import type { Committed, Partition } from './partition.ts';
import type { Projector } from './projector.ts';

export interface TenantErasuresOptions {
  readonly host: { readonly partition: Partition; readonly projector: Projector };
  readonly erasure: LedgerErasure;
  readonly redactor: Redactor;
  readonly subjects: Pick<Subjects, 'eraseTenant' | 'anyHold'>;
  readonly store: Pick<Store, 'countHolding'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Tenants that the configuration holds. */
  readonly legalHolds: readonly string[];
}

interface Asked {
  readonly order: TenantErasureOrder;
  readonly expiresAt: EpochMs;
}

type EraseTenant = Extract<Command, { readonly type: 'erase_tenant' }>;

/**
 * Erases whole tenants. The order stands in the log of the process and is folded: from there on the
 * engine knows nothing of the tenant. Everything it sealed before goes with its keys.
 */
export function createTenantErasures(options: TenantErasuresOptions): TenantErasures {
  const { host, clock } = options;
  const { partition } = host;
  const asked = new Map<string, Asked>();
  partition.onCommitted((committed) => retireErased(options, committed));

  return {
    async request(order) {
      const { tenant } = order;
      forgetExpired(asked, clock.now());
      requireErasable(partition, tenant);
      await refuseHeld(options, order);
      if (asked.size >= LIMITS.openErasures) {
        throw new TripcoilError('overloaded', 'too many erasures wait for a second person');
      }
      const id = randomUUID();
      const { breakers } = partition.shard.tenants.get(tenant)?.config ?? {};
      if (breakers?.singleOperator === true) return erase(options, id, order, null);
      const expiresAt = clock.now() + LIMITS.revealMs;
      const asking = { type: 'tenant_erasure_requested', id, erased: tenant };
      await record(options, SYSTEM_TENANT, { ...asking, ...words(options, order) });
      asked.set(id, { order, expiresAt });
      return { status: 'requested', id, tenant, expiresAt };
    },
    async approve(id, { actor, credential }) {
      forgetExpired(asked, clock.now());
      const waiting = asked.get(id);
      if (waiting === undefined) throw noneWaits();
      const { order } = waiting;
      if (credential === order.credential) {
        const message = 'whoever asked cannot approve: it takes a second person';
        throw new TripcoilError('forbidden', message);
      }
      await refuseHeld(options, order);
      // Taken before anything is destroyed, so that two who approve at once approve once.
      if (!asked.delete(id)) throw noneWaits();
      return erase(options, id, order, actor);
    },
    tenantOf: (id) => asked.get(id)?.order.tenant ?? null,
  };
}

async function erase(
  options: TenantErasuresOptions,
  id: string,
  order: TenantErasureOrder,
  approver: string | null,
): Promise<TenantErased> {
  const { host, erasure, subjects, redactor } = options;
  const { partition } = host;
  const { tenant } = order;
  await projected(options, partition.shard.seq);
  const rows = await options.store.countHolding(tenant, '*');
  await erasure.begin(id, tenant);
  const body: EraseTenant = {
    ...{ type: 'erase_tenant', ...words(options, order), erased: tenant, id },
    approver: approver === null ? null : redactor.redactText(tenant, approver),
  };
  await partition.decide([{ kind: 'command', tenant: SYSTEM_TENANT, body }], true);
  const { keys: subjectKeys, values } = subjects.eraseTenant(tenant);
  const dataKeys = await erasure.destroy(id);
  const rowsDeleted = await projected(options, partition.shard.erased.get(tenant) ?? 0);
  await erasure.finish(id);
  return { status: 'erased', id, tenant, dataKeys, subjectKeys, values, ...rows, rowsDeleted };
}

async function refuseHeld(
  options: TenantErasuresOptions,
  order: TenantErasureOrder,
): Promise<void> {
  const { tenant } = order;
  const held = options.legalHolds.includes(tenant)
    ? 'the configuration holds this tenant'
    : options.subjects.anyHold(tenant);
  if (held === null) return;
  await record(options, tenant, { type: 'erasure_refused', ...words(options, order) });
  throw new TripcoilError('conflict', `under legal hold: ${held}`);
}

function record(
  { host }: TenantErasuresOptions,
  tenant: string,
  body: { readonly [name: string]: unknown },
): Promise<void> {
  return host.partition.append([{ kind: 'key', tenant, body }]);
}

function words({ redactor }: TenantErasuresOptions, order: TenantErasureOrder) {
  const { tenant, actor, reason } = order;
  return {
    actor: redactor.redactText(tenant, actor),
    reason: redactor.redactText(tenant, reason),
  };
}

/**
 * Ends the erasures that a crash cut off, before the engine reads the ledger: then it either knows
 * all of a tenant or nothing.
 */
export async function resumeErasures(options: {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly erasure: LedgerErasure;
  readonly subjects: Pick<Subjects, 'eraseTenant'>;
  readonly log: Log;
}): Promise<void> {
  const { ledger, erasure, subjects, log } = options;
  for (const begun of await erasure.begun()) {
    const { id, tenant } = begun;
    if (!begun.destroyed && (await wasOrdered(ledger, begun))) {
      subjects.eraseTenant(tenant);
      await erasure.destroy(id);
      log.warn('an erasure that was cut off is complete', { tenant });
    }
    await erasure.finish(id);
  }
}

/** While nothing more is written: what comes after the order belongs to another tenant. */
function retireErased({ erasure }: TenantErasuresOptions, { folded }: Committed): void {
  for (const { kind, body } of folded) {
    if (kind !== 'command' || body.type !== 'erase_tenant') continue;
    erasure.retire(body.id, body.erased);
  }
}

function requireErasable({ shard }: Partition, tenant: string): void {
  if (tenant === SYSTEM_TENANT || tenant === UNKNOWN_TENANT) {
    throw new TripcoilError('bad_request', 'this is no tenant that can be erased');
  }
  if (shard.tenants.has(tenant)) return;
  throw new TripcoilError('not_found', 'nothing is known of this tenant');
}

async function wasOrdered(
  ledger: Pick<Ledger, 'read'>,
  { id, afterSeq }: BegunErasure,
): Promise<boolean> {
  for await (const batch of ledger.read(afterSeq + 1)) {
    for (const stored of batch) {
      if (stored.kind !== 'command' || stored.tenant !== SYSTEM_TENANT) continue;
      const entry = decodeEntry(stored);
      if (entry.kind !== 'command' || entry.body.type !== 'erase_tenant') continue;
      if (entry.body.id === id) return true;
    }
  }
  return false;
}

/** The store follows the log; one that is far behind is not waited for. */
async function projected({ host, clock }: TenantErasuresOptions, seq: number): Promise<boolean> {
  const enough = new AbortController();
  const late = clock.sleep(LIMITS.erasureWaitMs, enough.signal).then(() => false);
  const done = await Promise.race([host.projector.reached(seq).then(() => true), late]);
  enough.abort();
  return done;
}

function forgetExpired(asked: Map<string, Asked>, now: EpochMs): void {
  for (const [id, { expiresAt }] of asked) if (expiresAt <= now) asked.delete(id);
}

function noneWaits(): TripcoilError {
  return new TripcoilError('not_found', 'no such erasure waits; it may have expired');
}
