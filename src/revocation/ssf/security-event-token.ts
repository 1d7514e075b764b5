import { breakerKeyText } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import {
  BREAKER_CLAIM,
  CAEP_SESSION_REVOKED,
  RISC_ACCOUNT_DISABLED,
} from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';
import {
  CAEP_RISK_LEVEL_CHANGE,
  CAEP_TOKEN_CLAIMS_CHANGE,
  eventTypesOf,
  RISC_ACCOUNT_ENABLED,
  riskOf,
} from './event-types.ts';
import { type SubjectProfile, subjectOf } from './subject.ts';

/** JOSE `typ` of a SET (RFC 8417 section 2.3). */
export const SET_TYPE = 'secevent+jwt';

export interface SetAddress {
  /** The transmitter, one per tenant. */
  readonly issuer: string;
  readonly audience: string | readonly string[];
  /** Who issued the agent's identity; the transmitter itself where nobody else is configured. */
  readonly subjectIssuer?: string;
  /** `iss_sub` unless given. */
  readonly subjectProfile?: SubjectProfile;
  /** The scope left at level 3, for token-claims-change; `read` unless given. */
  readonly narrowedScope?: string;
}

/** Claims of one SET, before signing. */
export type SetClaims = Readonly<Record<string, unknown>> & {
  readonly jti: string;
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/**
 * The SETs of one order, one per event type, because a SET carries exactly one event (CAEP
 * interoperability profile). The first keeps the order's `jti`, the others append `.2`, `.3` and so
 * on, so that every replay has the same identifiers, whichever types are wanted. Standard members
 * only inside the event; everything of ours is in the one namespaced claim. No `sub`, no `exp`.
 */
export function setsOf(
  order: BreakerOrder,
  address: SetAddress,
  now: EpochMs,
  wanted: (type: string) => boolean = () => true,
): SetClaims[] {
  const iss = address.subjectIssuer ?? address.issuer;
  const sets = eventTypesOf(order).map((type, index) => ({
    type,
    claims: {
      iss: address.issuer,
      jti: index === 0 ? order.jti : `${order.jti}.${index + 1}`,
      // Rounded down: a receiver refuses an `iat` ahead of its own clock.
      iat: Math.floor(now / 1_000),
      aud: address.audience,
      txn: order.txn,
      sub_id: subjectOf(order, iss, address.subjectProfile),
      events: { [type]: eventOf(type, order, address) },
      [BREAKER_CLAIM]: breakerClaim(order),
    },
  }));
  return sets.filter(({ type }) => wanted(type)).map(({ claims }) => claims);
}

function eventOf(
  type: string,
  order: BreakerOrder,
  { narrowedScope = 'read' }: SetAddress,
): Readonly<Record<string, unknown>> {
  const byPerson = order.class === 'operator';
  // RISC 1.0 section 2 defines no member but `reason`, and that for account-disabled alone.
  if (type === RISC_ACCOUNT_ENABLED) return {};
  if (type === RISC_ACCOUNT_DISABLED) return byPerson ? {} : { reason: 'hijacking' };
  return {
    ...membersOf(type, order, narrowedScope),
    event_timestamp: Math.floor(order.time / 1_000),
    initiating_entity: byPerson ? 'admin' : 'policy',
    reason_admin: { en: order.title || order.reason || 'breaker' },
  };
}

function membersOf(type: string, order: BreakerOrder, narrowedScope: string): object {
  if (type === CAEP_SESSION_REVOKED) return {};
  if (type === CAEP_TOKEN_CLAIMS_CHANGE) return { claims: { scope: narrowedScope } };
  if (type !== CAEP_RISK_LEVEL_CHANGE) return {};
  const { level, previousLevel, key } = order;
  return {
    principal: key.kind === 'tenant' || key.kind === 'global' ? 'TENANT' : 'AGENT',
    current_level: riskOf(level),
    previous_level: riskOf(previousLevel),
    ...(isCode(order.reason) && { risk_reason: order.reason.toUpperCase() }),
  };
}

/** A detector's id or a reason of our own, and not an operator's words. */
function isCode(reason: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/.test(reason);
}

function breakerClaim(order: BreakerOrder): Readonly<Record<string, unknown>> {
  const { key, level, term, epoch, phase } = order;
  const automatic = order.class !== 'operator' && order.class !== 'timer';
  return {
    v: 1,
    key: breakerKeyText(key),
    kind: key.kind,
    id: key.id,
    phase,
    level,
    term,
    epoch,
    class: order.class,
    ...(automatic ? { detector: order.reason } : {}),
    ...(order.findingId === null ? {} : { finding_id: order.findingId }),
    ...(level >= 5 ? { revoke_before_epoch: epoch } : {}),
    ...(order.unresolvable && { unresolvable: true }),
    detected_at: order.time / 1_000,
  };
}
