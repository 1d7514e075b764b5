import type { EpochMs } from '../core/time.ts';
import { type TokenLife, tokenLife } from '../core/token-life.ts';
import type { StoredToken } from '../ports/store.ts';
import { timeText } from './bodies.ts';
import type { TokenBody } from './token-contract.ts';

/** What the life of a token is told from. */
export interface TokenParts {
  /** As asked for: a `jti` or a reference. */
  readonly asked: string;
  readonly stored: StoredToken;
  readonly now: EpochMs;
  readonly truncated: boolean;
}

/** The life of a token as told to people; null where nobody told of it. */
export function tokenBody({
  asked,
  stored,
  now,
  truncated,
}: TokenParts): Omit<TokenBody, 'other_tenants'> | null {
  const life = tokenLife(stored.rows, stored.transitions, now);
  const [first] = stored.rows;
  if (life === null || first === undefined) return null;
  const named = stored.rows.find(({ event }) => event.token?.jti !== undefined);
  const { state, issuers, refs, agents, subject, transaction, problems } = life;
  return {
    jti: named?.event.token?.jti ?? null,
    asked,
    tenant: first.event.tenant.id,
    state,
    times: timesBody(life),
    ...{ issuers, subject, transaction, agents, refs, problems },
    steps: life.steps.map(({ time, eventId, revokedBy, ...step }) => ({
      ...step,
      time: timeText(time),
      event_id: eventId,
      revoked_by: revokedBy,
    })),
    truncated,
  };
}

function timesBody({ times }: TokenLife): TokenBody['times'] {
  const text = (time: EpochMs | null) => (time === null ? null : timeText(time));
  return {
    issued: text(times.issued),
    presented: text(times.presented),
    accepted: text(times.accepted),
    rejected: text(times.rejected),
    expires: text(times.expired),
    revoked: text(times.revoked),
  };
}
