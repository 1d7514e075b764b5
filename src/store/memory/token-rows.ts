import type { AccessEvent } from '../../core/access-event.ts';
import type { Transition } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { tokenCoverOf } from '../../core/token-life.ts';
import type { ChainRow, StoredToken } from '../../ports/store.ts';

/** What a search for a token looks through. */
export interface TokenRows {
  events(keep: (event: AccessEvent) => boolean): readonly ChainRow[];
  transitions(keep: (transition: Transition) => boolean): StoredToken['transitions'];
}

/** The token that has `id` as its `jti` or reference, as far as `seen` lets see. */
export function tokenOf(
  rows: TokenRows,
  seen: (tenant: string) => boolean,
  id: string,
  limit: number,
): StoredToken {
  const isAsked = ({ tenant, token }: AccessEvent) =>
    id !== '' && seen(tenant.id) && (token?.jti === id || token?.ref === id);
  const names = new Set(rows.events(isAsked).flatMap(({ event }) => nameOf(event) ?? []));
  const found = rows
    .events((event) => isAsked(event) || names.has(nameOf(event) ?? ''))
    .toSorted((a, b) => Math.trunc(a.event.time) - Math.trunc(b.event.time) || a.seq - b.seq)
    .slice(0, limit);
  if (found.length === 0) return { rows: [], transitions: [] };
  const covers = tokenCoverOf(found.map(({ event }) => event));
  const transitions = rows
    .transitions(({ key }) => covers(key))
    .toSorted((a, b) => a.seq - b.seq)
    .slice(-LIMITS.tokenBreakerSteps);
  return { rows: found, transitions };
}

function nameOf({ tenant, token }: AccessEvent): string | undefined {
  return token?.jti === undefined ? undefined : `${tenant.id}\n${token.jti}`;
}
