import { expect } from 'vitest';
import { BREAK_GLASS_MAX_MS, BREAK_GLASS_REST_MS } from '../../src/core/approval.ts';
import {
  type BreakerKey,
  breakerKeyText,
  classOf,
  type Transition,
} from '../../src/core/breaker.ts';
import { type BoardState, stateOf } from '../../src/engine/breaker/board.ts';
import { strictest } from '../../src/engine/breaker/check.ts';
import { ruleOnLevel } from '../../src/revocation/check/level-rule.ts';

type State = ReturnType<typeof stateOf>;

interface Grave {
  readonly key: BreakerKey;
  level: number;
  /** Of break-glass: log time at which it was over. */
  glassUntil: number;
}

/**
 * I5, over the whole life of a breaker: what once reached level 5, or was latched for coming back,
 * holds until two persons have let it go, through whatever phases and postures it is taken.
 */
export class GraveBreakers {
  readonly #grave = new Map<string, Grave>();

  /** A transition, and the state that it led to. */
  follow(transition: Transition, state: State): void {
    const text = breakerKeyText(transition.key);
    const known = this.#grave.get(text);
    if (known) this.#check(known, transition);
    const isHeld = transition.to === 'open' || transition.to === 'isolated';
    const isLatched = state.phase === 'open' && state.latch === 'repeat';
    const { level, key } = transition;
    if (isHeld && (level >= 5 || isLatched)) {
      const most = Math.max(known?.level ?? 0, level);
      this.#grave.set(text, { key, glassUntil: known?.glassUntil ?? 0, level: most });
    } else if (known && (transition.to === 'closed' || transition.to === 'probation')) {
      this.#grave.delete(text);
    }
  }

  #check(known: Grave, { to, level, time, until, ticket, actor, approvedBy }: Transition): void {
    if (ticket !== undefined) {
      // By one person, but never again and again.
      expect(until ?? 0).toBeLessThanOrEqual(time + BREAK_GLASS_MAX_MS);
      expect(time).toBeGreaterThanOrEqual(known.glassUntil);
      known.glassUntil = (until ?? 0) + BREAK_GLASS_REST_MS;
      return;
    }
    if (to !== 'exempt' && level >= Math.min(5, known.level)) return;
    expect(approvedBy).toBeDefined();
    expect(approvedBy).not.toBe(actor);
  }

  /** What an enforcement point would be answered, unless the breaker is suspended just now. */
  checkHolding(board: BoardState, posture: 'shadow' | 'enforce'): void {
    for (const { key } of this.#grave.values()) {
      if (stateOf(board, key).phase === 'exempt') continue;
      const match = strictest(
        board,
        undefined,
        { tenant: key.tenant, [key.kind]: key.id },
        posture,
      );
      const level = match?.state.level ?? 0;
      const by = match ? classOf(match.state) : null;
      expect(ruleOnLevel({ level, op: 'read', posture, class: by }).allow).toBe(false);
    }
  }
}
