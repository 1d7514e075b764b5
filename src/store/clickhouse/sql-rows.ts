import type { AccessEvent } from '../../core/access-event.ts';
import type { ChainLink } from '../../core/chain.ts';
import { TripcoilError } from '../../core/errors.ts';
import type { ChainRow } from '../../ports/store.ts';
import type { StoredLink } from '../follow-chain.ts';
import type { SqlRow } from './sql-executor.ts';

/** A row of events with its body. */
export function chainRowOf(row: SqlRow): ChainRow {
  return {
    seq: numberOf(row, 'seq'),
    loggedAt: numberOf(row, 'logged_at_ms'),
    event: JSON.parse(textOf(row, 'body')) as AccessEvent,
  };
}

/** A row of links. */
export function linkOf(row: SqlRow): StoredLink {
  return {
    seq: numberOf(row, 'seq'),
    tenant: textOf(row, 'tenant'),
    link: JSON.parse(textOf(row, 'body')) as ChainLink,
  };
}

/** Servers quote 64-bit integers, the embedded engine does not. */
export function numberOf(row: SqlRow, column: string): number {
  const value = Number(row[column]);
  if (!Number.isFinite(value)) throw new TripcoilError('internal', `store column ${column}`);
  return value;
}

/** @throws TripcoilError `internal` where the store answers with something else. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TripcoilError('internal', `store column ${column}`);
  return value;
}
