import * as z from 'zod';
import { OUTCOMES } from '../core/access-event.ts';
import { OWN_FORMAT } from '../core/entry.ts';
import type { ChainRow } from '../ports/store.ts';
import { timeText } from './bodies.ts';

export interface AuthenticationBody {
  readonly event_id: string;
  readonly time: string;
  readonly tenant: string;
  /** Who authenticated, or said so; `unauthenticated` for credentials nobody knows. */
  readonly agent: string;
  readonly principal: string | null;
  readonly action: string;
  readonly outcome: string;
  /** Why it failed, as a code of the source. */
  readonly error_type: string | null;
  /** How many alike the record stands for. */
  readonly count: number;
  readonly source: string;
  readonly trust: string;
}

/** `AuthenticationBody` as a schema. */
export const AUTHENTICATION: z.ZodType<AuthenticationBody> = z.strictObject({
  event_id: z.string(),
  time: z.iso.datetime().describe('RFC 3339, UTC.'),
  tenant: z.string(),
  agent: z.string().describe('Who authenticated; `unauthenticated` where nobody knows.'),
  principal: z.string().nullable(),
  action: z.string(),
  outcome: z.enum(OUTCOMES),
  error_type: z.string().nullable().describe('Why it failed, as a code of the source.'),
  count: z.int().min(1).describe('How many alike the record stands for.'),
  source: z.string(),
  trust: z.string(),
});

/** An event of kind `authentication` as the API tells of it. */
export function authenticationBody({ event }: ChainRow): AuthenticationBody {
  const { source, outcome } = event;
  return {
    event_id: event.id,
    time: timeText(event.time),
    tenant: event.tenant.id,
    agent: event.agent.id,
    principal: event.principal?.sub ?? null,
    action: event.action.name,
    outcome: outcome.status,
    error_type: outcome.errorType ?? null,
    count: countOf(event),
    source: source.name ?? source.format,
    trust: source.trust,
  };
}

/** Only records of our own are tallies; what others put there may mean anything. */
function countOf({ source, attrs }: ChainRow['event']): number {
  const count = source.format === OWN_FORMAT ? attrs['count'] : undefined;
  return Number.isSafeInteger(count) && Number(count) > 0 ? Number(count) : 1;
}
