import type { JsonValue, Party, TokenFacts } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { parseSpiffeId } from '../core/spiffe.ts';
import { SECOND_MS } from '../core/time.ts';
import type { SenderConstraint } from '../core/token-facts.ts';
import type { TokenAssertions } from '../core/token-reading.ts';
import { audiencesOf, type Claims } from './claim-check.ts';
import type { AgentClaim } from './issuer.ts';

/** What the claims say of the token itself. Texts longer than an identifier are left out. */
export function factsOf(claims: Claims, type: string | null): TokenFacts {
  const { exp } = claims;
  const aud = audiencesOf(claims['aud']).filter((each) => each.length <= LIMITS.attrChars);
  const mayAct = partyOf(claims['may_act']);
  return present({
    jti: identifier(claims['jti']),
    txn: identifier(claims['txn']),
    iss: identifier(claims['iss'], LIMITS.attrChars),
    sub: identifier(claims['sub']),
    aud: aud.length === 0 ? undefined : aud.slice(0, LIMITS.listItems),
    exp: typeof exp === 'number' && Number.isFinite(exp) ? exp * SECOND_MS : undefined,
    type: type ?? undefined,
    senderConstraint: constraintOf(claims['cnf']),
    requester: requesterOf(claims['req_wl']),
    mayAct,
  });
}

/** Claims by which a verified token settles members of the event; null for an endless chain. */
export function assertionsOf(
  claims: Claims,
  type: string | null,
  options: { readonly tenantClaim: string | null; readonly agentClaims: readonly AgentClaim[] },
): TokenAssertions | null {
  const delegation = actorsOf(claims['act']);
  if (delegation === null) return null;
  const [actor] = delegation;
  const sub = identifier(claims['sub']);
  const clientId = identifier(claims['client_id']) ?? identifier(claims['azp']);
  const workload = [actor?.sub, sub].find((id) => id !== undefined && parseSpiffeId(id) !== null);
  const ownWorkload =
    actor === undefined ? workload : workload === actor.sub ? workload : undefined;
  const byClaim = { act: actor?.sub, spiffe: ownWorkload, client_id: clientId, sub };
  const agent = options.agentClaims.map((claim) => byClaim[claim]).find((id) => id !== undefined);
  const isOwn = actor === undefined && (sub === ownWorkload || sub === clientId || sub === agent);
  const isTransaction = type !== null && TRANSACTION_TYPES.has(type);
  const scope = claims['scope'] ?? claims['scp'];
  return present({
    tenant: options.tenantClaim === null ? undefined : identifier(claims[options.tenantClaim]),
    agent,
    workloadId: ownWorkload,
    clientId,
    principal: isOwn || sub === undefined ? undefined : principalOf(claims, sub),
    delegation: delegation.length === 0 ? undefined : delegation,
    scopes: scopesOf(scope),
    details: detailsOf(claims),
    intentScope: isTransaction
      ? (identifier(claims['purp']) ?? identifier(scope, LIMITS.attrChars))
      : undefined,
    clientIp: isTransaction ? identifier(memberOf(claims['rctx'], 'req_ip')) : undefined,
  });
}

const TRANSACTION_TYPES: ReadonlySet<string> = new Set(['txntoken+jwt', 'txn_token']);

/**
 * The chain of actors (RFC 8693 section 4.1), current first; null when it is longer than
 * `LIMITS.actorChain` or one link names nobody, since half a chain would tell a false story.
 */
function actorsOf(act: unknown): readonly Party[] | null {
  const actors: Party[] = [];
  let next: unknown = act;
  while (next !== undefined && next !== null) {
    const actor = partyOf(next);
    if (actor === undefined || actors.length >= LIMITS.actorChain) return null;
    actors.push(actor);
    next = memberOf(next, 'act');
  }
  return actors;
}

/** An actor says who it is by `sub`, some issuers only by `client_id`. */
function partyOf(value: unknown): Party | undefined {
  const sub = identifier(memberOf(value, 'sub')) ?? identifier(memberOf(value, 'client_id'));
  if (sub === undefined) return undefined;
  const iss = identifier(memberOf(value, 'iss'), LIMITS.attrChars);
  return present({ sub, iss, type: typeOf(memberOf(value, 'sub_profile'), sub) });
}

function principalOf(claims: Claims, sub: string): Party {
  const roles = textsOf(claims['roles']);
  const iss = identifier(claims['iss'], LIMITS.attrChars);
  return present({ sub, iss, type: typeOf(claims['sub_profile'], sub), roles });
}

/** `sub_profile` (draft-mcguinness-oauth-actor-profile); a SPIFFE id is a service without it. */
function typeOf(profile: unknown, sub: string): string | undefined {
  if (profile === 'ai_agent') return 'agent';
  if (profile === 'user' || profile === 'service') return profile;
  return parseSpiffeId(sub) === null ? undefined : 'service';
}

/** RFC 7800 `cnf`: RFC 9449 `jkt`, RFC 8705 `x5t#S256`; null members count as absent. */
function constraintOf(cnf: unknown): SenderConstraint | undefined {
  if (typeof memberOf(cnf, 'jkt') === 'string') return 'dpop';
  if (typeof memberOf(cnf, 'x5t#S256') === 'string') return 'mtls';
  const other = ['jwk', 'jwe', 'kid', 'jku'].some((name) => memberOf(cnf, name) !== undefined);
  return other ? 'key' : undefined;
}

/** A workload, or in later drafts the list of those that asked, the first at index 0. */
function requesterOf(value: unknown): string | undefined {
  return identifier(Array.isArray(value) ? value[0] : value);
}

/** Scopes with blanks between (RFC 8693 section 4.2), or as a list. */
function scopesOf(value: unknown): readonly string[] | undefined {
  return textsOf(typeof value === 'string' ? value.split(' ') : value);
}

function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.flatMap((item: unknown) => identifier(item) ?? []);
  return texts.length === 0 ? undefined : texts.slice(0, LIMITS.listItems);
}

/** RFC 9396 details; the context of a transaction token is one more, with a type of its own. */
function detailsOf(claims: Claims): readonly JsonValue[] | undefined {
  const given = claims['authorization_details'];
  const details: JsonValue[] = Array.isArray(given)
    ? given.filter((each: unknown) => typeof memberOf(each, 'type') === 'string')
    : [];
  const context = claims['tctx'] ?? claims['azd'];
  if (typeof context === 'object' && context !== null && !Array.isArray(context)) {
    details.push({ ...(context as { [key: string]: JsonValue }), type: 'transaction_context' });
  }
  const kept = details.filter((each) => isWithin(each, LIMITS.valueDepth));
  return kept.length === 0 ? undefined : kept.slice(0, LIMITS.listItems);
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isWithin(member, levels - 1));
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function identifier(value: unknown, longest: number = LIMITS.identifierChars): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > longest) return undefined;
  return value;
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the members that are undefined, which `exactOptionalPropertyTypes` keeps apart. */
function present<T extends object>(of: T): Present<T> {
  for (const key of Object.keys(of) as (keyof T)[]) if (of[key] === undefined) delete of[key];
  return of as Present<T>;
}
