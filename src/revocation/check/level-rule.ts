import { onlyReads } from '../../core/access-event.ts';
import type { BreakerLevel, TransitionClass } from '../../core/breaker.ts';

export interface LevelQuestion {
  readonly level: BreakerLevel;
  /** `read` and `list` are reads; everything else, also nothing, counts as a write. */
  readonly op: string | undefined;
  readonly posture: 'shadow' | 'enforce';
  readonly class: TransitionClass | null;
}

export interface LevelRuling {
  readonly allow: boolean;
  /** The action may go ahead once a person approves it. */
  readonly needsApproval: boolean;
  /** The caller is asked to slow down. */
  readonly throttle: boolean;
}

/**
 * What a level means for one action: 0 and 1 allow (1 asks for patience), 2 allows reads and wants
 * an approval for the rest, 3 allows reads alone, 4 and above deny. A shadow tenant is always
 * allowed, but for what a named person tripped. `client/src/level-rule.ts` is its twin; both pass
 * the cases of `client/src/level-rule.cases.ts`.
 */
export function ruleOnLevel(question: LevelQuestion): LevelRuling {
  const { level, op, posture } = question;
  const read = onlyReads(op);
  if (posture === 'shadow' && question.class !== 'operator') {
    return { allow: true, needsApproval: false, throttle: false };
  }
  return {
    allow: level <= 1 || (level <= 3 && read),
    needsApproval: level === 2 && !read,
    throttle: level === 1,
  };
}
