import { deflateSync } from 'node:zlib';
import { classOf } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { BreakerRecord, BreakerView } from '../../ports/breakers.ts';
import { type Allocations, type NamedKind, nameDigest } from './allocations.ts';

/** Statuses of draft-ietf-oauth-status-list section 7.1; 3 is the application's own. */
export const VALID = 0;
export const INVALID = 1;
export const SUSPENDED = 2;
export const PROBATION = 3;

export const STATUS_BITS = 2;

/** Level 5 revokes an agent, 4 suspends it. */
const REVOKED_LEVEL = 5;

/** Everything that decides a tenant's list: when it is the same, so is the list. */
export function statusesOf(
  view: BreakerView,
  tenant: string,
  allocations: Allocations,
  secret: Uint8Array,
): Uint8Array {
  const statuses = new Uint8Array(LIMITS.statusListPlaces);
  const { posture, breakers } = view.snapshot(tenant);
  for (const record of breakers) {
    const status = statusOf(record, posture);
    const kind = namedKind(record);
    if (status === VALID || kind === null) continue;
    for (const place of allocations.placesOf(tenant, nameDigest(secret, kind, record.key.id))) {
      statuses[place] = graver(statuses[place] ?? VALID, status);
    }
  }
  const { level, posture: now, class: cause } = view.check({ tenant });
  if (level >= REVOKING_LEVEL && (now === 'enforce' || cause === 'operator')) {
    // A quarantined tenant or a global stop holds every token, also those of no breaker's name.
    const all = level > REVOKED_LEVEL ? INVALID : SUSPENDED;
    for (let place = 0; place < statuses.length; place += 1) {
      statuses[place] = graver(statuses[place] ?? VALID, all);
    }
  }
  return statuses;
}

function statusOf({ state }: BreakerRecord, posture: 'shadow' | 'enforce'): number {
  if (state.phase === 'closed') return VALID;
  if (posture === 'shadow' && classOf(state) !== 'operator') return VALID;
  if (state.level >= REVOKED_LEVEL) return INVALID;
  if (state.level >= REVOKING_LEVEL) return SUSPENDED;
  return state.phase === 'probation' ? PROBATION : VALID;
}

/** A tool, broker or tenant is no part of a token's names. */
function namedKind({ key }: BreakerRecord): NamedKind | null {
  const { kind } = key;
  return kind === 'agent' || kind === 'session' || kind === 'token' || kind === 'chain'
    ? kind
    : null;
}

function graver(one: number, other: number): number {
  return GRAVITY.indexOf(one) > GRAVITY.indexOf(other) ? one : other;
}

const GRAVITY: readonly number[] = [VALID, PROBATION, SUSPENDED, INVALID];

/** `lst`: two bits a place, the first in the lowest bits of a byte, in zlib, in base64url. */
export function encodeStatuses(statuses: Uint8Array): string {
  const bytes = Buffer.alloc(Math.ceil(statuses.length / PER_BYTE));
  for (let place = 0; place < statuses.length; place += 1) {
    const status = statuses[place] ?? VALID;
    if (status === VALID) continue;
    const at = Math.floor(place / PER_BYTE);
    bytes[at] = (bytes[at] ?? 0) | (status << ((place % PER_BYTE) * STATUS_BITS));
  }
  return deflateSync(bytes, { level: 9 }).toString('base64url');
}

const PER_BYTE = 8 / STATUS_BITS;
