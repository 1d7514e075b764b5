import { type AccessEvent, type Destination, onlyReads } from '../../core/access-event.ts';
import { combined, type Hash, hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { moveLast } from '../detect/latest-last.ts';
import type { AgentPractice } from './agent-practice.ts';
import { FactMemory, type FactMemorySnapshot } from './fact-memory.ts';
import {
  createNote,
  isNamedIn,
  noted,
  plain,
  type SessionNote,
  sessionOf,
} from './session-note.ts';

/** What is known of one agent, or of one peer group. Bounded by `LIMITS.practice*`. */
export interface PracticeState {
  readonly facts: FactMemory;
  /** Sessions that taught anything. */
  sessions: number;
  /** What recent sessions said they are for, the latest last. So few that a list finds them. */
  readonly notes: SessionNote[];
}

export interface PracticeSnapshot {
  readonly facts: FactMemorySnapshot;
  readonly sessions: number;
  readonly notes: readonly SessionNote[];
}

export function createPractice(slots: number): PracticeState {
  return { facts: new FactMemory(slots), sessions: 0, notes: [] };
}

export function snapshotPractice({ facts, sessions, notes }: PracticeState): PracticeSnapshot {
  return { facts: facts.snapshot(), sessions, notes: copied(notes) };
}

export function restorePractice(slots: number, snapshot: PracticeSnapshot): PracticeState {
  const facts = FactMemory.restore(slots, snapshot.facts);
  return { facts, sessions: snapshot.sessions, notes: copied(snapshot.notes) };
}

/** As of now, whatever is learned later; costs next to nothing until then. */
export function copyPractice({ facts, sessions, notes }: PracticeState): PracticeState {
  return { facts: facts.copy(), sessions, notes: copied(notes) };
}

/** Notes change in place, so a snapshot must not share them. */
function copied(notes: readonly SessionNote[]): SessionNote[] {
  return notes.map((note) => ({ ...note }));
}

/** Peers vouch for a practice once this many of their sessions show it. */
const PEER_SESSIONS = 2;
/** A practice learned under suspicion counts once this many sessions show it. */
const SUSPECT_SESSIONS = 3;
/** What was imported under suspicion counts for its task when one session in this many shows it. */
const SESSIONS_OF_TASK = 6;
/** A kind of destination that is new in more than half of this many sessions tells nothing. */
const KIND_SESSIONS = 8;

const TOOL = hashOf('tool');
const SUSPECT = hashOf('suspect');
const UNGRANTED = hashOf('ungranted');
const KIND = hashOf('kind');
const KIND_NEW = hashOf('kind new');

/** A destination of the event, and what it is to the agent; read before anything is learned. */
interface Aim {
  readonly destination: Destination;
  readonly fact: Hash;
  readonly kind: Hash;
  /** Neither known nor named by the intent. */
  readonly isNew: boolean;
  /** Not known, yet seen under suspicion before. */
  readonly isRepeated: boolean;
}

/** How far what an event shows may be believed: `imported_suspect` is of a history, and tripped. */
type Standing = 'trusted' | 'suspect' | 'imported_suspect';

/** One event, read against what is known; `learn` adds it afterwards. */
export class PracticeReading implements AgentPractice {
  readonly #own: PracticeState;
  readonly #peers: PracticeState | null;
  readonly #event: AccessEvent;
  readonly #note: SessionNote;
  /** Where among the notes the session has one, -1 where it has none. */
  readonly #place: number;
  readonly #tool: Hash;
  #aimed: readonly Aim[] | undefined;
  #firstSeen: readonly Destination[] | undefined;

  constructor(own: PracticeState, peers: PracticeState | null, event: AccessEvent) {
    this.#own = own;
    this.#peers = peers;
    this.#event = event;
    const session = sessionOf(event);
    this.#place = placeOf(own.notes, session);
    const before = own.notes[this.#place] ?? createNote(session);
    this.#note = noted(before, event, (task) => this.#knows(task, null));
    this.#tool = hashOf(event.action.name, TOOL);
  }

  get sessions(): number {
    return this.#own.sessions;
  }

  get peerSessions(): number {
    return this.#peers?.sessions ?? this.#own.sessions;
  }

  get task(): AgentPractice['task'] {
    const { task, isKnown } = this.#note;
    if (task === null) return 'unnamed';
    return isKnown ? 'known' : 'new';
  }

  get usesTool(): boolean {
    return this.#knows(this.#tool);
  }

  get usesToolForTask(): boolean {
    const { task } = this.#note;
    return this.#knows(task === null ? this.#tool : combined(task, this.#tool));
  }

  get ungrantedSessions(): number {
    return this.#own.facts.count(UNGRANTED);
  }

  get covered(): boolean | null {
    const { scopes, action } = this.#event;
    const granted = scopes?.granted;
    if (!granted) return null;
    const required = scopes.required ?? [];
    if (required.length > 0) return required.every((scope) => granted.includes(scope));
    if (granted.includes(action.name)) return true;
    return granted.some((scope) => this.#knows(hashOf(scope, TOOL))) ? false : null;
  }

  get firstSeen(): readonly Destination[] {
    this.#firstSeen ??= this.#aims
      .filter(({ isNew, kind }) => isNew && !this.#isUsuallyNew(kind))
      .map(({ destination }) => destination);
    return this.#firstSeen;
  }

  /** Keeps what the session said it is for; called once an event is counted. */
  keepNote(): void {
    const { notes } = this.#own;
    if (this.#place >= 0) {
      notes[this.#place] = this.#note;
      moveLast(notes, this.#place);
      return;
    }
    notes.push(this.#note);
    if (notes.length > LIMITS.practiceNotesPerAgent) notes.shift();
  }

  /**
   * Adds the event to what is known. From a `suspect` session it counts only once several such
   * sessions did the same, so that an incident does not become a practice by happening. Of what was
   * imported only the destinations are held back, and for the task they were used in a share of its
   * sessions is enough: an honest destination belongs to its task, an injected one turns up in any.
   */
  learn(standing: Standing): void {
    const note = this.#note;
    if (note.taught >= LIMITS.practiceEventsPerSession) return;
    // Read before anything is added: what is new in this event stays new for all of it.
    const aims = this.#aims;
    const isFirst = note.taught === 0;
    const ungranted = !onlyReads(this.#event.action.op) && this.covered === false;
    for (const practice of this.#peers ? [this.#own, this.#peers] : [this.#own]) {
      if (isFirst) practice.sessions += 1;
      const add = (fact: Hash) => {
        const isHeldBack = standing === 'suspect';
        practice.facts.add(isHeldBack ? combined(SUSPECT, fact) : fact, note.session);
      };
      add(this.#tool);
      if (note.task !== null) {
        add(note.task);
        add(combined(note.task, this.#tool));
      }
      if (ungranted) add(UNGRANTED);
      for (const { fact, kind, isNew, isRepeated } of aims) {
        // Even under suspicion: a kind that is always new would else be reported forever.
        practice.facts.add(combined(KIND, kind), note.session);
        if (isNew && !isRepeated) practice.facts.add(combined(KIND_NEW, kind), note.session);
        if (standing === 'imported_suspect' && note.task !== null) {
          practice.facts.add(combined(SUSPECT, fact), note.session);
          practice.facts.add(combined(note.task, combined(SUSPECT, fact)), note.session);
        } else add(fact);
      }
    }
    note.taught += 1;
  }

  get #aims(): readonly Aim[] {
    this.#aimed ??= (this.#event.destinations ?? []).map((destination) => this.#aimOf(destination));
    return this.#aimed;
  }

  #aimOf(destination: Destination): Aim {
    const { type, value, group } = destination;
    const ofType = hashOf(type);
    const written = plain(value);
    const ofGroup = group === undefined ? ofType : hashOf(group, ofType);
    const fact = combined(this.#tool, hashOf(written, ofGroup));
    // An object stays inside; where data may leave, one session in many proves nothing.
    const least = type === 'object' ? 0 : 1;
    const isNew = !this.#knows(fact, this.#note.task, least) && !isNamedIn(this.#note, written);
    const isRepeated = this.#own.facts.count(combined(SUSPECT, fact)) > 0;
    return { destination, fact, kind: combined(this.#tool, ofType), isNew, isRepeated };
  }

  #isUsuallyNew(kind: Hash): boolean {
    const { facts } = this.#peers ?? this.#own;
    const seen = facts.count(combined(KIND, kind));
    return seen >= KIND_SESSIONS && facts.count(combined(KIND_NEW, kind)) * 2 > seen;
  }

  /** @param least 0 where any one session of the task will do, 1 where a share must agree. */
  #knows(fact: Hash, task = this.#note.task, least: 0 | 1 = 1): boolean {
    const own = this.#own.facts;
    if (own.count(fact) > 0) return true;
    const peers = this.#peers?.facts;
    if (peers && peers.count(fact) >= PEER_SESSIONS) return true;
    const suspected = combined(SUSPECT, fact);
    if (own.count(suspected) >= SUSPECT_SESSIONS) return true;
    if (task === null) return false;
    const inTask = combined(task, suspected);
    if (peers && peers.count(inTask) >= PEER_SESSIONS) return true;
    return own.count(inTask) * SESSIONS_OF_TASK > own.count(task) * least;
  }
}

/** The latest first: most events are of the session of the one before. */
function placeOf(notes: readonly SessionNote[], { high, low }: Hash): number {
  for (let place = notes.length - 1; place >= 0; place -= 1) {
    const session = notes[place]?.session;
    if (session?.high === high && session.low === low) return place;
  }
  return -1;
}
