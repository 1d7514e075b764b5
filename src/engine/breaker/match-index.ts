import { type BreakerKey, type BreakerState, classOf } from '../../core/breaker.ts';

/** What a broker names when it asks; each member narrows the question. */
export interface Subject {
  readonly tenant: string;
  readonly agent?: string;
  readonly session?: string;
  /** The transaction. */
  readonly chain?: string;
  /** The trace: a chain without a transaction is known by that. */
  readonly trace?: string;
  readonly jti?: string;
  readonly tool?: string;
  /** The enforcement point that asks. */
  readonly broker?: string;
}

export interface Match {
  readonly key: BreakerKey;
  readonly state: Exclude<BreakerState, { readonly phase: 'closed' }>;
}

/** Open breakers of one place: the gravest of them, and the gravest that a person holds. */
interface Place {
  readonly matches: Map<string, Match>;
  worst: Match | null;
  held: Match | null;
}

/** Whose breakers are asked for: everybody's, or those that a person holds. */
type Whose = 'worst' | 'held';

type Family =
  | 'everything'
  | 'broker'
  | 'agent'
  | 'session'
  | 'sessionsOfAgent'
  | 'chain'
  | 'token'
  | 'tool'
  | 'toolOfAgent';

/**
 * Finds the gravest open breaker over every key that a subject falls under, in constant time. The
 * rule is the broker's too (`client/src/breaker-map.ts`); `match-rule.cases.ts` there holds both.
 */
export class MatchIndex {
  readonly #places: Readonly<Record<Family, Map<string, Place>>> = {
    everything: new Map(),
    broker: new Map(),
    agent: new Map(),
    session: new Map(),
    sessionsOfAgent: new Map(),
    chain: new Map(),
    token: new Map(),
    tool: new Map(),
    toolOfAgent: new Map(),
  };

  add(text: string, match: Match): void {
    for (const [family, id] of placesOf(match.key)) {
      const places = this.#places[family];
      const place = places.get(id) ?? { matches: new Map(), worst: null, held: null };
      places.set(id, place);
      place.matches.set(text, match);
      place.worst = graver(place.worst, match);
      if (isHeld(match)) place.held = graver(place.held, match);
    }
  }

  remove(text: string, key: BreakerKey): void {
    for (const [family, id] of placesOf(key)) {
      const places = this.#places[family];
      const place = places.get(id);
      const removed = place?.matches.get(text);
      if (!place || !removed) continue;
      place.matches.delete(text);
      if (place.matches.size === 0) {
        places.delete(id);
        continue;
      }
      const left = [...place.matches.values()];
      if (place.worst === removed) place.worst = left.reduce(graver, null);
      if (place.held === removed) place.held = left.filter(isHeld).reduce(graver, null);
    }
  }

  /** The gravest; of those that a person holds, where automation's are not in force. */
  highest(subject: Subject, whose: Whose = 'worst'): Match | null {
    const { agent, session, chain, trace, jti, tool, broker } = subject;
    let top = this.#worst('everything', '*', null, whose);
    if (broker !== undefined) top = this.#worst('broker', broker, top, whose);
    if (agent !== undefined) top = this.#worst('agent', agent, top, whose);
    if (session !== undefined) top = this.#worst('session', session, top, whose);
    // Without a session nobody can tell them apart: any trip of the agent's counts.
    else if (agent !== undefined) top = this.#worst('sessionsOfAgent', agent, top, whose);
    if (chain !== undefined) top = this.#worst('chain', chain, top, whose);
    if (trace !== undefined) top = this.#worst('chain', trace, top, whose);
    if (jti !== undefined) top = this.#worst('token', jti, top, whose);
    if (tool === undefined) return top;
    top = this.#worst('tool', tool, top, whose);
    if (agent === undefined) return top;
    if (this.#places.tool.size > 0) top = this.#worst('tool', `${agent}/${tool}`, top, whose);
    if (this.#places.toolOfAgent.size === 0) return top;
    return this.#worst('toolOfAgent', `${agent}\0${tool}`, top, whose);
  }

  /** Whether a breaker of the agent itself, or one that names it, is open. */
  names(agent: string): boolean {
    return this.#places.agent.has(agent) || this.#places.sessionsOfAgent.has(agent);
  }

  #worst(family: Family, id: string, top: Match | null, whose: Whose): Match | null {
    const places = this.#places[family];
    if (places.size === 0) return top;
    const worst = places.get(id)?.[whose];
    return worst ? graver(top, worst) : top;
  }
}

function isHeld({ state }: Match): boolean {
  return classOf(state) === 'operator';
}

function graver(top: Match | null, match: Match): Match {
  return top === null || match.state.level > top.state.level ? match : top;
}

/** Where a key is found. A tool key without an agent holds every agent's use of the tool. */
function placesOf({ kind, id, agent }: BreakerKey): readonly (readonly [Family, string])[] {
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
