import type { AccessEvent, Destination, Operation } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { AgentPractice } from './agent-practice.ts';
import { combined, type FactKey, hashOf } from './fact-key.ts';
import { FactMemory, type FactMemorySnapshot } from './fact-memory.ts';
import {
  createNote,
  isNamedIn,
  noted,
  plain,
  type SessionNote,
  sessionKeyOf,
} from './session-note.ts';

/** What is known of one agent, or of one peer group. Bounded by `LIMITS.practice*`. */
export interface PracticeState {
  facts: FactMemory;
  /** Sessions that taught anything. */
  sessions: number;
  /** What recent sessions said they are for, oldest first, by the text of their key. */
  notes: Map<string, SessionNote>;
}

export interface PracticeSnapshot {
  readonly facts: FactMemorySnapshot;
  readonly sessions: number;
  readonly notes: readonly (readonly [string, SessionNote])[];
}

export function createPractice(slots: number): PracticeState {
  return { facts: new FactMemory(slots), sessions: 0, notes: new Map() };
}

export function snapshotPractice({ facts, sessions, notes }: PracticeState): PracticeSnapshot {
  return { facts: facts.snapshot(), sessions, notes: copied(notes) };
}

export function restorePractice(slots: number, snapshot: PracticeSnapshot): PracticeState {
  const facts = FactMemory.restore(slots, snapshot.facts);
  return { facts, sessions: snapshot.sessions, notes: new Map(copied(snapshot.notes)) };
}

/** Notes change in place, so a snapshot must not share them. */
function copied(notes: Iterable<readonly [string, SessionNote]>): [string, SessionNote][] {
  return Array.from(notes, ([key, note]) => [key, { ...note }]);
}

/** Peers vouch for a practice once this many of their sessions show it. */
const PEER_SESSIONS = 2;
/** A practice learned under suspicion counts once this many sessions show it. */
const SUSPECT_SESSIONS = 3;
/** A kind of destination that is new in more than half of this many sessions tells nothing. */
const KIND_SESSIONS = 8;

const READS: ReadonlySet<Operation> = new Set<Operation>(['read', 'list']);
const SUSPECT = hashOf('suspect');
const UNGRANTED = hashOf('ungranted');
const KIND = hashOf('kind');
const KIND_NEW = hashOf('kind new');

/** One event, read against what is known; `learn` adds it afterwards. */
export class PracticeReading implements AgentPractice {
  readonly #own: PracticeState;
  readonly #peers: PracticeState | null;
  readonly #event: AccessEvent;
  readonly #note: SessionNote;
  readonly #session: FactKey;
  readonly #tool: FactKey;
  #firstSeen: readonly Destination[] | undefined;

  constructor(own: PracticeState, peers: PracticeState | null, event: AccessEvent) {
    this.#own = own;
    this.#peers = peers;
    this.#event = event;
    this.#session = sessionKeyOf(event);
    const before = own.notes.get(textOf(this.#session)) ?? createNote();
    this.#note = noted(before, event, (task) => this.#knows(task));
    this.#tool = hashOf(`tool\n${event.action.name}`);
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
    return granted.some((scope) => this.#knows(hashOf(`tool\n${scope}`))) ? false : null;
  }

  get firstSeen(): readonly Destination[] {
    this.#firstSeen ??= (this.#event.destinations ?? []).filter(
      (destination) =>
        !this.#knows(this.#factOf(destination)) &&
        !isNamedIn(this.#note, destination.value) &&
        !this.#isUsuallyNew(destination.type),
    );
    return this.#firstSeen;
  }

  /** Keeps what the session said it is for; called once an event is counted. */
  keepNote(): void {
    const text = textOf(this.#session);
    const { notes } = this.#own;
    notes.delete(text);
    notes.set(text, this.#note);
    if (notes.size <= LIMITS.practiceNotesPerAgent) return;
    for (const oldest of notes.keys()) {
      notes.delete(oldest);
      break;
    }
  }

  /**
   * Adds the event to what is known. From a `suspect` session it counts only once several such
   * sessions did the same, so that an incident does not become a practice by happening.
   */
  learn({ suspect }: { readonly suspect: boolean }): void {
    const note = this.#note;
    if (note.taught >= LIMITS.practiceEventsPerSession) return;
    // Read before anything is added: what is new in this event stays new for all of it.
    const destinations = (this.#event.destinations ?? []).map(
      (destination) => [destination, this.#factOf(destination), this.#isNew(destination)] as const,
    );
    const isFirst = note.taught === 0;
    const ungranted = !READS.has(this.#event.action.op) && this.covered === false;
    for (const practice of this.#peers ? [this.#own, this.#peers] : [this.#own]) {
      if (isFirst) practice.sessions += 1;
      const add = (fact: FactKey) => {
        practice.facts.add(suspect ? combined(SUSPECT, fact) : fact, this.#session);
      };
      add(this.#tool);
      if (note.task !== null) {
        add(note.task);
        add(combined(note.task, this.#tool));
      }
      if (ungranted) add(UNGRANTED);
      for (const [{ type }, fact, isNew] of destinations) {
        // Even under suspicion: a kind that is always new would else be reported forever.
        practice.facts.add(combined(KIND, this.#kindOf(type)), this.#session);
        if (isNew) practice.facts.add(combined(KIND_NEW, this.#kindOf(type)), this.#session);
        add(fact);
      }
    }
    note.taught += 1;
  }

  #factOf({ type, value, group }: Destination): FactKey {
    return combined(this.#tool, hashOf(`${type}\n${group ?? ''}\n${plain(value)}`));
  }

  #kindOf(type: string): FactKey {
    return combined(this.#tool, hashOf(type));
  }

  #isNew(destination: Destination): boolean {
    return !this.#knows(this.#factOf(destination)) && !isNamedIn(this.#note, destination.value);
  }

  #isUsuallyNew(type: string): boolean {
    const kind = this.#kindOf(type);
    const { facts } = this.#peers ?? this.#own;
    const seen = facts.count(combined(KIND, kind));
    return seen >= KIND_SESSIONS && facts.count(combined(KIND_NEW, kind)) * 2 > seen;
  }

  #knows(fact: FactKey): boolean {
    const own = this.#own.facts;
    if (own.count(fact) > 0) return true;
    const peers = this.#peers?.facts;
    if (peers && peers.count(fact) >= PEER_SESSIONS) return true;
    return own.count(combined(SUSPECT, fact)) >= SUSPECT_SESSIONS;
  }
}

function textOf({ high, low }: FactKey): string {
  return `${high.toString(36)}-${low.toString(36)}`;
}
