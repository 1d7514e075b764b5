import { decodeJwt } from 'jose';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

/** Everything a request names that a breaker may be open on. */
export interface SubjectNames {
  /** The agent, and every link of the chain that it acts for. */
  readonly agents: readonly string[];
  readonly sessions: readonly string[];
  readonly tokens: readonly string[];
  readonly chains: readonly string[];
  /** The acting agent and its epoch when the token was minted (claim `brk`). */
  readonly minted: { readonly agent: string; readonly epoch: number } | null;
}

export const NO_NAMES: SubjectNames = {
  agents: [],
  sessions: [],
  tokens: [],
  chains: [],
  minted: null,
};

/**
 * The value of a header, and each part between commas: proxies join a header that came twice, and
 * then every part of it counts. @throws TripcoilError `bad_request` for a name beyond the limit.
 */
export function namesOfHeader(value: string | undefined): readonly string[] {
  const whole = nameOf(value);
  const parts = whole.flatMap((text) => text.split(',')).map((part) => part.trim());
  return [...new Set([...whole, ...parts.flatMap(nameOf)])];
}

/**
 * What the claims of a bearer token name: `sub`, `client_id` or `azp`, every `act` (RFC 8693
 * section 4.1), `sid`, `jti`, `txn` and `brk`. Nothing for a token that is no JWT. The signature is
 * not looked at.
 * @throws TripcoilError `bad_request` for an endless chain or a name beyond the limit.
 */
export function namesOfToken(token: string): SubjectNames {
  if (token.length > LIMITS.jwtChars) throw tooLong('the token');
  const claims = claimsOf(token);
  return claims === null ? NO_NAMES : namesOfClaims(claims);
}

/** As `namesOfToken`, for claims that somebody else has read, such as an authorisation server. */
export function namesOfClaims(claims: Claims): SubjectNames {
  const actors = actorsOf(claims['act']);
  const own = [claims['sub'], claims['client_id'], claims['azp']].flatMap(nameOf);
  const [agent] = [...actors, ...own];
  const epoch = mintedEpoch(claims['brk']);
  return {
    agents: [...new Set([...actors, ...own])],
    sessions: [claims['sid'], claims['session_id']].flatMap(nameOf),
    tokens: nameOf(claims['jti']),
    chains: nameOf(claims['txn']),
    minted: agent === undefined || epoch === null ? null : { agent, epoch },
  };
}

type Claims = Readonly<Record<string, unknown>>;

function claimsOf(token: string): Claims | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}

function actorsOf(act: unknown): readonly string[] {
  const actors: string[] = [];
  let next: unknown = act;
  for (let depth = 0; typeof next === 'object' && next !== null; depth += 1) {
    if (depth >= LIMITS.actorChain) throw tooLong('the chain of actors');
    const actor = next as Claims;
    actors.push(...nameOf(actor['sub']), ...nameOf(actor['client_id']));
    next = actor['act'];
  }
  return actors;
}

/** `brk` is the epoch itself or, as we recommend, `{"e": epoch, "t": term}`. */
function mintedEpoch(claim: unknown): number | null {
  const isObject = typeof claim === 'object' && claim !== null;
  const epoch = isObject ? (claim as Claims)['e'] : claim;
  return typeof epoch === 'number' && Number.isSafeInteger(epoch) && epoch >= 0 ? epoch : null;
}

/** One name as a list, or none. */
export function nameOf(value: unknown): readonly string[] {
  if (typeof value !== 'string' || value === '') return [];
  if (value.length > LIMITS.identifierChars) throw tooLong('a name');
  return [value];
}

function tooLong(what: string): TripcoilError {
  return new TripcoilError('bad_request', `${what} is longer than any that is known here`);
}
