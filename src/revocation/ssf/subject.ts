import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';

/** A subject identifier (RFC 9493) or a complex subject (SSF 1.0 section 3.3). */
export type Subject = Readonly<Record<string, unknown>> & { readonly format?: string };

/** How subjects are named on a stream: one simple identifier, or every part that is known. */
export type SubjectProfile = 'iss_sub' | 'complex';

/**
 * RFC 9493 subject of an order: the narrowest standard one that says no more than its key, which is
 * one that `isNameable`. An agent is `iss_sub`, since receivers must accept that, or with
 * `complex` its user and tenant; a session is complex on any stream, as its agent alone would mean
 * all sessions; a tenant is what is left when nothing else is said.
 */
export function subjectOf(
  { key, agent: told }: Pick<BreakerOrder, 'key' | 'agent'>,
  iss: string,
  profile: SubjectProfile = 'iss_sub',
): Subject {
  if (key.kind === 'token') return { format: 'jwt_id', iss, jti: key.id };
  const user = agentOf(key, told, iss);
  if (user && key.kind === 'agent' && profile === 'iss_sub') return user;
  return {
    format: 'complex',
    ...(user && { user }),
    ...(key.kind === 'session' && { session: { format: 'opaque', id: key.id } }),
    tenant: { format: 'opaque', id: key.tenant },
  };
}

/**
 * Whether an order is about a subject that a receiver has named: its own, or the agent that its
 * session or token belongs to.
 */
export function isAbout(
  order: Pick<BreakerOrder, 'key' | 'agent'>,
  iss: string,
  profile: SubjectProfile,
  subject: Subject,
): boolean {
  if (subjectsMatch(subject, subjectOf(order, iss, profile))) return true;
  const user = agentOf(order.key, order.agent, iss);
  if (user === null) return false;
  if (!isComplex(subject)) return sameValue(subject, user);
  return subject['session'] === undefined && sameValue(subject['user'], user);
}

function agentOf({ kind, id, agent }: BreakerOrder['key'], told: string | null, iss: string) {
  const sub = told ?? (kind === 'agent' ? id : (agent ?? null));
  return sub === null ? null : { format: 'iss_sub', iss, sub };
}

/**
 * Whether two subjects match (SSF 1.0 section 8.1.3.1): simple ones when they are identical,
 * complex ones when every part is equal or undefined on either side.
 */
export function subjectsMatch(left: Subject, right: Subject): boolean {
  if (!isComplex(left) || !isComplex(right)) return sameValue(left, right);
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  names.delete('format');
  return [...names].every((name) => {
    if (left[name] === undefined || right[name] === undefined) return true;
    return sameValue(left[name], right[name]);
  });
}

/** Members in any order. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  const [one, other] = [left, right] as Record<string, unknown>[];
  return names.every((name) => name in right && sameValue(one?.[name], other?.[name]));
}

/**
 * Whether this is what RFC 9493 and SSF 1.0 section 3 call a subject identifier, and one of a size
 * that can be kept: `LIMITS.streamSubjectDepth` and `LIMITS.streamSubjectChars`.
 */
export function isSubject(value: unknown): value is Subject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.entries(value);
  return (
    typeof (value as Subject).format === 'string' &&
    members.length > 1 &&
    members.every(([, member]) => typeof member === 'string' || isPart(member)) &&
    isShallow(value, LIMITS.streamSubjectDepth) &&
    JSON.stringify(value).length <= LIMITS.streamSubjectChars
  );
}

function isShallow(value: object, depth: number): boolean {
  const inner = Object.values(value).filter(isPart);
  return inner.length === 0 || (depth > 1 && inner.every((each) => isShallow(each, depth - 1)));
}

function isPart(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isComplex({ format }: Subject): boolean {
  return format === 'complex';
}
