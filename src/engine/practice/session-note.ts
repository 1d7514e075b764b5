import type { AccessEvent } from '../../core/access-event.ts';
import { type Hash, hashOf } from '../../core/hash.ts';
import { LIMITS } from '../../core/limits.ts';
import { DAY_MS } from '../../core/time.ts';

/** What one session said it is for; its calls are judged by it. Plain JSON. */
export interface SessionNote {
  readonly session: Hash;
  /** Stands for the text of the intent; null where the session told none. */
  readonly task: Hash | null;
  /** Whether earlier sessions had this task, as of when this one named it. */
  readonly isKnown: boolean;
  /** Low halves of the words of the intent: what the person named may be used. */
  words: readonly number[];
  /** New facts learned from this session; bounded, so that no one session teaches much. */
  taught: number;
}

export function createNote(session: Hash): SessionNote {
  return { session, task: null, isKnown: false, words: [], taught: 0 };
}

const SESSION = hashOf('session');
const DAY = hashOf('day');
const TASK = hashOf('task');

/** The session of the event; where it has none its trace, and where it has neither its day. */
export function sessionOf(event: AccessEvent): Hash {
  const { session, trace, time } = event;
  const id = session?.id ?? session?.conversationId ?? trace?.traceId;
  return id === undefined ? hashOf(`${Math.floor(time / DAY_MS)}`, DAY) : hashOf(id, SESSION);
}

/**
 * The note after this event: an intent named on the event replaces the one before. `isKnown` tells
 * whether a task was seen before, and is asked only then: what a session does is soon known itself.
 */
export function noted(
  note: SessionNote,
  { intent, kind, action }: AccessEvent,
  isKnown: (task: Hash) => boolean,
): SessionNote {
  const text = intent?.text ?? intent?.scope ?? (kind === 'task_start' ? action.name : undefined);
  if (text === undefined || text === '') return note;
  const task = hashOf(text, TASK);
  if (note.task?.high === task.high && note.task.low === task.low) return note;
  return { ...note, task, isKnown: isKnown(task), words: wordsOf(text) };
}

/** Whether the intent names this, as `plain` has it: a token, a host, a repository, an id. */
export function isNamedIn({ words }: SessionNote, value: string): boolean {
  return words.length > 0 && words.includes(hashOf(value).low);
}

const WORD = /\[[a-z_]+:[^\]\s]+\]|[^\s"'`(),;!?<>[\]{}]+/g;

function wordsOf(text: string): readonly number[] {
  const words = new Set<number>();
  for (const [word] of text.slice(0, LIMITS.intentChars).matchAll(WORD)) {
    if (words.size >= LIMITS.intentWords) break;
    const whole = plain(word);
    words.add(hashOf(whole).low);
    const host = whole.split('/')[0] ?? '';
    if (host !== whole && host.includes('.')) words.add(hashOf(host).low);
  }
  return [...words];
}

/** As written by people: `https://www.Example.com/.` is `example.com`. Tokens stay as they are. */
export function plain(word: string): string {
  if (word.startsWith('[')) return word;
  return word
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/^www\./, '')
    .replace(/[.:/]+$/, '');
}
