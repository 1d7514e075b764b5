import type { ReceivedEvent } from '../../core/access-event.ts';
import type { Reject } from '../../core/reject.ts';
import type { EpochMs } from '../../core/time.ts';

/** What a mapper makes of a record: events, and values saying what it lacks. */
export type Mapped = ReceivedEvent | Reject;

/** Where a record stood and when it came, for what the record itself does not say. */
export interface MapContext {
  /** Index in the batch, or line number from 1; goes into rejects. */
  readonly position: number;
  /** Stands in for the time of a record that has none; without it such a record is refused. */
  readonly receivedAt?: EpochMs;
}

/** One format of audit record: how to know it, and what its fields mean. */
export interface AuditFormat {
  /** Name in `/v1/audit/{format}`, `--format` and `source.format`. */
  readonly name: string;
  /** The product, as a person would say it. */
  readonly title: string;
  /**
   * What a tenant in such a record is: a `claim` in the deployment's own names, or the `account`
   * of a vendor (an AWS account, a GitHub organisation), which is no claim to a tenant by itself.
   */
  readonly tenantIs: 'claim' | 'account';
  /** Cheap, total, and true for at most one format of the registry. */
  recognises(value: unknown): boolean;
  /** The records of a value that is a list of them, which `map` takes one by one as well. */
  recordsOf?(value: unknown): readonly unknown[] | null;
  /** Pure and total: never throws, whatever the value is. */
  map(value: unknown, context: MapContext): readonly Mapped[];
}

export function isReject(mapped: Mapped): mapped is Reject {
  return 'code' in mapped;
}
