import type { BreakerKey } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import {
  CAEP_SESSION_REVOKED,
  REVOKING_LEVEL,
  RISC_ACCOUNT_DISABLED,
} from '../../core/revocation.ts';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type';
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type';

/** Event type URIs of CAEP 1.0, RISC 1.0 and SSF 1.0. */
export const CAEP_RISK_LEVEL_CHANGE = `${CAEP}/risk-level-change`;
export const CAEP_TOKEN_CLAIMS_CHANGE = `${CAEP}/token-claims-change`;
export const RISC_ACCOUNT_ENABLED = `${RISC}/account-enabled`;
export const SSF_VERIFICATION = `${SSF}/verification`;
export const SSF_STREAM_UPDATED = `${SSF}/stream-updated`;

/** What breakers really cause, and nothing else: a receiver may wait for each of them. */
export const EVENTS_SUPPORTED: readonly string[] = [
  CAEP_SESSION_REVOKED,
  CAEP_RISK_LEVEL_CHANGE,
  CAEP_TOKEN_CLAIMS_CHANGE,
  RISC_ACCOUNT_DISABLED,
  RISC_ACCOUNT_ENABLED,
];

/** From here on the agent's identity is disabled, not only its sessions ended. */
const DISABLING_LEVEL = 5;
const NARROWING_LEVEL = 3;

/**
 * Whether a standard subject says no more than the key. None names a chain, a tool or a broker, and
 * a wider one would end the sessions of a whole tenant for the sake of one request.
 */
export function isNameable({ kind }: Pick<BreakerKey, 'kind'>): boolean {
  return kind !== 'chain' && kind !== 'tool' && kind !== 'broker';
}

/**
 * The standard events that tell one order, the one that stands for the whole first; none where
 * there is no standard subject. CAEP has no opposite of session-revoked: a recovery is a fallen
 * risk, and an enabled account where one may be disabled yet, whatever steps lie between.
 */
export function eventTypesOf(order: BreakerOrder): readonly string[] {
  const { level, previousLevel, peakLevel = 0, key, phase } = order;
  if (!isNameable(key)) return [];
  const types: string[] = [];
  if (phase !== 'closed' && level >= REVOKING_LEVEL) types.push(CAEP_SESSION_REVOKED);
  else if (level === NARROWING_LEVEL) types.push(CAEP_TOKEN_CLAIMS_CHANGE);
  else types.push(CAEP_RISK_LEVEL_CHANGE);
  if (key.kind !== 'agent') return types;
  const disabled = level >= DISABLING_LEVEL;
  if (disabled) types.push(RISC_ACCOUNT_DISABLED);
  else if (Math.max(previousLevel, peakLevel) >= DISABLING_LEVEL) types.push(RISC_ACCOUNT_ENABLED);
  return types;
}

/** LOW when closed, MEDIUM while throttled, HIGH from step-up on (CAEP 1.0 section 3.8). */
export function riskOf(level: number): 'LOW' | 'MEDIUM' | 'HIGH' {
  if (level === 0) return 'LOW';
  return level === 1 ? 'MEDIUM' : 'HIGH';
}
