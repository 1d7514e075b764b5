import { breakerKeyText } from '../../core/breaker.ts';
import {
  BREAKER_CLAIM,
  CAEP_SESSION_REVOKED,
  type Revocation,
  RISC_ACCOUNT_DISABLED,
} from '../../core/revocation.ts';
import type { EpochMs } from '../../core/time.ts';

/** JOSE `typ` of a SET (RFC 8417 section 2.3). */
export const SET_TYPE = 'secevent+jwt';

export interface SetAddress {
  /** The transmitter, one per tenant. */
  readonly issuer: string;
  readonly audience: string;
  /** Who issued the agent's identity; the transmitter itself where nobody else is configured. */
  readonly subjectIssuer?: string;
}

/** Claims of one SET, before signing. */
export type SetClaims = Readonly<Record<string, unknown>> & {
  readonly jti: string;
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/**
 * The SETs of one revocation, one per event type, because a SET carries exactly one event (CAEP
 * interoperability profile). The first keeps the revocation's `jti`, the others append `.2`, `.3`
 * and so on, so that every replay has the same identifiers. Standard members only inside the
 * event; everything of ours is in the one namespaced claim. No `sub`, no `exp`.
 */
export function setsOf(revocation: Revocation, address: SetAddress, now: EpochMs): SetClaims[] {
  return revocation.events.map((type, index) => ({
    iss: address.issuer,
    jti: index === 0 ? revocation.jti : `${revocation.jti}.${index + 1}`,
    // Rounded down: a receiver refuses an `iat` ahead of its own clock.
    iat: Math.floor(now / 1_000),
    aud: address.audience,
    txn: revocation.txn,
    sub_id: subjectOf(revocation, address),
    events: { [type]: eventOf(type, revocation) },
    [BREAKER_CLAIM]: breakerClaim(revocation),
  }));
}

/**
 * RFC 9493 subject: the agent as `iss_sub` wherever one is known, since receivers must accept
 * that. A key without an agent becomes the narrowest standard subject that says no more than it.
 */
function subjectOf(revocation: Revocation, address: SetAddress): Readonly<Record<string, unknown>> {
  const { key } = revocation;
  const iss = address.subjectIssuer ?? address.issuer;
  const agent = revocation.agent ?? (key.kind === 'agent' ? key.id : (key.agent ?? null));
  if (agent !== null) return { format: 'iss_sub', iss, sub: agent };
  if (key.kind === 'token') return { format: 'jwt_id', iss, jti: key.id };
  const tenant = { format: 'opaque', id: key.tenant };
  if (key.kind === 'session') {
    return { format: 'complex', session: { format: 'opaque', id: key.id }, tenant };
  }
  return { format: 'complex', tenant };
}

function eventOf(type: string, revocation: Revocation): Readonly<Record<string, unknown>> {
  const byPerson = revocation.class === 'operator';
  // RISC 1.0 section 2.5 defines no member but `reason`.
  if (type === RISC_ACCOUNT_DISABLED) return byPerson ? {} : { reason: 'hijacking' };
  return {
    event_timestamp: Math.floor(revocation.time / 1_000),
    initiating_entity: byPerson ? 'admin' : 'policy',
    ...(type === CAEP_SESSION_REVOKED || revocation.title !== ''
      ? { reason_admin: { en: revocation.title || revocation.reason } }
      : {}),
  };
}

function breakerClaim(revocation: Revocation): Readonly<Record<string, unknown>> {
  const { key, level, term, epoch } = revocation;
  const byPerson = revocation.class === 'operator';
  const automatic = !byPerson && revocation.class !== 'timer';
  return {
    v: 1,
    key: breakerKeyText(key),
    kind: key.kind,
    id: key.id,
    phase: level === 0 ? 'closed' : byPerson ? 'isolated' : 'open',
    level,
    term,
    epoch,
    class: revocation.class,
    ...(automatic ? { detector: revocation.reason } : {}),
    ...(revocation.findingId === null ? {} : { finding_id: revocation.findingId }),
    ...(level >= 5 ? { revoke_before_epoch: epoch } : {}),
    ...(revocation.unresolvable && { unresolvable: true }),
    detected_at: revocation.time / 1_000,
  };
}
