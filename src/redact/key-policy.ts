import { LIMITS } from '../core/limits.ts';
import { HINT } from './hit.ts';
import { credentialLabel, wordsOfKey } from './key-words.ts';
import type { PersonalType } from './tokens.ts';

/** What a key says about its value, before the value is looked at. */
export interface KeyPolicy {
  /** Label of the mask for a value that is secret whatever it looks like. */
  readonly credential: string | null;
  /** The value is a date of birth: a secret, unless the tenant has a mode for dates. */
  readonly isBirthDate: boolean;
  /** Kind of a value that is personal whatever it looks like. */
  readonly personal: PersonalType | null;
  /** The value describes a person: a bare `name` in it is that person's. */
  readonly describesPerson: boolean;
  /** The key is `name` and nothing more. */
  readonly isName: boolean;
  /** Bits of `HINT` for the value's text. */
  readonly hints: number;
  readonly words: readonly string[];
}

/** Nothing known: scan the value for what it is. */
export const NO_POLICY: KeyPolicy = {
  credential: null,
  isBirthDate: false,
  personal: null,
  describesPerson: false,
  isName: false,
  hints: HINT.none,
  words: [],
};

const policies = new Map<string, KeyPolicy>();

/** Policy of one key; remembered, since telemetry has few keys and many values. */
export function policyOfKey(key: string): KeyPolicy {
  const known = policies.get(key);
  if (known !== undefined) return known;
  const policy = judgeKey(key);
  if (policies.size >= LIMITS.rememberedKeyPolicies) policies.clear();
  if (key.length <= LIMITS.identifierChars) policies.set(key, policy);
  return policy;
}

const NAME_OWNERS = new Set(
  (
    'first last full given family middle maiden legal customer patient contact employee ' +
    'cardholder holder sender guest passenger owner user beneficiary caller subscriber ' +
    'member person enduser'
  ).split(' '),
);
const NAMES = new Set(
  (
    'firstname lastname fullname surname givenname familyname maidenname username patient ' +
    'cardholder forename'
  ).split(' '),
);
const PEOPLE = new Set(
  (
    'user customer patient person contact employee cardholder guest passenger enduser caller ' +
    'subscriber profile traveler'
  ).split(' '),
);
const ADDRESS_KINDS = new Set(
  'street home billing shipping postal mailing residential delivery residence'.split(' '),
);
const DOCUMENTS =
  /(?:^|_)(?:passport(?:_(?:number|no|id))?|driv(?:er|ers|ing)_licen[cs]e(?:_(?:number|no))?|national_id|tax_id|nino|mrn|medical_record_number|national_insurance_number|identity_card)$/;
const ACCOUNTS =
  /(?:^|_)(?:(?:account|acct)_(?:number|no|nr)|bank_account|accountnumber|kontonummer)$/;
const BIRTH = /(?:^|_)(?:dob|date_of_birth|birth_?date|birth_?day)$/;
const PHONES =
  /^(?:phones?|mobile|cell|cellphone|tel|telephone|telefon|fax|msisdn|whatsapp|sms|phonenumber)$/;
const CARDS = /^(?:card|cards|pan|cc|creditcard|cardnumber|ccnumber)$/;

function judgeKey(key: string): KeyPolicy {
  const words = wordsOfKey(key.slice(0, LIMITS.identifierChars));
  const joined = words.join('_');
  const last = words.at(-1) ?? '';
  const isBirthDate = BIRTH.test(joined);
  return {
    credential: isBirthDate ? 'birth_date' : credentialLabel(words),
    isBirthDate,
    personal: personalKind(words, joined),
    describesPerson: PEOPLE.has(last.replace(/s$/, '')),
    isName: last === 'name' && words.length === 1,
    hints: hintsOf(words, joined),
    words,
  };
}

function personalKind(words: readonly string[], joined: string): PersonalType | null {
  const last = words.at(-1) ?? '';
  const previous = words.at(-2) ?? '';
  if (NAMES.has(last) || (last === 'name' && NAME_OWNERS.has(previous))) return 'person';
  if (last === 'address' && ADDRESS_KINDS.has(previous)) return 'address';
  if (last === 'street' || /(?:^|_)(?:address_line_?\d?|street_address_?\d?)$/.test(joined)) {
    return 'address';
  }
  if (DOCUMENTS.test(joined)) return 'id_document';
  return ACCOUNTS.test(joined) ? 'account' : null;
}

function hintsOf(words: readonly string[], joined: string): number {
  let hints: number = HINT.none;
  if (words.some((word) => PHONES.test(word))) hints |= HINT.phone;
  if (words.some((word) => CARDS.test(word))) hints |= HINT.card;
  if (words.includes('ssn') || joined.includes('social_security')) hints |= HINT.ssn;
  if (words.includes('iban')) hints |= HINT.iban;
  if (words.some((word) => /^(?:version|build|release|revision|ver|oid)$/.test(word))) {
    hints |= HINT.version;
  }
  return hints;
}
