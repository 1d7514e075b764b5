import { type Hit, personalHit, type Subject } from './hit.ts';
import { isAlphanumeric } from './text-classes.ts';

/** RFC 5321 section 4.5.3.1.1. */
const LOCAL_CHARS = 64;
const HOST =
  /(?:(?:[a-z0-9\u0080-\uffff](?:[a-z0-9\u0080-\uffff-]{0,61}[a-z0-9\u0080-\uffff])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|[a-z\u0080-\uffff]{2,24})|\[(?:IPv6:)?[0-9a-f:.]{3,45}\])(?![a-z0-9])/iy;
/** `icon@2x.png` names a file. */
const FILE_ENDING = /\.(?:png|jpe?g|gif|svg|webp|css|m?js|json|html)$/i;
/** Besides letters and digits; `=`, `/`, `?` and `&` delimit more often than they belong. */
const LOCAL_SYMBOLS = "._%+-!$^~'";
const CJK = 0x2e80;

/**
 * An e-mail address around the `@` at `at`. Local part of RFC 5322 dot-atom or quoted string and
 * RFC 6531 letters, host with a top-level name or an address literal.
 */
export function emailAround(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  HOST.lastIndex = at + 1;
  const host = HOST.exec(text);
  if (host === null || FILE_ENDING.test(host[0])) return null;
  const start = localStart(subject, at);
  if (start === at) return null;
  const end = at + 1 + host[0].length;
  // An scp-like remote: git@host:path.
  if (text.charCodeAt(end) === 0x3a && text.slice(start, at) === 'git') return null;
  return personalHit('email', start, end);
}

/** `alice [at] example (dot) com`, as people write against harvesters; only in brackets. */
const SPELT =
  /[[(]\s?at\s?[\])]\s?((?:[a-z0-9-]{1,63}(?:\s?[[(]\s?dot\s?[\])]\s?|\.|\sdot\s)){1,5}[a-z]{2,24})(?![a-z0-9])/iy;

/** An address whose `@` is spelt out in the brackets that open at `at`. */
export function speltEmailAround(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  SPELT.lastIndex = at;
  if (!SPELT.test(text)) return null;
  const end = SPELT.lastIndex;
  const before = text.charCodeAt(at - 1) === 0x20 ? at - 1 : at;
  const start = localStart(subject, before);
  return start === before ? null : personalHit('email', start, end);
}

function localStart(subject: Subject, at: number): number {
  const { text, floor } = subject;
  if (text.charCodeAt(at - 1) === 0x22) return quotedStart(subject, at);
  const lowest = Math.max(floor, at - LOCAL_CHARS);
  let start = at;
  while (start > lowest && isLocal(text, start - 1)) start--;
  while (start < at) {
    const code = text.charCodeAt(start);
    if (code === 0x25 && /^%[0-9A-Fa-f]{2}/.test(text.slice(start, start + 3))) start += 3;
    else if (isAlphanumeric(code) || code > 127 || code === 0x5f) break;
    else start++;
  }
  return afterForeignWords(text, Math.min(start, at), at);
}

function isLocal(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  if (isAlphanumeric(code) || LOCAL_SYMBOLS.includes(text.charAt(index))) return true;
  return code >= 0xc0 && (code < 0x2000 || (code > 0x303f && code < 0xff00));
}

/** Scripts written without spaces run into an address: `메일alice@…` begins at the first ASCII. */
function afterForeignWords(text: string, start: number, at: number): number {
  for (let index = at - 1; index >= start; index--) {
    if (text.charCodeAt(index) >= CJK) return index === at - 1 ? start : index + 1;
  }
  return start;
}

function quotedStart({ text, floor }: Subject, at: number): number {
  const open = text.lastIndexOf('"', at - 2);
  return open >= floor && at - open <= LOCAL_CHARS + 2 && open < at - 2 ? open : at;
}
