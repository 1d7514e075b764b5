import { isCalendarDate } from '../checks/calendar.ts';
import { isBitcoin, isEthereum, isMonero } from '../checks/currency.ts';
import { isIccid, isImei, isVin } from '../checks/device.ts';
import type { Entity } from './entity.ts';

const MONTH = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';

/** Digits in one case say nothing of themselves, unless they are those of twenty letters. */
function isPlainAddress(digits: string): boolean {
  return !/[a-f].*[A-F]|[A-F].*[a-f]/.test(digits) && !/^(?:[2-7].)+$/.test(digits);
}

/** What every country has alike: money, devices, vehicles, places. */
export const WORLDWIDE_ENTITIES: readonly Entity[] = [
  {
    id: 'bitcoin_address',
    type: 'crypto',
    region: 'any',
    rule: 'Base58Check of versions 0 and 5, or Bech32 and Bech32m.',
    source: 'BIP 13, BIP 173, BIP 350',
    bare: '(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|(?:bc1|BC1)[02-9A-Za-z]{11,87})',
    bareRuns: Array.from({ length: 77 }, (_, at) => at + 14),
    check: isBitcoin,
  },
  {
    id: 'ethereum_address',
    type: 'crypto',
    region: 'any',
    rule: '0x and forty hexadecimal digits; mixed case must pass EIP-55.',
    source: 'EIP-55',
    bare: '0x[0-9a-fA-F]{40}',
    bareRuns: [42],
    check: (text) => isPlainAddress(text.slice(2)) || isEthereum(text),
  },
  {
    id: 'monero_address',
    type: 'crypto',
    region: 'any',
    rule: 'Base58 in blocks, Keccak over all but four bytes.',
    source: 'Monero, standard and integrated addresses',
    bare: '[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?',
    bareRuns: [95, 106],
    check: isMonero,
  },
  {
    id: 'bic',
    type: 'account',
    region: 'any',
    rule: 'Eight or eleven characters beside a word.',
    source: 'ISO 9362',
    shape: '[A-Z]{4}[A-Z]{2}[A-Z\\d]{2}(?:[A-Z\\d]{3})?',
    words: 'bic, swift, swift code, bic code',
    gaps: 'Its country is not looked up.',
  },
  {
    id: 'imei',
    type: 'device',
    region: 'any',
    rule: 'Fifteen digits, Luhn; beside a word or with its dashes.',
    source: '3GPP TS 23.003 section 6',
    shape: '\\d{2}-?\\d{6}-?\\d{6}-?\\d',
    words: 'imei, imeisv, device',
    bare: '\\d{2}-\\d{6}-\\d{6}-\\d',
    bareRuns: [2],
    check: isImei,
    strict: true,
  },
  {
    id: 'imsi',
    type: 'device',
    region: 'any',
    rule: 'Fourteen or fifteen digits beside a word.',
    source: '3GPP TS 23.003 section 2',
    shape: '\\d{14,15}',
    words: 'imsi',
  },
  {
    id: 'iccid',
    type: 'device',
    region: 'any',
    rule: '89 and seventeen or eighteen digits, Luhn.',
    source: 'ITU-T E.118',
    shape: '89\\d{17,18}',
    words: 'iccid, sim',
    bare: '89\\d{17,18}',
    bareRuns: [19, 20],
    check: isIccid,
  },
  {
    id: 'vin',
    type: 'vehicle',
    region: 'any',
    rule: 'Seventeen characters without I, O, Q beside a word.',
    source: 'ISO 3779, 49 CFR 565',
    shape: '[A-HJ-NPR-Z\\d]{17}',
    words: 'vin, vehicle identification, chassis, fahrgestellnummer, fin',
    check: isVin,
    gaps: 'The check digit binds in North America only, so a word is asked for.',
  },
  {
    id: 'mac_address',
    type: 'device',
    region: 'any',
    rule: 'Six pairs with colons or dashes, or three groups of four with dots.',
    source: 'IEEE 802-2014 section 8',
    bare:
      // The end of a longer row, such as a fingerprint, is none; a client id has one group before.
      '(?:(?<!(?:[0-9A-Fa-f]{2}[:-]){3})[0-9A-Fa-f]{2}(?<mac>[:-])[0-9A-Fa-f]{2}' +
      '(?:\\k<mac>[0-9A-Fa-f]{2}){4}(?![:-][0-9A-Fa-f])|' +
      '[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}\\.[0-9A-Fa-f]{4}(?!\\.))',
    bareRuns: [2, 4],
    gaps: 'Twenty-octet hardware addresses (InfiniBand) look like a fingerprint, and stay.',
    check: (text) => !/^(?:00[:-]?){6}$|^0000\.0000\.0000$|^(?:ff[:-]?){6}$/i.test(text),
  },
  {
    id: 'geo_coordinate',
    type: 'location',
    region: 'any',
    rule: 'A decimal with four places or more, within the range, beside a word.',
    source: 'ISO 6709',
    shape: '\\d{1,3}\\.\\d{4,15}',
    words: 'lat, lon, lng, latitude, longitude, coordinates, gps',
    check: (text) => Number(text) <= 180,
    strict: true,
  },
  {
    id: 'birth_date',
    type: 'date',
    region: 'any',
    rule: 'A calendar date beside a word of birth; every other date is telemetry and stays.',
    source: 'ISO 8601; 45 CFR 164.514(b)(2)',
    shape:
      '(?:\\d{4}([-./])\\d{1,2}\\1\\d{1,2}|\\d{1,2}([-./ ])\\d{1,2}\\2(?:\\d{4}|\\d{2})|' +
      `\\d{1,2}(?:st|nd|rd|th|\\.)? (?:of )?(?:${MONTH})[a-z]{0,6},? \\d{4}|` +
      `(?:${MONTH})[a-z]{0,6}\\.? \\d{1,2}(?:st|nd|rd|th)?,? \\d{4})`,
    words:
      'born, birth, dob, birthday, birthdate, date of birth, geboren, geburtsdatum, geb, né, ' +
      'née, ' +
      'naissance, nacimiento, nascita, nascimento, geboortedatum, född, 생년월일, 出生日期, 生年月日',
    check: isCalendarDate,
    strict: true,
    gaps: 'A year alone stays.',
  },
  {
    id: 'medical_record_number',
    type: 'health_id',
    region: 'any',
    rule: 'Five to twelve digits, perhaps with letters in front, beside a word.',
    source: '45 CFR 164.514(b)(2)',
    shape: '[A-Z]{0,3}-?\\d{5,12}',
    words: 'mrn, medical record, medical record number, patient id, patient number',
  },
];
