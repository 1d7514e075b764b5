import { type EventKind, type Operation, onlyReads } from '../../core/access-event.ts';

/**
 * What kind of event the name of an action or event type speaks of, for formats that name it in
 * words of their own: log-ins are authentication, making a credential is `token_issue`.
 */
export function kindOfName(name: string, op: Operation): EventKind {
  const words = ` ${name
    .slice(0, JUDGED_CHARS)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')} `;
  if (AUTHENTICATION.test(words)) return 'authentication';
  if (CREDENTIAL.test(words) && MAKES.test(words)) return 'token_issue';
  if (APPROVAL.test(words)) return 'approval';
  return onlyReads(op) ? 'data_access' : 'admin';
}

const JUDGED_CHARS = 256;
const AUTHENTICATION =
  / (?:log ?(?:in|on|out)|login|logon|logout|sign ?(?:in|on|out|off)|signin|authenticat\w*) /;
const CREDENTIAL = / (?:tokens?|api keys?|access keys?|credentials?|service keys?|assume role) /;
const MAKES = / (?:create[ds]?|issued?|generated?|mint(?:ed)?|get|assume) /;
const APPROVAL = / (?:approv\w*|access request) /;
