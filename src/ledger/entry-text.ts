import { ENTRY_KINDS, type EntryKind } from '../core/entry.ts';
import { assert } from '../core/errors.ts';
import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';

/**
 * An entry as it is stored and committed to, in lines: seq, logged at (ms), kind, engine version,
 * tenant as a JSON string, body. Only the body may hold further line ends, so that the text reads
 * back in one way; with its salt before it, `sha256sum` gives the commitment.
 */
export function entryHead(
  { loggedAt, kind, tenant, engineVersion }: UnsequencedEntry,
  seq: number,
): string {
  return `${seq}\n${loggedAt}\n${kind}\n${engineVersion}\n${tenantText(tenant)}\n`;
}

/** The entry again; null for a text that is none. */
export function parseEntryText(text: string): SequencedEntry | null {
  const ends: number[] = [];
  for (let at = -1; ends.length < HEAD_LINES; ends.push(at)) {
    at = text.indexOf('\n', at + 1);
    if (at < 0) return null;
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = ends;
  const kind = text.slice(b + 1, c) as EntryKind;
  const tenant = tenantOf(text.slice(d + 1, e));
  if (KIND_CODES.get(kind) === undefined || tenant === null) return null;
  return {
    seq: Number(text.slice(0, a)),
    loggedAt: Number(text.slice(a + 1, b)),
    kind,
    tenant,
    engineVersion: Number(text.slice(c + 1, d)),
    body: text.slice(e + 1),
  };
}

/** What a log says of an entry to anybody. */
export type EntryHead = Pick<SequencedEntry, 'seq' | 'loggedAt' | 'kind'>;

/** The same of a text without reading the rest of it; null for a text that is none. */
export function parseEntryHead(text: Buffer): EntryHead | null {
  const a = digitsEnd(text, 0);
  const b = digitsEnd(text, a + 1);
  if (text[a] !== LINE_END || text[b] !== LINE_END) return null;
  let c = b + 1;
  while (c < text.length && text[c] !== LINE_END) c += 1;
  const kind = text.toString('latin1', b + 1, c) as EntryKind;
  if (c === text.length || KIND_CODES.get(kind) === undefined) return null;
  return { seq: digits(text, 0, a), loggedAt: digits(text, a + 1, b), kind };
}

function digitsEnd(text: Buffer, start: number): number {
  let at = start;
  for (let byte = text[at] ?? 0; byte >= DIGIT_0 && byte <= DIGIT_9; byte = text[at] ?? 0) at += 1;
  return at;
}

function digits(text: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = 10 * value + (text[at] ?? 0) - DIGIT_0;
  return value;
}

const LINE_END = 0x0a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const HEAD_LINES = 5;

/** Codes in leaf records: by place in the list of kinds, from 1, to which kinds are only added. */
const KIND_CODES: ReadonlyMap<EntryKind, number> = new Map(
  ENTRY_KINDS.map((kind, index) => [kind, index + 1]),
);

export function kindCode(kind: EntryKind): number {
  const code = KIND_CODES.get(kind);
  assert(code !== undefined, 'every kind has a code');
  return code;
}

// The same few tenants come again and again.
const PLAIN_TENANT = /^[\w.:@/-]*$/;

function tenantText(tenant: string): string {
  return PLAIN_TENANT.test(tenant) ? `"${tenant}"` : JSON.stringify(tenant);
}

function tenantOf(text: string): string | null {
  const inner = text.slice(1, -1);
  if (PLAIN_TENANT.test(inner)) return inner;
  try {
    const tenant: unknown = JSON.parse(text);
    return typeof tenant === 'string' ? tenant : null;
  } catch {
    return null;
  }
}
