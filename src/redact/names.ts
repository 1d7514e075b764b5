import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf, localIdOf, namingKeyOf } from '../core/chain.ts';
import { LIMITS } from '../core/limits.ts';
import { type FoldedText, foldText, hasEscapes, placeOf } from './fold.ts';
import { credentialLabel } from './key-words.ts';
import { everyToken } from './tokens.ts';

/** Shorter parts of a name are words of some language. */
const PART_CHARS = 4;
const NAME_CHARS = 80;
const NAME_WORDS = 6;
/** Letters and what stands between them; logins with figures are no names to look for. */
const NAME = /^\p{L}[\p{L}\p{M}'’. -]{2,}$/u;
/** A word joined to a digit is part of an id, not of a name. */
const WORDS = /(?<![\p{L}\p{N}])\p{L}[\p{L}\p{M}'’.-]*(?![\p{L}\p{M}\p{N}])/gu;

/** A name as it was written, in lower case with single blanks, and the token it became. */
export type Names = ReadonlyMap<string, string>;

/** The names of one tenant's chains, in two generations. */
interface TenantNames {
  young: Map<string, Map<string, string>>;
  old: Map<string, Map<string, string>>;
}

/**
 * The names met under typed keys, by tenant and chain: what is called `customer.name` in one record
 * is looked for in the words of the others of its chain, and nowhere else. It is all that one
 * record's redaction may owe to another. Each tenant has room of its own, so that none makes the
 * names of another forgotten. Raw names stay in this memory and leave it with the process.
 */
export class NameMemory {
  readonly #tenants = new Map<string, TenantNames>();

  /** Adds names to a record's chain and returns all that the chain has. */
  namesOf(event: AccessEvent, found: Names): Names {
    const tenant = this.#tenants.get(event.tenant.id);
    if (tenant === undefined && found.size === 0) return found;
    // Records that only a tool call joins are still of one conversation.
    const session = namingKeyOf(event) === null ? event.session?.id : undefined;
    const within = session ? localIdOf({ kind: 'session', id: session }) : chainIdOf(event);
    const known = tenant?.young.get(within) ?? tenant?.old.get(within);
    if (found.size === 0) return known ?? found;
    const names = known ?? new Map<string, string>();
    for (const [name, token] of found) {
      if (names.size < LIMITS.namesPerChain) names.set(name, token);
    }
    const into = tenant ?? this.#addTenant(event.tenant.id);
    into.young.set(within, names);
    if (into.young.size >= LIMITS.chainsWithNames / 2) {
      into.old = into.young;
      into.young = new Map();
    }
    return names;
  }

  #addTenant(id: string): TenantNames {
    const [first] = this.#tenants.keys();
    if (first !== undefined && this.#tenants.size >= LIMITS.tenants) this.#tenants.delete(first);
    const tenant = { young: new Map(), old: new Map() };
    this.#tenants.set(id, tenant);
    return tenant;
  }

  /** Forgets everything, as an erasure asks for. */
  clear(): void {
    this.#tenants.clear();
  }
}

/** The persons among what a record's pass replaced. */
export function namesAmong(replaced: ReadonlyMap<string, string>): Names {
  const names = new Map<string, string>();
  for (const [token, value] of replaced) {
    if (!token.startsWith('[person:')) continue;
    const name = spelling(value);
    if (NAME.test(name) && name.length <= NAME_CHARS) names.set(name, token);
  }
  return names;
}

/** Finds the token of a name in lower case with single blanks, and how many words names have. */
export interface NameLookup {
  find(name: string): string | undefined;
  readonly longest: number;
}

/**
 * Whole names, and their longer parts, which are looked for where they are written with a capital.
 * Null when there is no name to look for.
 */
export function lookupOf(names: Names): NameLookup | null {
  const wanted = new Map<string, string>();
  for (const [name, token] of names) {
    const parts = name.split(' ');
    if (parts.length > 1 || isPart(name)) wanted.set(name, token);
    for (const part of parts.length > 1 ? parts : []) {
      if (isPart(part) && !wanted.has(part)) wanted.set(part, token);
    }
  }
  if (wanted.size === 0) return null;
  return { find: (name) => wanted.get(name), longest: longestOf(wanted.keys()) };
}

/** A word that names a credential tells what stands beside it, whatever somebody is called. */
function isPart(word: string): boolean {
  return word.length >= PART_CHARS && credentialLabel([word]) === null;
}

/** The names of a list, with tokens made when they are met. */
export function gazetteerOf(
  names: readonly string[],
): (token: (name: string) => string) => NameLookup {
  const spelled = new Set(names.map(spelling));
  const longest = longestOf(spelled);
  return (token) => ({ find: (name) => (spelled.has(name) ? token(name) : undefined), longest });
}

function longestOf(names: Iterable<string>): number {
  let longest = 1;
  for (const name of names) longest = Math.max(longest, name.split(' ').length);
  return Math.min(longest, NAME_WORDS);
}

/** The text with every name outside of tokens replaced; the same string when there is none. */
export function replaceNames(text: string, lookup: NameLookup, count: () => void): string {
  let out = '';
  for (const { text: piece, token } of everyToken(text)) {
    out += token ? piece : replaceIn(piece, lookup, count);
  }
  return out;
}

const FOREIGN = /[\u0080-\uffff]/;

function replaceIn(original: string, lookup: NameLookup, count: () => void): string {
  const folded: FoldedText =
    FOREIGN.test(original) || hasEscapes(original)
      ? foldText(original)
      : { text: original, offsets: null };
  const { text } = folded;
  const words = [...text.matchAll(WORDS)];
  let out = '';
  let done = 0;
  for (let index = 0; index < words.length; ) {
    const found = longestAt(text, words, index, lookup);
    if (found === null) {
      index += 1;
      continue;
    }
    const place = placeOf(folded, found.start, found.end);
    out += `${original.slice(done, Math.max(done, place.start))}${found.token}`;
    done = place.end;
    index += found.words;
    count();
  }
  return done === 0 ? original : out + original.slice(done);
}

function longestAt(
  text: string,
  words: readonly RegExpExecArray[],
  index: number,
  { find, longest }: NameLookup,
): { start: number; end: number; words: number; token: string } | null {
  const first = words[index];
  if (first === undefined) return null;
  for (let size = Math.min(longest, words.length - index); size > 0; size--) {
    const last = words[index + size - 1];
    if (last === undefined) continue;
    const end = last.index + last[0].replace(/(?:['’]s)?[.'’-]*$/u, '').length;
    const written = text.slice(first.index, end);
    // A part of a name in lower case is a word: Mr Green, and a green light.
    const isWord = size === 1 && !/^\p{Lu}/u.test(written);
    const token = isWord ? undefined : find(spelling(written));
    const joined = token ?? (size === 1 ? asLogin(written, find) : undefined);
    if (joined !== undefined) return { start: first.index, end, words: size, token: joined };
  }
  return null;
}

/** `jane.doering` and `jane-doering` are names whatever their case. */
function asLogin(word: string, find: NameLookup['find']): string | undefined {
  const name = spelling(word.replaceAll(/[.-]+/g, ' '));
  return name.includes(' ') ? find(name) : undefined;
}

function spelling(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s,+_]+/g, ' ')
    .trim();
}
