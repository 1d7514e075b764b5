import { isIPv4, isIPv6 } from 'node:net';
import { HINT, type Hit, personalHit, type Subject } from './hit.ts';
import { isDigit, isHexDigit, isLetter } from './text-classes.ts';

const QUAD = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/y;
/** One character more than eight groups of four and their colons have. */
const V6_LONGEST = 40;
const V6_CHARS = /[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}\.\d{1,3}\.\d{1,3})?(?:%[A-Za-z0-9_.-]{1,15})?/y;
/** `Chrome/126.0.6478.1` and `version 1.2.3.4` count releases. */
const PRODUCT = /(?:[A-Z][A-Za-z]{0,24}\/|\b(?:version|build|release|v|ver)[ :="]{0,3})$/;

/** An IPv4 address that begins at `at`. Loopback and unspecified addresses name nobody and stay. */
export function ipv4At(subject: Subject, at: number): Hit | null {
  const { text, hints, floor } = subject;
  QUAD.lastIndex = at;
  const match = QUAD.exec(text);
  if (match === null || (hints & HINT.version) !== 0 || !isIPv4(match[0])) return null;
  const end = at + match[0].length;
  const next = text.charCodeAt(end);
  if (isDigit(next) || isLetter(next)) return null;
  if (next === 0x2e && isDigit(text.charCodeAt(end + 1))) return null;
  if (text.charCodeAt(at - 1) === 0x2e && isDigit(text.charCodeAt(at - 2))) return null;
  if (PRODUCT.test(text.slice(Math.max(floor, at - 28), at))) return null;
  return isNobody(match[0]) ? null : personalHit('ip', at, end);
}

/** An IPv6 address that begins at `at`, a zone id included. */
export function ipv6At(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  if (!mayBeIpv6(subject, at)) return null;
  V6_CHARS.lastIndex = at;
  const match = V6_CHARS.exec(text);
  if (match === null) return null;
  const address = match[0].replace(/(?<!:):$/, '');
  const next = text.charCodeAt(at + address.length);
  if (isDigit(next) || isLetter(next) || !isIPv6(address)) return wordAfter(at, address);
  return isNobody(address) ? null : personalHit('ip', at, at + address.length);
}

/** `2a02:…:1:access`: what follows the last colon begins like a group and is a word. */
function wordAfter(at: number, run: string): Hit | null {
  const address = run.slice(0, run.lastIndexOf(':'));
  const isLong = address.split(':').length > 4;
  return isLong && isIPv6(address) ? personalHit('ip', at, at + address.length) : null;
}

/** Counts colons and groups before anything dearer is tried. */
function mayBeIpv6(subject: Subject, at: number): boolean {
  const { text } = subject;
  if (at < subject.groupsBarrier) return false;
  let colons = 0;
  let group = 0;
  let shortened = false;
  let hasDigit = false;
  for (let index = at; index < at + V6_LONGEST; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x3a) {
      if (group === 0 && colons > 0) {
        // `::` stands in an address once; a row of colons is left to the parser.
        if (shortened && text.charCodeAt(index - 2) !== 0x3a) return false;
        shortened = true;
      }
      if (++colons > 8) {
        subject.groupsBarrier = lastGroups(text, at);
        return false;
      }
      group = 0;
    } else if (isHexDigit(code)) {
      if (isDigit(code)) hasDigit = true;
      if (++group > 4) {
        if (colons <= 4) return false;
        break;
      }
    } else break;
  }
  // `abc::def` is a path in more languages than one; the time of day has two colons.
  return colons > 1 && (colons > 3 || hasDigit) && (shortened || colons >= 6);
}

/**
 * Where an address may begin again after `at`, from where on a row has more than eight colons. A
 * row of groups of at most three digits holds none, nor does its end: what follows a group is part
 * of something longer. Where a longer group comes, or `::`, one looks again eight groups before it.
 */
function lastGroups(text: string, at: number): number {
  let ahead = at;
  let colons = 0;
  let group = 0;
  let start = at;
  for (; group <= 3; ahead++) {
    const code = text.charCodeAt(ahead);
    if (code !== 0x3a && !isHexDigit(code)) return ahead;
    if (code === 0x3a && group === 0) break;
    group = code === 0x3a ? 0 : group + 1;
    if (code === 0x3a && ++colons > 8) {
      while (text.charCodeAt(start) !== 0x3a) start++;
      start++;
    }
  }
  return start;
}

/** Loopback and unspecified addresses. */
export function isNobody(address: string): boolean {
  if (address.startsWith('127.') || address === '0.0.0.0') return true;
  return /^(?:0{0,4}:){2,7}(?:0{0,4}|0{0,3}1)$/.test(address);
}

/** Network class of an address: what may be kept of it. */
export function networkClass(address: string): 'loopback' | 'private' | 'public' {
  if (isNobody(address)) return 'loopback';
  const isPrivate =
    /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
      address,
    ) || /^(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/i.test(address);
  return isPrivate ? 'private' : 'public';
}
