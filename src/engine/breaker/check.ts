import {
  type BreakerKey,
  type BreakerState,
  breakerKeyText,
  type KeyKind,
} from '../../core/breaker.ts';
import { SYSTEM_TENANT } from '../../core/entry.ts';
import type { BoardState } from './board.ts';

/** What a broker names when it asks; each member narrows the question. */
export interface Subject {
  readonly tenant: string;
  readonly agent?: string;
  readonly session?: string;
  readonly chain?: string;
  readonly jti?: string;
  readonly tool?: string;
}

export interface Match {
  readonly key: BreakerKey;
  readonly state: Exclude<BreakerState, { readonly phase: 'closed' }>;
}

/** The highest open breaker over every key that matches the subject; constant time. */
export function strictest(
  board: BoardState | undefined,
  system: BoardState | undefined,
  subject: Subject,
): Match | null {
  let best: Match | null = null;
  for (const [kind, id] of keysOf(subject)) {
    const where = kind === 'global' ? system : board;
    const tenant = kind === 'global' ? SYSTEM_TENANT : subject.tenant;
    const entry = where?.entries.get(breakerKeyText({ tenant, kind, id }));
    if (!entry || entry.state.phase === 'closed') continue;
    if (best === null || entry.state.level > best.state.level) {
      best = { key: entry.key, state: entry.state };
    }
  }
  return best;
}

/** Every key a subject falls under, the widest first. */
function keysOf(subject: Subject): readonly (readonly [KeyKind, string])[] {
  const keys: [KeyKind, string][] = [
    ['global', 'global'],
    ['tenant', subject.tenant],
  ];
  if (subject.agent !== undefined) keys.push(['agent', subject.agent]);
  if (subject.session !== undefined) keys.push(['session', subject.session]);
  if (subject.chain !== undefined) keys.push(['chain', subject.chain]);
  if (subject.jti !== undefined) keys.push(['token', subject.jti]);
  if (subject.agent !== undefined && subject.tool !== undefined) {
    keys.push(['tool', `${subject.agent}/${subject.tool}`]);
  }
  return keys;
}
