import { LIMITS } from '../core/limits.ts';
import { wordsOfKey } from './key-words.ts';

/** What a key of tool arguments points at. `origin` points back: a sender is no destination. */
export type DestinationKind =
  | 'account'
  | 'bucket'
  | 'channel'
  | 'host'
  | 'object'
  | 'origin'
  | 'path'
  | 'recipient'
  | 'repository';

const WORDS: Readonly<Record<Exclude<DestinationKind, 'object'>, string>> = {
  recipient:
    'to cc bcc recipient recipients email emails mail mailbox participant participants ' +
    'attendee attendees invitee invitees addressee addressees phone msisdn mobile whatsapp',
  host: 'url urls uri endpoint webhook host hostname domain link website site callback href',
  account: 'iban account beneficiary payee creditor wallet',
  path: 'path paths file files filename filepath directory folder dir',
  bucket: 'bucket container',
  repository: 'repo repository remote',
  channel: 'channel channels topic queue room',
  origin: 'from sender source origin author',
};

const KINDS: ReadonlyMap<string, DestinationKind> = new Map(
  (Object.keys(WORDS) as (keyof typeof WORDS)[]).flatMap((kind) =>
    WORDS[kind].split(' ').map((word): [string, DestinationKind] => [word, kind]),
  ),
);
/** `account_number` and `repo_name` are about their first word. */
const TAILS = new Set(['number', 'no', 'name', 'address', 'id', 'with']);

const kinds = new Map<string, DestinationKind | null>();

/** The kind of destination under this key, or null where the key does not tell. */
export function kindOfKey(key: string): DestinationKind | null {
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const kind = judge(wordsOfKey(key.slice(0, LIMITS.identifierChars)));
  if (kinds.size >= LIMITS.rememberedKeyPolicies) kinds.clear();
  if (key.length <= LIMITS.identifierChars) kinds.set(key, kind);
  return kind;
}

/** What a call acts on, where that is told by a number or a title of its own. */
const OBJECTS = new Set(['code', 'name', 'number', 'product', 'sku', 'title', 'username']);
const IDENTIFIERS = new Set(['id', 'ids']);
/** Identifiers that are new with every call, or that page through a list. */
const PASSING = new Set(
  (
    'call conversation correlation cursor event idempotency message page request run session ' +
    'span thread trace transaction'
  ).split(' '),
);

function judge(words: readonly string[]): DestinationKind | null {
  if (words[0] === 'from' || words[0] === 'sender' || words[0] === 'source') return 'origin';
  const last = words.at(-1) ?? '';
  const named = TAILS.has(last) && words.length > 1 ? (words.at(-2) ?? '') : last;
  // An `account_id` is a customer, an `email_id` a message: not where something goes.
  if (IDENTIFIERS.has(last) && named !== 'repo' && named !== 'channel' && named !== 'bucket') {
    return words.some((word) => PASSING.has(word)) ? null : 'object';
  }
  const kind = KINDS.get(named);
  if (kind !== undefined) return kind;
  if (/(?:^|_)shared?_with$/.test(words.join('_'))) return 'recipient';
  return OBJECTS.has(last) ? 'object' : null;
}
