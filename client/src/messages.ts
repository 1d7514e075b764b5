/** What a breaker guards. */
export interface BreakerKey {
  readonly tenant: string;
  /** `token`, `session`, `chain`, `tool`, `agent`, `broker`, `tenant`, `global`, or a later one. */
  readonly kind: string;
  readonly id: string;
  readonly agent?: string;
}

/** One breaker as the feed tells it. */
export interface BreakerState {
  readonly key: BreakerKey;
  /** `closed`, `open`, `probation`, `isolated`, `exempt`, or a later one: its level decides. */
  readonly phase: string;
  readonly level: number;
  readonly term: number;
  readonly epoch: number;
  readonly reason: string;
  /** `operator` for what a named person tripped. */
  readonly class: string | null;
  /** Actions a minute that it lets pass (probation); absent where nothing is said. */
  readonly ratePerMinute?: number;
  /** Tokens whose `brk` epoch is lower are revoked (level 5). */
  readonly revokeBeforeEpoch?: number;
  /** The id is a pseudonym that nobody resolves any more. */
  readonly unresolvable?: true;
}

/** Tokens of the agent that were issued before this epoch are revoked for good. */
export interface RevokedBefore {
  readonly agent: string;
  readonly epoch: number;
}

/** A trip under the name that this broker knows, which the daemon tells by another one now. */
export interface RenamedHold {
  readonly state: BreakerState;
  /** Texts of the keys it may have become; it holds until the last of them is closed. */
  readonly became: readonly string[];
}

export interface Snapshot {
  readonly tenant: string;
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly breakers: readonly BreakerState[];
  readonly revokedBefore?: readonly RevokedBefore[];
  /** Of a persisted file alone. */
  readonly renamed?: readonly RenamedHold[];
}

export interface Heartbeat {
  readonly term: number;
  readonly seq: number;
  readonly posture: 'shadow' | 'enforce';
  readonly open: number;
  readonly hash: string;
}

export interface TransitionMessage {
  readonly term: number;
  readonly seq: number;
  readonly breaker: BreakerState;
}

/** Canonical text of a key, the same as the daemon's: one agent's use of a tool names its agent. */
export function keyText({ tenant, kind, id, agent }: BreakerKey): string {
  const narrowed = kind === 'tool' && agent !== undefined ? `${encoded(agent)}/` : '';
  return `${encoded(tenant)}/${kind}/${narrowed}${encoded(id)}`;
}

/** What needs no encoding, as most ids. */
const PLAIN = /^[\w.-]*$/;

/** A lone surrogate has no encoding of its own. */
function encoded(component: string): string {
  if (PLAIN.test(component)) return component;
  return encodeURIComponent(component.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
}
