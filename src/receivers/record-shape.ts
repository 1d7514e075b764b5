import type { Reject } from '../core/reject.ts';
import type { Principal } from '../ports/ingest.ts';
import type { IngestNotes } from '../ports/ingest-notes.ts';

const MEMBERS = 24;
const DEPTH = 2;
const NAME_CHARS = 64;

/** Beside the rejects and not in them: a shape is for people who look, no part of an answer. */
const shapes = new WeakMap<Reject, string>();

/** Notes of which shape the record was that a reject speaks of; returns the reject. */
export function withShape(reject: Reject, record: unknown): Reject {
  shapes.set(reject, shapeOf(record));
  return reject;
}

/** Tells of rejects with what is known of their records. */
export function noteRejects(
  notes: IngestNotes | undefined,
  sender: Principal,
  format: string,
  rejects: readonly Reject[],
): void {
  if (rejects.length === 0) return;
  notes?.refused(sender, format, rejects, (reject) => shapes.get(reject) ?? null);
}

/** Member names and types of a record, two levels deep: `{id: text, agent: {id: number}}`. */
export function shapeOf(value: unknown, depth: number = DEPTH): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'list' : `list of ${value.length}`;
  if (typeof value !== 'object') return WORDS[typeof value] ?? typeof value;
  if (depth === 0) return 'object';
  const names = Object.keys(value);
  const members = names.slice(0, MEMBERS).map((name) => {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    return `${shownName(name)}: ${shapeOf(member, depth - 1)}`;
  });
  if (names.length > MEMBERS) members.push(`${names.length - MEMBERS} more`);
  return `{${members.join(', ')}}`;
}

const WORDS: Readonly<Record<string, string>> = { string: 'text' };

/** A name that looks like one; anything else may be somebody's data in the place of a name. */
export function shownName(name: string): string {
  const isName = name.length <= NAME_CHARS && /^[A-Za-z_$@][\w$./:-]*$/.test(name);
  return isName && !/\d{5}/.test(name) && !name.slice(1).includes('@') ? name : '[hidden]';
}
