import type { AccessEvent, Party, ReceivedEvent, TokenFacts, Trust } from '../core/access-event.ts';
import { TRUST_ORDER } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { AssertedField } from '../core/token-facts.ts';
import type { TokenAssertions, TokenReading } from '../core/token-reading.ts';
import type { Principal } from '../ports/ingest.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';

/** A token that came with an event, read; its text is reachable only to make the reference. */
export interface PresentedToken {
  readonly reading: TokenReading;
  readonly reference: (tenant: string) => string;
  /** The same of the token together with a text. */
  readonly referenceWith: (tenant: string, text: string) => string;
}

/**
 * What a verified token states is its issuer's word, which counts as that of a policy decision
 * point: more than a broker's or an agent's, less than that of the resource itself.
 */
const TOKEN_TRUST: Trust = 'pdp';

/** Reads the token of one event, if it has one. */
export async function readToken(
  verifier: TokenVerifier,
  event: ReceivedEvent,
  sender: Principal,
): Promise<PresentedToken | null> {
  const { jwt } = event;
  if (jwt === undefined) return null;
  const reading = await verifier.verify(jwt, event.time, sender.tenants);
  return {
    reading,
    reference: (tenant) => verifier.reference(tenant, jwt),
    // No compact JWS has a line feed, so no token resembles a token with a text.
    referenceWith: (tenant, text) => verifier.reference(tenant, `${jwt}\n${text}`),
  };
}

/**
 * Reads the tokens of a batch by the position of their events; null, and not a promise of it, where
 * there are none, so that such a batch waits for nothing.
 */
export function readTokens(
  verifier: TokenVerifier | undefined,
  events: readonly ReceivedEvent[],
  sender: Principal,
): Promise<ReadonlyMap<number, PresentedToken>> | null {
  if (verifier === undefined) return null;
  const bearing: number[] = [];
  for (let index = 0; index < events.length; index++) {
    if (events[index]?.jwt !== undefined) bearing.push(index);
  }
  return bearing.length === 0 ? null : readEach(verifier, events, sender, bearing);
}

async function readEach(
  verifier: TokenVerifier,
  events: readonly ReceivedEvent[],
  sender: Principal,
  bearing: readonly number[],
): Promise<ReadonlyMap<number, PresentedToken>> {
  const tokens = new Map<number, PresentedToken>();
  for (let from = 0; from < bearing.length; from += LIMITS.tokensVerifying) {
    const slice = bearing.slice(from, from + LIMITS.tokensVerifying);
    await Promise.all(
      slice.map(async (index) => {
        const event = events[index];
        const token = event === undefined ? null : await readToken(verifier, event, sender);
        if (token !== null) tokens.set(index, token);
      }),
    );
  }
  return tokens;
}

/** The tenant an event names: by its verified token before its payload. */
export function tenantStated(
  byPayload: string | undefined,
  sender: Principal,
  token: PresentedToken | null,
): string | undefined {
  const stated = token?.reading.assertions.tenant;
  if (stated === undefined || (byPayload !== undefined && outranks(sender.trust))) return byPayload;
  return stated;
}

/**
 * The event with what its token says. A verified token of an issuer that may speak for the tenant
 * settles who acted for whom with which scopes, unless the resource itself reports; the claims of
 * any other fill gaps among the token's own members and nothing else.
 */
export function withToken(
  event: AccessEvent,
  { reading, reference, referenceWith }: PresentedToken,
  tenantByPayload: string | undefined,
): AccessEvent {
  const ref = reference(event.tenant.id);
  const saidRef = referenceWith(event.tenant.id, said(event, tenantByPayload));
  const { facts, tenants } = reading;
  const speaksFor = tenants === '*' || tenants.includes(event.tenant.id);
  if (facts.verified !== true || !speaksFor) {
    const failure = facts.failure ?? 'unknown_issuer';
    return {
      ...event,
      token: { ...facts, ...event.token, verified: false, failure, ref, saidRef },
    };
  }
  const settled = new Settling(event, outranks(event.source.trust));
  const { assertions } = reading;
  settled.field('tenant', assertions.tenant, tenantByPayload, same);
  const token = settledToken(settled, facts, event.token);
  const result = {
    ...event,
    ...settledParties(settled, assertions),
    token: { ...token, ref, saidRef },
  };
  const { asserts, contradicts } = settled;
  return {
    ...result,
    token: {
      ...result.token,
      ...(asserts.length === 0 ? {} : { asserts }),
      ...(contradicts.length === 0 ? {} : { contradicts }),
    },
  };
}

/** What the event itself says of the members that a token may settle. */
function said(event: AccessEvent, tenantByPayload: string | undefined): string {
  const { agent, principal, delegation, scopes, token, intent, clientIp } = event;
  const members = [agent, principal, delegation, scopes, token, intent?.scope, clientIp];
  return JSON.stringify([tenantByPayload, ...members]);
}

function outranks(trust: Trust): boolean {
  return TRUST_ORDER.indexOf(trust) > TRUST_ORDER.indexOf(TOKEN_TRUST);
}

/** Notes, field by field, whose word holds. */
class Settling {
  readonly asserts: AssertedField[] = [];
  readonly contradicts: AssertedField[] = [];
  readonly event: AccessEvent;
  readonly #payloadFirst: boolean;

  constructor(event: AccessEvent, payloadFirst: boolean) {
    this.event = event;
    this.#payloadFirst = payloadFirst;
  }

  /** The value that holds; `agrees` compares what the payload said with what the token says. */
  field<Value>(
    name: AssertedField,
    stated: Value | undefined,
    said: Value | undefined,
    agrees: (stated: Value, said: Value) => boolean,
  ): Value | undefined {
    if (stated === undefined) return said;
    if (said !== undefined && !agrees(stated, said)) this.contradicts.push(name);
    if (said !== undefined && this.#payloadFirst) return said;
    this.asserts.push(name);
    return stated;
  }
}

const same = (one: string, other: string): boolean => one === other;
const sameParty = (one: Party, other: Party): boolean => one.sub === other.sub;
const sameParties = (some: readonly Party[], others: readonly Party[]): boolean =>
  some.length === others.length && some.every(({ sub }, index) => sub === others[index]?.sub);
/** A payload may name fewer scopes than the token has, but no more. */
const coversAll = (granted: readonly string[], said: readonly string[]): boolean =>
  said.every((scope) => granted.includes(scope));

function settledToken(
  settling: Settling,
  facts: TokenFacts,
  said: TokenFacts | undefined,
): TokenFacts {
  const differs = (['jti', 'txn', 'iss', 'sub'] as const).some(
    (name) => said?.[name] !== undefined && facts[name] !== undefined && said[name] !== facts[name],
  );
  if (differs) settling.contradicts.push('token');
  settling.asserts.push('token');
  return { ...said, ...facts };
}

function settledParties(settling: Settling, stated: TokenAssertions): Partial<AccessEvent> {
  const { event } = settling;
  const agentId = settling.field('agent', stated.agent, event.agent.id, same) ?? event.agent.id;
  const principal = settling.field('principal', stated.principal, event.principal, sameParty);
  const delegation = settling.field('delegation', stated.delegation, event.delegation, sameParties);
  const granted = settling.field('scopes', stated.scopes, event.scopes?.granted, coversAll);
  const { workloadId, clientId, details, intentScope, clientIp } = stated;
  const name = event.agent.name ?? (agentId === event.agent.id ? undefined : event.agent.id);
  const scopes = {
    ...event.scopes,
    ...(granted === undefined ? {} : { granted }),
    ...(details === undefined ? {} : { details }),
  };
  return {
    agent: {
      ...event.agent,
      id: agentId,
      ...(name === undefined ? {} : { name }),
      ...(workloadId === undefined ? {} : { workloadId }),
      ...(clientId === undefined ? {} : { clientId }),
    },
    ...(principal === undefined ? {} : { principal }),
    ...(delegation === undefined ? {} : { delegation }),
    ...(Object.keys(scopes).length === 0 ? {} : { scopes }),
    ...(intentScope === undefined ? {} : { intent: { ...event.intent, scope: intentScope } }),
    ...(event.clientIp !== undefined || clientIp === undefined ? {} : { clientIp }),
  };
}
