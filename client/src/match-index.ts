import type { BreakerKey, BreakerState } from './messages.ts';

/** What a broker is about to do; every member narrows the question. */
export interface CheckSubject {
  readonly agent?: string;
  readonly session?: string;
  /** The transaction (`txn`) of the action. */
  readonly chain?: string;
  /** Its trace: a chain without a transaction is known by that. */
  readonly trace?: string;
  readonly jti?: string;
  readonly tool?: string;
}

/** Finds the gravest breaker over every key that an action falls under, in constant time. */
export interface MatchIndex {
  add(text: string, state: BreakerState): void;
  remove(text: string, state: BreakerState): void;
  /** The gravest of all; `held`: the gravest of those that a person holds. */
  highest(subject: CheckSubject, whose: Whose): BreakerState | null;
}

/** Whose breakers are asked for. */
export type Whose = 'worst' | 'held';

/** Breakers of one place: the gravest of them, and the gravest that a person holds. */
interface Place {
  readonly states: Map<string, BreakerState>;
  worst: BreakerState | null;
  held: BreakerState | null;
}

const FAMILIES = [
  'everything',
  'broker',
  'agent',
  'session',
  'sessionsOfAgent',
  'chain',
  'token',
  'tool',
  'toolOfAgent',
] as const;
type Family = (typeof FAMILIES)[number];
type Index = Readonly<Record<Family, Map<string, Place>>>;

/** One map per family, so that a question looks its own strings up and builds none. */
export function createMatchIndex(broker: () => string | null): MatchIndex {
  const index = Object.fromEntries(
    FAMILIES.map((family) => [family, new Map<string, Place>()]),
  ) as Index;
  return {
    add: (text, state) => {
      for (const [family, id] of placesOf(state.key)) {
        const place = index[family].get(id) ?? { states: new Map(), worst: null, held: null };
        index[family].set(id, place);
        place.states.set(text, state);
        place.worst = graver(place.worst, state);
        if (isHeld(state)) place.held = graver(place.held, state);
      }
    },
    remove: (text, state) => {
      for (const [family, id] of placesOf(state.key)) {
        const place = index[family].get(id);
        if (!place) continue;
        place.states.delete(text);
        if (place.states.size === 0) {
          index[family].delete(id);
          continue;
        }
        const left = [...place.states.values()];
        if (place.worst === state) place.worst = left.reduce(graver, null);
        if (place.held === state) place.held = left.filter(isHeld).reduce(graver, null);
      }
    },
    highest: (subject, whose) => highestIn(index, broker(), subject, whose),
  };
}

function highestIn(
  index: Index,
  broker: string | null,
  { agent, session, chain, trace, jti, tool }: CheckSubject,
  whose: Whose,
): BreakerState | null {
  let top = worstOf(index.everything, '*', null, whose);
  if (broker !== null) top = worstOf(index.broker, broker, top, whose);
  if (agent !== undefined) top = worstOf(index.agent, agent, top, whose);
  if (session !== undefined) top = worstOf(index.session, session, top, whose);
  // Without a session the broker cannot tell them apart: any trip of the agent's counts.
  else if (agent !== undefined) top = worstOf(index.sessionsOfAgent, agent, top, whose);
  if (chain !== undefined) top = worstOf(index.chain, chain, top, whose);
  if (trace !== undefined) top = worstOf(index.chain, trace, top, whose);
  if (jti !== undefined) top = worstOf(index.token, jti, top, whose);
  if (tool === undefined) return top;
  top = worstOf(index.tool, tool, top, whose);
  if (agent === undefined) return top;
  if (index.tool.size > 0) top = worstOf(index.tool, `${agent}/${tool}`, top, whose);
  if (index.toolOfAgent.size > 0) top = worstOf(index.toolOfAgent, `${agent}\0${tool}`, top, whose);
  return top;
}

function worstOf(
  places: ReadonlyMap<string, Place>,
  id: string,
  top: BreakerState | null,
  whose: Whose,
): BreakerState | null {
  if (places.size === 0) return top;
  const worst = places.get(id)?.[whose];
  return worst ? graver(top, worst) : top;
}

function isHeld(state: BreakerState): boolean {
  return state.class === 'operator';
}

function graver(top: BreakerState | null, state: BreakerState): BreakerState {
  return top === null || state.level > top.level ? state : top;
}

/** Where a key is found. A kind that this version does not know holds the whole tenant. */
function placesOf(key: BreakerKey): readonly (readonly [Family, string])[] {
  const { kind, id, agent } = key;
  switch (kind) {
    case 'agent':
    case 'chain':
    case 'token':
    case 'broker':
      return [[kind, id]];
    case 'session':
      return agent === undefined
        ? [['session', id]]
        : [
            ['session', id],
            ['sessionsOfAgent', agent],
          ];
    case 'tool':
      return [agent === undefined ? ['tool', id] : ['toolOfAgent', `${agent}\0${id}`]];
    default:
      return [['everything', '*']];
  }
}
