import type { Transition } from '../core/breaker.ts';
import type { ChainLink } from '../core/chain.ts';
import type { Effect } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import {
  CAEP_SESSION_REVOKED,
  REVOKING_LEVEL,
  type Revocation,
  RISC_ACCOUNT_DISABLED,
} from '../core/revocation.ts';
import type { EpochMs } from '../core/time.ts';

/** Collects the decisions that one log entry causes, numbering them. */
export class Effects {
  readonly list: Effect[] = [];
  #inputSeq = 0;
  #logTime: EpochMs = 0;
  #ordinal = 0;

  begin(inputSeq: number, logTime: EpochMs): void {
    this.#inputSeq = inputSeq;
    this.#logTime = logTime;
    this.#ordinal = 0;
  }

  /** When the entry was logged. */
  get logTime(): EpochMs {
    return this.#logTime;
  }

  /** The id the next decision will carry: `<inputSeq>-<ordinal>`. */
  get nextId(): string {
    return `${this.#inputSeq}-${this.#ordinal}`;
  }

  finding(tenant: string, decision: Finding): void {
    this.list.push({ tenant, ...this.#position(), kind: 'finding', decision });
  }

  transition(tenant: string, decision: Transition): void {
    this.list.push({ tenant, ...this.#position(), kind: 'transition', decision });
  }

  revocation(tenant: string, decision: Revocation): void {
    this.list.push({ tenant, ...this.#position(), kind: 'revocation', decision });
  }

  chain(tenant: string, decision: ChainLink): void {
    this.list.push({ tenant, ...this.#position(), kind: 'chain', decision });
  }

  #position(): { inputSeq: number; ordinal: number } {
    const ordinal = this.#ordinal;
    this.#ordinal += 1;
    return { inputSeq: this.#inputSeq, ordinal };
  }
}

/**
 * The revocation that an opening at a revoking level means; null for gentler levels and closings.
 */
export function revocationOf(
  transition: Transition,
  title: string,
  term: number,
  position: string,
): Revocation | null {
  if (transition.level < REVOKING_LEVEL) return null;
  const { key } = transition;
  const agent = key.kind === 'agent' ? key.id : (key.agent ?? null);
  const events =
    transition.level === 5 && key.kind === 'agent'
      ? [CAEP_SESSION_REVOKED, RISC_ACCOUNT_DISABLED]
      : [CAEP_SESSION_REVOKED];
  return {
    jti: `tc-${term}-${position}`,
    time: transition.time,
    eventId: transition.eventId,
    key,
    agent,
    level: transition.level,
    term,
    epoch: transition.epoch,
    class: transition.class,
    reason: transition.reason,
    title,
    findingId: transition.findingId,
    txn: `trip-${term}-${position}`,
    events,
  };
}
