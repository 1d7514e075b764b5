import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { RedactionMode, RedactionPolicy } from '../core/redaction-policy.ts';
import { shiftedDate } from './date-shift.ts';
import { inSameForm } from './same-form.ts';
import { generalText, MASK, type PersonalType, partialText, placeholderText } from './tokens.ts';

/** At most half a year either way. */
const SHIFT_DAYS = 182;
const ISO_DATE = /^(\d{4})([-/.]?)(\d{2})\2(\d{2})(?=$|[T\s])/;

/** The mode of one kind of value under a tenant's policy. */
export function modeOf(policy: RedactionPolicy, type: PersonalType | 'secret'): RedactionMode {
  const own = Object.hasOwn(policy.modes, type) ? policy.modes[type] : undefined;
  if (own !== undefined || type === 'secret') return own ?? 'type';
  return (Object.hasOwn(policy.modes, '*') ? policy.modes['*'] : undefined) ?? 'token';
}

/** Whether a policy has a mode for dates; if not, dates of birth under their keys are masked. */
export function rulesDates(policy: RedactionPolicy): boolean {
  return Object.hasOwn(policy.modes, 'date') || modeOf(policy, 'date') !== 'token';
}

/** What a mode needs to know of a value beside its kind. */
export interface Replaced {
  readonly type: PersonalType;
  /** As it stood in the record. */
  readonly value: string;
  readonly token: string;
  /** Whose record it is, redacted; dates of one subject move together. */
  readonly subject: string;
}

/**
 * The text in place of a value. A mode that cannot be applied, as format-preserving encryption of
 * a mail address, falls back to the token.
 */
export function textOfMode(mode: RedactionMode, replaced: Replaced, secret: Uint8Array): string {
  const { type, value, token } = replaced;
  switch (mode) {
    case 'token':
    case 'vault':
      return token;
    case 'drop':
      return '';
    case 'mask':
      return MASK;
    case 'type':
      return placeholderText(type);
    case 'partial':
      return partialText(type, value) ?? placeholderText(type);
    case 'generalise':
      return generalOf(type, value) ?? placeholderText(type);
    case 'format_preserving':
      return inSameForm(type, value, derivedKey(secret, 'format preserving')) ?? token;
    case 'date_shift':
      return shifted(value, replaced.subject, secret) ?? token;
  }
}

/** Country, network or domain: a class with many members, or null where there is none. */
function generalOf(type: PersonalType, value: string): string | null {
  switch (type) {
    case 'email':
      return generalText(type, value.toLowerCase().split(/@|%40/).at(-1) ?? '');
    case 'iban':
      return generalText(type, value.trim().slice(0, 2).toUpperCase());
    case 'phone':
      return generalText(
        type,
        /^\s*\+\s*(?:1|7|[2-9]\d)/.exec(value)?.[0].replace(/\s/g, '') ?? '',
      );
    case 'ip':
      return generalText(type, networkOf(value));
    default:
      return generalText(type, ISO_DATE.exec(value.trim())?.[1] ?? '');
  }
}

/** The /24 of an IPv4, the /48 of an IPv6 address written out far enough; else nothing. */
function networkOf(value: string): string {
  if (isIP(value) === 4) return `${value.split('.').slice(0, 3).join('.')}.0/24`;
  const groups = (value.split('::')[0] ?? '').split(':');
  return isIP(value) === 6 && groups.length >= 3
    ? `${groups.slice(0, 3).join(':').toLowerCase()}::/48`
    : '';
}

/** All dates of one subject move by the same number of days, never by none. */
function shifted(value: string, subject: string, secret: Uint8Array): string | null {
  const mac = createHmac('sha256', derivedKey(secret, 'date shift')).update(subject).digest();
  const days = 1 + (mac.readUInt32BE(0) % SHIFT_DAYS);
  return shiftedDate(value.trim(), mac.readUInt8(4) % 2 === 0 ? days : -days);
}

function derivedKey(secret: Uint8Array, purpose: string): KeyObject {
  return createSecretKey(createHmac('sha256', secret).update(`tripcoil ${purpose} 1`).digest());
}
