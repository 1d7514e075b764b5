import { hash } from 'node:crypto';
import type { AccessEvent } from '../core/access-event.ts';
import {
  type ContentMarks,
  type Decided,
  type DecisionEntry,
  type Effect,
  ENGINE_VERSION,
  type FoldedEntry,
  type InputEntry,
  type LogEntry,
  type RecordEntry,
  SYSTEM_TENANT,
} from '../core/entry.ts';
import { PSEUDONYM } from '../core/pseudonym.ts';
import type { Redacted } from '../core/redacted.ts';
import { contentOf } from '../core/resent.ts';
import type { EpochMs } from '../core/time.ts';
import type { SequencedEntry, UnsequencedEntry } from '../ports/ledger.ts';

/** A folded entry before the ledger has given it a place. */
export type Unplaced = {
  [Kind in FoldedEntry['kind']]: Omit<
    Extract<FoldedEntry, { kind: Kind }>,
    'seq' | 'loggedAt' | 'engineVersion' | keyof ContentMarks
  >;
}[FoldedEntry['kind']];

/** A record of what people did, before it has a place; the engine does not fold it. */
export type UnplacedRecord = Omit<RecordEntry, 'seq' | 'loggedAt' | 'engineVersion'>;

const HASH_CHARS = 22;

/**
 * What tells a resent event from another one under the same id: SHA-256 of the stored text, 128
 * bits, and the pseudonyms in it, which have other names after a rotation of keys. What the
 * verification of a token added to the event does not count.
 */
export function contentMarksOf(event: Redacted<AccessEvent>, stored: string): ContentMarks {
  const unchanged = event.tokenAliases === undefined && event.token?.saidRef === undefined;
  const text = unchanged ? stored : JSON.stringify(contentWithoutAliases(event));
  const contentTokens: string[] = [];
  const nameless = text.includes('[')
    ? text.replaceAll(PSEUDONYM, (token) => {
        contentTokens.push(token);
        return '[]';
      })
    : text;
  const contentHash = hash('sha256', nameless, 'base64url').slice(0, HASH_CHARS);
  return contentTokens.length === 0 ? { contentHash } : { contentHash, contentTokens };
}

function contentWithoutAliases(event: AccessEvent): object {
  const { tokenAliases: _known, ...content } = contentOf(event) as AccessEvent;
  return content;
}

export function encodeEntry(entry: Unplaced | UnplacedRecord, loggedAt: EpochMs): UnsequencedEntry {
  const { kind, tenant } = entry;
  return {
    loggedAt,
    kind,
    tenant,
    engineVersion: ENGINE_VERSION,
    body: JSON.stringify(entry.body),
  };
}

/** `late`: the disk refused it before, and it has gone out all the same. */
export function encodeDecision(
  effect: Effect,
  loggedAt: EpochMs,
  late: 'late' | null,
): UnsequencedEntry {
  const { kind, tenant, inputSeq, ordinal, decision } = effect;
  const body: Decided<unknown> = { inputSeq, ordinal, decision, ...markOf(late) };
  return { loggedAt, kind, tenant, engineVersion: ENGINE_VERSION, body: JSON.stringify(body) };
}

/** The folded entry that was just appended; the body is not parsed again. */
export function placed(
  entry: Unplaced | UnplacedRecord,
  stored: SequencedEntry,
): FoldedEntry | RecordEntry {
  const { seq, loggedAt, engineVersion } = stored;
  const envelope = { ...entry, seq, loggedAt, engineVersion };
  if (entry.kind !== 'input') return envelope as FoldedEntry;
  return { ...envelope, ...contentMarksOf(entry.body, stored.body) } as InputEntry;
}

/** A decision that was just recorded. */
export function recordedDecision(
  effect: Effect,
  stored: SequencedEntry,
  late: 'late' | null,
): DecisionEntry {
  const { seq, loggedAt, engineVersion } = stored;
  const { kind, tenant, inputSeq, ordinal, decision } = effect;
  const body = { inputSeq, ordinal, decision, ...markOf(late) };
  return { seq, loggedAt, engineVersion, kind, tenant, body } as DecisionEntry;
}

function markOf(late: 'late' | null): { readonly late?: true } {
  return late === null ? {} : { late: true };
}

/** An entry as read back from the ledger. What was stored had passed the redactor. */
export function decodeEntry(stored: SequencedEntry): LogEntry {
  const { seq, loggedAt, kind, tenant, engineVersion } = stored;
  const body: unknown = JSON.parse(stored.body);
  const envelope = { seq, loggedAt, kind, tenant, engineVersion, body };
  if (kind !== 'input') return envelope as LogEntry;
  const event = body as Redacted<AccessEvent>;
  return { ...envelope, kind, body: event, ...contentMarksOf(event, stored.body) };
}

export function isDecision(entry: LogEntry): entry is DecisionEntry {
  switch (entry.kind) {
    case 'finding':
    case 'transition':
    case 'revocation':
    case 'chain':
      return true;
    default:
      return false;
  }
}

export function isFolded(entry: LogEntry): entry is FoldedEntry {
  switch (entry.kind) {
    case 'input':
    case 'tick':
    case 'config':
    case 'grant':
    case 'command':
    case 'ack':
    case 'delivery':
      return true;
    default:
      return false;
  }
}

export const TICK: Unplaced = { kind: 'tick', tenant: SYSTEM_TENANT, body: {} };
