import type { Entity } from './entity.ts';

/** Entities with a recogniser of their own, for the page; the rules stand in the code named. */
export const GENERIC_ENTITIES: readonly Entity[] = [
  {
    id: 'email',
    type: 'email',
    region: 'any',
    rule: 'Local part and host around an `@` (email.ts), also spelt `[at]` and `(dot)`.',
    source: 'RFC 5321, RFC 5322, RFC 6531',
    gaps: '`at` and `dot` without brackets; hosts without a top-level name.',
  },
  {
    id: 'phone',
    type: 'phone',
    region: 'any',
    rule: 'A plus or 00, a North American or trunk-zero form, or digits beside a word (phone.ts).',
    source: 'ITU-T E.164, NANP',
    gaps: 'National numbers without separators, word or key.',
  },
  {
    id: 'card',
    type: 'card',
    region: 'any',
    rule: 'Issuer prefix, length, grouping and Luhn (number.ts); beside a word Luhn may fail.',
    source: 'ISO/IEC 7812-1',
    gaps:
      'Bare numbers of 12, 17 to 19 digits, which are more often ids and clocks; between letters ' +
      'those of 15 and 16 digits alone, and none in a word of hexadecimal digits.',
  },
  {
    id: 'iban',
    type: 'iban',
    region: 'any',
    rule: 'Country length and MOD 97-10 (account.ts); beside `iban` the check may fail.',
    source: 'ISO 13616-1, SWIFT IBAN registry',
    gaps: 'The inner structure of the national part is not looked at.',
  },
  {
    id: 'ip',
    type: 'ip',
    region: 'any',
    rule: 'IPv4 and IPv6 in every form, zone included (address.ts); loopback stays.',
    source: 'RFC 791, RFC 4291, RFC 5952',
    gaps: 'Dotted versions of four numbers without a word of versions look alike.',
  },
  {
    id: 'machine_readable_zone',
    type: 'id_document',
    region: 'any',
    rule:
      'Two lines of 44 or 36 or three of 30 characters of a passport, visa or identity card ' +
      '(travel-document.ts); one whose check digits pass (weights 7, 3, 1), two of the right ' +
      'form, or a line of names.',
    source: 'ICAO 9303 parts 3 to 7',
    gaps: 'Lines of national forms, such as the French card before 2021; lower case.',
  },
  {
    id: 'ssn',
    type: 'ssn',
    region: 'US',
    rule: 'Three, two and four digits with dashes in issuable ranges, or nine beside a word.',
    source: 'SSA, POMS RM 10201.035',
    gaps: 'No check digit exists.',
  },
  {
    id: 'itin',
    type: 'itin',
    region: 'US',
    rule: 'The same shape from 900 on, in the groups that the IRS gives out.',
    source: 'IRS Publication 1915',
  },
];
