import type { EpochMs } from './time.ts';

/**
 * 0 observe, 1 throttle, 2 step-up approval, 3 narrow scopes, 4 suspend, 5 revoke agent,
 * 6 quarantine tenant, 7 global stop.
 */
export type BreakerLevel = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export const LEVEL_NAMES = [
  'observe',
  'throttle',
  'step_up',
  'narrow',
  'suspend',
  'revoke_agent',
  'quarantine_tenant',
  'global_stop',
] as const;

export const KEY_KINDS = [
  'token',
  'session',
  'chain',
  'tool',
  'agent',
  'broker',
  'tenant',
  'global',
] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/**
 * What a breaker guards. `agent` is set on a session key so that a broker may match by either; on a
 * tool key it narrows the breaker to that agent's use of the tool.
 */
export interface BreakerKey {
  readonly tenant: string;
  readonly kind: KeyKind;
  readonly id: string;
  readonly agent?: string;
}

/**
 * Canonical text of a key: `tenant/kind/id`, and `tenant/tool/agent/id` for one agent's use of a
 * tool. Components are percent-encoded so that no id can forge another key. A session is the same
 * whoever names its agent.
 */
export function breakerKeyText({ tenant, kind, id, agent }: BreakerKey): string {
  const narrowed = kind === 'tool' && agent !== undefined ? `${encoded(agent)}/` : '';
  return `${encoded(tenant)}/${kind}/${narrowed}${encoded(id)}`;
}

/** A lone surrogate has no encoding; it must not stop the fold either. */
function encoded(component: string): string {
  return encodeURIComponent(component.toWellFormed());
}

/** `isolated` is an operator's hold: nothing automatic closes it. */
export type BreakerPhase = 'closed' | 'open' | 'isolated';

export type TransitionClass = 'deterministic' | 'statistical' | 'novelty' | 'operator' | 'timer';

/** Data exists only in the phase where it means something. */
export type BreakerState =
  | { readonly phase: 'closed'; readonly epoch: number }
  | {
      readonly phase: 'open';
      readonly epoch: number;
      readonly level: BreakerLevel;
      readonly reason: string;
      readonly class: TransitionClass;
      readonly openedAt: EpochMs;
      /** Log time at which it closes by itself; null where only a person may close it. */
      readonly closesAt: EpochMs | null;
      readonly findingId: string | null;
    }
  | {
      readonly phase: 'isolated';
      readonly epoch: number;
      readonly level: BreakerLevel;
      readonly reason: string;
      readonly by: string;
      readonly openedAt: EpochMs;
    };

/** One step of a breaker. `epoch` rises strictly per key and fences every revocation. */
export interface Transition {
  readonly time: EpochMs;
  readonly eventId: string | null;
  readonly key: BreakerKey;
  readonly from: BreakerPhase;
  readonly to: BreakerPhase;
  readonly level: BreakerLevel;
  readonly epoch: number;
  /** The detector's id, or an operator's words. */
  readonly reason: string;
  readonly class: TransitionClass;
  readonly findingId: string | null;
  readonly actor: string | null;
  /** Position in the tenant's feed, from 1, without gaps. */
  readonly feedSeq: number;
}
