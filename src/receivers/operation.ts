import type { Operation } from '../core/access-event.ts';

/**
 * What a tool does, judged by the words of its name (`crm.search_contacts`, `sendEmail`,
 * `mcp__db__delete-row`). The first word of the table wins, since names put the verb first;
 * `unknown` when no word tells. Grants files correct it (`actions:` in design section 6).
 */
export function operationOfName(name: string): Operation {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const operation = judge(name);
  if (judged.size < JUDGED_NAMES && name.length <= JUDGED_CHARS) judged.set(name, operation);
  return operation;
}

/** Names come again and again; what a name means never changes. */
const judged = new Map<string, Operation>();
const JUDGED_NAMES = 4_096;

function judge(name: string): Operation {
  for (const word of wordsOf(name)) {
    const operation = OPERATION_BY_WORD.get(word);
    if (operation !== undefined) return operation;
  }
  return 'unknown';
}

/** HTTP methods by their meaning in RFC 9110; anything else is judged as a word. */
export function operationOfHttpMethod(method: string): Operation {
  return OPERATION_BY_METHOD.get(method.toUpperCase()) ?? 'unknown';
}

/** A name is cut here before it is judged, so that a hostile one costs no time. */
const JUDGED_CHARS = 256;

function wordsOf(name: string): readonly string[] {
  return name
    .slice(0, JUDGED_CHARS)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

const WORDS: Readonly<Record<Exclude<Operation, 'unknown'>, string>> = {
  read:
    'get read fetch retrieve load view show open download describe lookup query select ' +
    'count check verify inspect summarize summarise extract resolve whoami status head ' +
    'peek',
  list: 'list search find browse scan enumerate ls discover grep glob suggest',
  write:
    'create send update write add insert put post set save upload edit modify patch append ' +
    'upsert reply forward publish book schedule pay transfer refund invite share move ' +
    'rename copy assign comment submit upvote merge push commit notify message email store ' +
    'reserve order buy purchase change replace import register subscribe reschedule',
  delete:
    'delete remove destroy drop purge erase trash unlink truncate cancel unsubscribe clear ' + 'rm',
  execute:
    'run execute exec invoke call eval bash shell compute calculate convert start launch ' +
    'trigger click navigate goto type login python sql chat handoff',
  admin:
    'grant revoke admin configure enable disable deploy provision decommission rotate ' +
    'approve deny impersonate sudo chmod chown',
};

const OPERATION_BY_WORD: ReadonlyMap<string, Operation> = new Map(
  Object.entries(WORDS).flatMap(([operation, words]) =>
    words.split(' ').map((word): [string, Operation] => [word, operation as Operation]),
  ),
);

const OPERATION_BY_METHOD: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['GET', 'read'],
  ['HEAD', 'read'],
  ['OPTIONS', 'read'],
  ['POST', 'write'],
  ['PUT', 'write'],
  ['PATCH', 'write'],
  ['DELETE', 'delete'],
]);
