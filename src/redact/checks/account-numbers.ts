/**
 * Issuer prefixes and lengths of payment cards (ISO/IEC 7812, issuers' published ranges): Visa,
 * Mastercard, Amex, Diners, Discover, JCB with its old 15-digit form, UnionPay, Maestro, Mir.
 */
const CARD_SHAPE = new RegExp(
  [
    '4(?:\\d{12}|\\d{15}|\\d{18})',
    '(?:5[1-5]\\d\\d|222[1-9]|22[3-9]\\d|2[3-6]\\d\\d|27[01]\\d|2720)\\d{12}',
    '3[47]\\d{13}',
    '(?:30[0-5]\\d|3095|36\\d\\d|3[89]\\d\\d)(?:\\d{10}|\\d{12})',
    '(?:6011|64[4-9]\\d|65\\d\\d)\\d{12}(?:\\d{3})?',
    '(?:352[89]|35[3-8]\\d)\\d{12}',
    '(?:1800|2131)\\d{11}',
    '62\\d{14,17}',
    '(?:50|5[6-9]|6\\d)\\d{10,17}',
    '220[0-4]\\d{12}',
  ]
    .map((shape) => `^${shape}$`)
    .join('|'),
);

/** Whether an issuer gives out numbers of this prefix and length, check digit apart. */
export function looksLikeCard(digits: string): boolean {
  return CARD_SHAPE.test(digits) && !/^(\d)\1+$/.test(digits);
}

/** Length of an IBAN by country (SWIFT IBAN registry, release 99). */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 ' +
    'DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 ' +
    'IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 ' +
    'MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 ' +
    'SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Characters of an IBAN of this country, or 0 where there is no such country. */
export function ibanLength(country: string): number {
  return IBAN_LENGTHS.get(country.toUpperCase()) ?? 0;
}

/** ISO 7064 MOD 97-10 over an IBAN without separators, either case (ISO 13616-1). */
export function passesIbanCheck(iban: string): boolean {
  let remainder = 0;
  for (let step = 0; step < iban.length; step++) {
    const code = iban.charCodeAt((step + 4) % iban.length);
    if (code >= 48 && code <= 57) remainder = (remainder * 10 + code - 48) % 97;
    else {
      const letter = (code | 0x20) - 87;
      if (letter < 10 || letter > 35) return false;
      remainder = (remainder * 100 + letter) % 97;
    }
  }
  return remainder === 1;
}
