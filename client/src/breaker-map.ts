import { createHash } from 'node:crypto';
import type {
  BreakerKey,
  BreakerState,
  Heartbeat,
  Snapshot,
  TransitionMessage,
} from './messages.ts';

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

/** What applying a message changed. `resync` asks for a fresh snapshot. */
export interface Change {
  readonly tripped: readonly BreakerState[];
  readonly reset: readonly BreakerState[];
  readonly resync: boolean;
}

const NOTHING: Change = { tripped: [], reset: [], resync: false };
const RESYNC: Change = { tripped: [], reset: [], resync: true };

/** Closed breakers remembered for their epoch, so that a late opening cannot come back. */
const CLOSED_KEPT = 10_000;

/**
 * A broker's copy of one tenant's breakers. The higher (term, epoch) of a key wins; nothing older
 * ever lifts a trip, and only a message newer than the held position may close one.
 */
export class BreakerMap {
  readonly #states = new Map<string, BreakerState>();
  readonly #closed = new Map<string, BreakerState>();
  readonly #digests = new Map<string, Uint8Array>();
  readonly #sum = new Uint8Array(32);
  readonly #index: MatchIndex;
  #tenant: string | null = null;
  #posture: 'shadow' | 'enforce' | null = null;
  #term = 0;
  #seq = 0;
  #refused = 0;

  /** `broker` names this enforcement point, once the daemon has told it. */
  constructor(broker: () => string | null) {
    this.#index = createMatchIndex(broker);
  }

  get tenant(): string | null {
    return this.#tenant;
  }

  get posture(): 'shadow' | 'enforce' | null {
    return this.#posture;
  }

  get term(): number {
    return this.#term;
  }

  get seq(): number {
    return this.#seq;
  }

  get open(): number {
    return this.#states.size;
  }

  /** Messages refused because something newer is known. */
  get refused(): number {
    return this.#refused;
  }

  /** The highest breaker over every key that matches; constant time. */
  highest(subject: CheckSubject): BreakerState | null {
    return this.#index.highest(subject);
  }

  snapshot(): Snapshot | null {
    if (this.#tenant === null || this.#posture === null) return null;
    return {
      tenant: this.#tenant,
      term: this.#term,
      seq: this.#seq,
      posture: this.#posture,
      breakers: [...this.#states.values()],
    };
  }

  applySnapshot(snapshot: Snapshot): Change {
    const { term, seq, tenant } = snapshot;
    const older = term < this.#term || (term === this.#term && seq < this.#seq);
    if (older || (this.#tenant !== null && tenant !== this.#tenant)) {
      this.#refused += 1;
      return NOTHING;
    }
    const tripped: BreakerState[] = [];
    const reset: BreakerState[] = [];
    const named = new Set<string>();
    for (const state of snapshot.breakers) {
      named.add(keyText(state.key));
      this.#take(state, tripped, reset);
    }
    for (const [text, state] of [...this.#states]) {
      if (named.has(text)) continue;
      this.#remove(text);
      reset.push({ ...state, phase: 'closed', level: 0, reason: '', class: null });
    }
    this.#tenant = tenant;
    this.#posture = snapshot.posture;
    this.#term = term;
    this.#seq = seq;
    return { tripped, reset, resync: false };
  }

  applyTransition(message: TransitionMessage): Change {
    const { term, seq, breaker } = message;
    if (term < this.#term || (term === this.#term && seq <= this.#seq)) {
      this.#refused += 1;
      return NOTHING;
    }
    const gap = term > this.#term || seq > this.#seq + 1;
    // Across a gap an opening is safe to believe and a closing is not.
    if (gap && breaker.phase === 'closed') return RESYNC;
    const tripped: BreakerState[] = [];
    const reset: BreakerState[] = [];
    this.#take(breaker, tripped, reset);
    if (!gap) this.#seq = seq;
    return { tripped, reset, resync: gap };
  }

  /** `drifted` asks for a fresh snapshot; `ignored` is a heartbeat older than this copy. */
  confirm(beat: Heartbeat): 'confirmed' | 'ignored' | 'drifted' {
    const { term, seq } = beat;
    if (term < this.#term || (term === this.#term && seq < this.#seq)) return 'ignored';
    if (this.#tenant === null || term !== this.#term || seq !== this.#seq) return 'drifted';
    if (beat.open !== this.#states.size || beat.hash !== hex(this.#sum)) return 'drifted';
    this.#posture = beat.posture;
    return 'confirmed';
  }

  /** Applies one state unless something newer is held; says what it changed. */
  #take(state: BreakerState, tripped: BreakerState[], reset: BreakerState[]): void {
    const text = keyText(state.key);
    const open = this.#states.get(text);
    const held = open ?? this.#closed.get(text);
    const newer = held ? order(state, held) : 1;
    // Two tales of one epoch: the graver is believed, so that a resync repairs and never lifts.
    if (newer < 0 || (newer === 0 && state.level <= (held?.level ?? 0))) {
      if (newer < 0) this.#refused += 1;
      return;
    }
    this.#put(text, state);
    if (state.phase === 'closed') {
      if (open) reset.push(state);
    } else if (open?.epoch !== state.epoch || open.level < state.level) {
      // The same epoch under a new term is the same trip, told by a restarted daemon.
      tripped.push(state);
    }
  }

  #put(text: string, state: BreakerState): void {
    this.#remove(text);
    this.#closed.delete(text);
    if (state.phase === 'closed') {
      this.#closed.set(text, state);
      if (this.#closed.size > CLOSED_KEPT) this.#closed.delete(oldestOf(this.#closed));
      return;
    }
    this.#states.set(text, state);
    this.#index.add(text, state);
    const line = `${text} ${state.phase} ${state.level} ${state.epoch}`;
    const digest = createHash('sha256').update(line).digest();
    this.#digests.set(text, digest);
    xorInto(this.#sum, digest);
  }

  #remove(text: string): void {
    const before = this.#states.get(text);
    if (!before) return;
    this.#states.delete(text);
    this.#index.remove(text, before);
    xorInto(this.#sum, this.#digests.get(text) ?? new Uint8Array(32));
    this.#digests.delete(text);
  }
}

interface MatchIndex {
  add(text: string, state: BreakerState): void;
  remove(text: string, state: BreakerState): void;
  highest(subject: CheckSubject): BreakerState | null;
}

/** Breakers of one place, and the gravest of them, which alone answers. */
interface Place {
  readonly states: Map<string, BreakerState>;
  worst: BreakerState | null;
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
function createMatchIndex(broker: () => string | null): MatchIndex {
  const index = Object.fromEntries(
    FAMILIES.map((family) => [family, new Map<string, Place>()]),
  ) as Index;
  return {
    add: (text, state) => {
      for (const [family, id] of placesOf(state.key)) {
        const place = index[family].get(id) ?? { states: new Map(), worst: null };
        index[family].set(id, place);
        place.states.set(text, state);
        place.worst = graver(place.worst, state);
      }
    },
    remove: (text, state) => {
      for (const [family, id] of placesOf(state.key)) {
        const place = index[family].get(id);
        if (!place) continue;
        place.states.delete(text);
        if (place.states.size === 0) index[family].delete(id);
        else if (place.worst === state) {
          place.worst = [...place.states.values()].reduce(graver, null);
        }
      }
    },
    highest: (subject) => highestIn(index, broker(), subject),
  };
}

function highestIn(
  index: Index,
  broker: string | null,
  { agent, session, chain, trace, jti, tool }: CheckSubject,
): BreakerState | null {
  let top = worstOf(index.everything, '*', null);
  if (broker !== null) top = worstOf(index.broker, broker, top);
  if (agent !== undefined) top = worstOf(index.agent, agent, top);
  if (session !== undefined) top = worstOf(index.session, session, top);
  // Without a session the broker cannot tell them apart: any trip of the agent's counts.
  else if (agent !== undefined) top = worstOf(index.sessionsOfAgent, agent, top);
  if (chain !== undefined) top = worstOf(index.chain, chain, top);
  if (trace !== undefined) top = worstOf(index.chain, trace, top);
  if (jti !== undefined) top = worstOf(index.token, jti, top);
  if (tool === undefined) return top;
  top = worstOf(index.tool, tool, top);
  if (agent === undefined) return top;
  if (index.tool.size > 0) top = worstOf(index.tool, `${agent}/${tool}`, top);
  if (index.toolOfAgent.size > 0) top = worstOf(index.toolOfAgent, `${agent}\0${tool}`, top);
  return top;
}

function worstOf(
  places: ReadonlyMap<string, Place>,
  id: string,
  top: BreakerState | null,
): BreakerState | null {
  if (places.size === 0) return top;
  const worst = places.get(id)?.worst;
  return worst ? graver(top, worst) : top;
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

/** Canonical text of a key, the same as the daemon's: one agent's use of a tool names its agent. */
export function keyText({ tenant, kind, id, agent }: BreakerKey): string {
  const narrowed = kind === 'tool' && agent !== undefined ? `${encoded(agent)}/` : '';
  return `${encoded(tenant)}/${kind}/${narrowed}${encoded(id)}`;
}

/** A lone surrogate has no encoding of its own. */
function encoded(component: string): string {
  return encodeURIComponent(component.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
}

function order(left: BreakerState, right: BreakerState): number {
  return left.term - right.term || left.epoch - right.epoch;
}

function xorInto(sum: Uint8Array, digest: Uint8Array): void {
  for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] ?? 0) ^ (digest[at] ?? 0);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function oldestOf(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value ?? '';
}
