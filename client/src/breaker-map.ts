import * as crypto from 'node:crypto';
import { type CheckSubject, createMatchIndex, type MatchIndex } from './match-index.ts';
import type { BreakerState, Heartbeat, Snapshot, TransitionMessage } from './messages.ts';
import { keyText } from './messages.ts';
import { createRenamedHolds, type RenamedHolds } from './renamed.ts';
import { type BreakerClaim, createRevokedTokens } from './revoked-tokens.ts';

/** What applying a message changed. `resync` asks for a fresh snapshot. */
export interface Change {
  readonly tripped: readonly BreakerState[];
  /** Still not closed, but held less: probation, or an exemption. */
  readonly eased: readonly BreakerState[];
  readonly reset: readonly BreakerState[];
  readonly resync: boolean;
}

interface Changing {
  readonly tripped: BreakerState[];
  readonly eased: BreakerState[];
  readonly reset: BreakerState[];
}

const NOTHING: Change = { tripped: [], eased: [], reset: [], resync: false };
const RESYNC: Change = { ...NOTHING, resync: true };

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
  readonly #renamed: RenamedHolds;
  readonly #revoked = createRevokedTokens();
  #tenant: string | null = null;
  /** Nobody but a file has named the tenant: the daemon may name another. */
  #isFromFile = false;
  #posture: 'shadow' | 'enforce' | null = null;
  #term = 0;
  #seq = 0;
  /** Of the latest opening believed across a gap: what was said before it lifts nothing. */
  #ahead = { term: 0, seq: 0 };
  #refused = 0;

  /** `broker` names this enforcement point, once the daemon has told it. */
  constructor(broker: () => string | null) {
    this.#index = createMatchIndex(broker);
    this.#renamed = createRenamedHolds(this.#index);
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

  /**
   * The highest breaker over every key that matches; constant time. In shadow the highest that a
   * person holds comes before all others, which are not in force there.
   */
  highest(subject: CheckSubject): BreakerState | null {
    const held = this.#posture === 'shadow' ? this.#index.highest(subject, 'held') : null;
    return held ?? this.#index.highest(subject, 'worst');
  }

  /** Whether the agent was revoked after a token was issued, also once it is back. */
  isRevoked(agent: string, brk: BreakerClaim): boolean {
    return this.#revoked.has(agent, brk);
  }

  snapshot(): Snapshot | null {
    if (this.#tenant === null || this.#posture === null) return null;
    const renamed = this.#renamed.list();
    return {
      tenant: this.#tenant,
      term: this.#term,
      seq: this.#seq,
      posture: this.#posture,
      breakers: [...this.#states.values()],
      revokedBefore: this.#revoked.list(),
      ...(renamed.length > 0 && { renamed }),
    };
  }

  /**
   * Takes trips from a source that nobody vouches for: they hold until the daemon says anything of
   * their keys, and neither position nor posture is believed.
   */
  hold(snapshot: Snapshot): Change {
    const changing = noChange();
    for (const state of snapshot.breakers) {
      if (state.level > 0) this.#take({ ...state, term: 0, epoch: 0 }, changing);
    }
    this.#tenant = snapshot.tenant;
    this.#isFromFile = true;
    return { ...changing, resync: false };
  }

  /** What this client wrote down before it was restarted; its tenant may have changed since. */
  resume(snapshot: Snapshot): Change {
    const change = this.applySnapshot(snapshot);
    this.#isFromFile = true;
    return change;
  }

  /** The trips of a snapshot from the past: it may open, and lifts nothing. */
  applyTrips(snapshot: Snapshot): Change {
    const changing = noChange();
    if (this.#tenant !== null && snapshot.tenant !== this.#tenant) return NOTHING;
    for (const state of snapshot.breakers) {
      const held = this.#states.get(keyText(state.key))?.level ?? 0;
      if (state.level > held) this.#take(state, changing);
    }
    this.#refused += 1;
    return { ...changing, resync: false };
  }

  applySnapshot(snapshot: Snapshot): Change {
    const { term, seq, tenant } = snapshot;
    const changing = noChange();
    const isOther = this.#tenant !== null && tenant !== this.#tenant;
    if (isOther && this.#isFromFile) this.#forget(changing);
    const older = isBefore(snapshot, this) || isBefore(snapshot, this.#ahead);
    if (older || (isOther && !this.#isFromFile)) {
      this.#refused += 1;
      return NOTHING;
    }
    this.#isFromFile = false;
    const named = new Set<string>();
    const renamed: BreakerState[] = [];
    for (const state of snapshot.breakers) {
      const text = keyText(state.key);
      named.add(text);
      if (state.unresolvable && !this.#states.has(text)) renamed.push(state);
      this.#take(state, changing);
    }
    for (const [text, state] of [...this.#states]) {
      if (named.has(text)) continue;
      this.#remove(text);
      if (this.#renamed.keep(text, state, renamed)) continue;
      changing.reset.push({ ...state, phase: 'closed', level: 0, reason: '', class: null });
    }
    for (const one of snapshot.revokedBefore ?? []) this.#revoked.add(one);
    for (const hold of snapshot.renamed ?? []) this.#renamed.restore(hold);
    this.#renamed.drop((text) => !named.has(text));
    this.#tenant = tenant;
    this.#posture = snapshot.posture;
    this.#term = term;
    this.#seq = seq;
    return { ...changing, resync: false };
  }

  /** `mayLift` false: from the past or of unknown age, so that it is believed where it trips. */
  applyTransition(message: TransitionMessage, mayLift = true): Change {
    const { term, seq, breaker } = message;
    if (this.#tenant !== null && breaker.key.tenant !== this.#tenant) {
      this.#refused += 1;
      return RESYNC;
    }
    if (term < this.#term || (term === this.#term && seq <= this.#seq)) {
      this.#refused += 1;
      return NOTHING;
    }
    const gap = !mayLift || term > this.#term || seq > this.#seq + 1;
    // Across a gap an opening is safe to believe and a closing is not.
    const held = this.#states.get(keyText(breaker.key))?.level ?? 0;
    if (gap && (breaker.phase === 'closed' || breaker.level < held)) return RESYNC;
    const changing = noChange();
    this.#take(breaker, changing);
    if (!gap) this.#seq = seq;
    else if (isBefore(this.#ahead, message)) this.#ahead = { term, seq };
    return { ...changing, resync: gap };
  }

  /** `drifted` asks for a fresh snapshot; `ignored` is a heartbeat older than this copy. */
  confirm(beat: Heartbeat): 'confirmed' | 'ignored' | 'drifted' {
    const { term, seq } = beat;
    if (isBefore(beat, this)) return 'ignored';
    if (this.#tenant === null || term !== this.#term || seq !== this.#seq) return 'drifted';
    if (beat.open !== this.#states.size || beat.hash !== hex(this.#sum)) return 'drifted';
    this.#posture = beat.posture;
    return 'confirmed';
  }

  /** Applies one state unless something newer is held; says what it changed. */
  #take(state: BreakerState, changing: Changing): void {
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
      this.#renamed.drop((one) => one === text);
      if (open) changing.reset.push(state);
      return;
    }
    this.#revoked.note(state);
    this.#renamed.follow(text, state);
    if (open?.epoch !== state.epoch || open.level < state.level) {
      // The same epoch under a new term is the same trip, told by a restarted daemon.
      const eases = state.phase === 'probation' || state.phase === 'exempt';
      (eases ? changing.eased : changing.tripped).push(state);
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
    const digest = digestOf(line);
    this.#digests.set(text, digest);
    xorInto(this.#sum, digest);
  }

  /** What a file said of another tenant. */
  #forget(changing: Changing): void {
    for (const [text, state] of [...this.#states]) {
      this.#remove(text);
      changing.reset.push({ ...state, phase: 'closed', level: 0, reason: '', class: null });
    }
    this.#closed.clear();
    this.#renamed.drop(() => true);
    this.#revoked.clear();
    this.#term = 0;
    this.#seq = 0;
    this.#ahead = { term: 0, seq: 0 };
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

function noChange(): Changing {
  return { tripped: [], eased: [], reset: [] };
}

interface Position {
  readonly term: number;
  readonly seq: number;
}

function isBefore(one: Position, other: Position): boolean {
  return one.term < other.term || (one.term === other.term && one.seq < other.seq);
}

function order(left: BreakerState, right: BreakerState): number {
  return left.term - right.term || left.epoch - right.epoch;
}

/** Node has had hashing in one go since 20.12: a third of the time of making an object for it. */
function digestOf(line: string): Uint8Array {
  if (typeof crypto.hash === 'function') return crypto.hash('sha256', line, 'buffer');
  return crypto.createHash('sha256').update(line).digest();
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
