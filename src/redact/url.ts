import { type Hit, type Subject, secretHit } from './hit.ts';
import { isAlphanumeric } from './text-classes.ts';
import { withoutTokens } from './tokens.ts';

/** Longest user information looked for. */
const USERINFO_CHARS = 512;
const HTTP_AUTHORITY = /[^\s/?#"'<>\\]{1,512}/y;
/** Passwords of databases stand in URLs unescaped, slashes and all. */
const WIDE_AUTHORITY = /[^\s"'<>]{1,512}/y;

/**
 * The user information of a URL whose `:` of `://` is at `at` (RFC 3986 section 3.2.1): names and
 * passwords of connection strings, tokens of remotes. A bare `git@` stays.
 */
export function userinfoAt(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  if (text.charCodeAt(at + 1) !== 0x2f || text.charCodeAt(at + 2) !== 0x2f) return null;
  const start = at + 3;
  if (subject.nextAt < start) {
    const next = text.indexOf('@', start);
    subject.nextAt = next < 0 ? text.length : next;
  }
  if (subject.nextAt - start > USERINFO_CHARS) return null;
  const isHttp = /https?$/i.test(text.slice(Math.max(0, at - 5), at));
  const pattern = isHttp ? HTTP_AUTHORITY : WIDE_AUTHORITY;
  pattern.lastIndex = start;
  const authority = pattern.exec(text)?.[0];
  if (authority === undefined) return null;
  const end = endOfUserinfo(authority, isHttp);
  if (end <= 0) return null;
  const userinfo = withoutTokens(authority.slice(0, end));
  if (userinfo === '' || userinfo === 'git') return null;
  return secretHit('url_userinfo', start, start + end);
}

function endOfUserinfo(authority: string, isHttp: boolean): number {
  if (isHttp) return authority.lastIndexOf('@');
  const first = authority.indexOf('@');
  const colon = authority.indexOf(':');
  const path = authority.search(/[/?#]/);
  if (first < 0 || (path >= 0 && path < first && (colon < 0 || colon > path))) return -1;
  // The last @ that a host can follow, so that one inside the password does not end it.
  for (
    let end = authority.lastIndexOf('@');
    end > first;
    end = authority.lastIndexOf('@', end - 1)
  ) {
    const between = authority.slice(first + 1, end);
    if (!/[?#]/.test(between) && isAlphanumeric(authority.charCodeAt(end + 1))) return end;
  }
  return first;
}
