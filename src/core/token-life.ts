import type { AccessEvent, Trust } from './access-event.ts';
import { type BreakerKey, type BreakerLevel, breakerKeyText, type Transition } from './breaker.ts';
import { chainIdOf } from './chain.ts';
import { LIMITS } from './limits.ts';
import { contentOf } from './resent.ts';
import { REVOKING_LEVEL } from './revocation.ts';
import type { EpochMs } from './time.ts';
import type { TokenFailure } from './token-facts.ts';

/** What may become of a token, in the order in which a life usually goes. */
export const TOKEN_STATES = [
  'issued',
  'presented',
  'rejected',
  'accepted',
  'expired',
  'revoked',
] as const;
export type TokenState = (typeof TOKEN_STATES)[number];

/** What of a life contradicts itself: somebody honoured what should have been refused. */
export const TOKEN_PROBLEMS = [
  'accepted_after_expiry',
  'accepted_after_revocation',
  'accepted_though_forged',
  'several_tokens',
  'several_issuers',
] as const;
export type TokenProblem = (typeof TOKEN_PROBLEMS)[number];

/** One record that names the token, as logged. */
export interface TokenRecord {
  readonly seq: number;
  readonly event: AccessEvent;
}

/** One step of a breaker that may cover the token, as logged. */
export interface TokenBreakerStep {
  readonly seq: number;
  readonly transition: Transition;
}

/** One step of a token's life. */
export interface TokenStep {
  readonly state: TokenState;
  readonly time: EpochMs;
  /** The entry of the log that shows it; null for the passing of `exp`. */
  readonly seq: number | null;
  readonly eventId: string | null;
  /** The source that told of it, `breaker` for a revocation of ours, `exp` for expiry. */
  readonly by: string;
  readonly trust: Trust | null;
  readonly agent: string | null;
  /** What was done with it, or why it was revoked. */
  readonly what: string;
  /** What verifying it here gave; null where the record brought claims only, or none. */
  readonly verification: 'verified' | TokenFailure | null;
  /** The breaker that revoked it. */
  readonly revokedBy: {
    readonly key: BreakerKey;
    readonly level: BreakerLevel;
    readonly epoch: number;
  } | null;
}

/** The first time of each state; null for what nobody told. `expired` is `exp`, passed or not. */
export type TokenTimes = { readonly [State in TokenState]: EpochMs | null };

export interface TokenLife {
  readonly state: TokenState;
  readonly times: TokenTimes;
  readonly steps: readonly TokenStep[];
  readonly problems: readonly TokenProblem[];
  /** What the token is, by the records that may be believed about it. */
  readonly issuers: readonly string[];
  readonly refs: readonly string[];
  readonly agents: readonly string[];
  readonly subject: string | null;
  readonly transaction: string | null;
}

/** Two clocks may differ by this before a use counts as one after expiry or revocation. */
const TOLERANCE_MS = 30_000;

/**
 * The life of one token as of `now`, from every record that names it and the breaker steps of what
 * it belongs to. A pure function of the set: order of arrival and repeats change nothing. A record
 * whose token failed its signature proves nothing about the real one, and an agent's own word on
 * its token settles its state only where nobody else told of it.
 */
export function tokenLife(
  records: readonly TokenRecord[],
  breakerSteps: readonly TokenBreakerStep[],
  now: EpochMs,
): TokenLife | null {
  const told = withoutRepeats(records).sort(byTime);
  const [first] = told;
  if (first === undefined) return null;
  const genuine = genuineOf(told);
  const believed = genuine.length > 0 ? genuine : told;
  const expiresAt = expiryOf(believed);
  const begun = (believed[0] ?? first).event.time;
  const uses = told.flatMap((record) => stepOf(record) ?? []);
  const settling = settlingSteps(uses, believed);
  const revocations = [
    ...settling.filter(({ state }) => state === 'revoked'),
    ...ownRevocations(told, breakerSteps, begun, expiresAt),
  ].sort(stepOrder);
  const expiry = expiresAt !== null && expiresAt <= now ? [expiryStep(expiresAt)] : [];
  const steps = [
    ...uses.filter(({ state }) => state !== 'revoked'),
    ...revocations,
    ...expiry,
  ].sort(stepOrder);
  const times = timesOf(settling, revocations, expiresAt);
  return {
    state: stateOf(settling, times, now),
    times,
    steps,
    problems: problemsOf(genuine, uses, times),
    issuers: distinct(believed, ({ token }) => token?.iss),
    refs: distinct(told, ({ token }) => token?.ref),
    agents: distinct(believed, ({ agent }) => agent.id),
    subject: distinct(believed, ({ token }) => token?.sub)[0] ?? null,
    transaction: distinct(believed, ({ token }) => token?.txn)[0] ?? null,
  };
}

/**
 * Breaker keys that take a token with them: its own, and those of what it was used in, the first
 * `LIMITS.tokenKeys`. Those of its tenant and of everything do, too.
 */
export function tokenKeysOf(events: readonly AccessEvent[]): readonly BreakerKey[] {
  const keys = new Map<string, BreakerKey>();
  const add = (tenant: string, kind: BreakerKey['kind'], id: string | undefined): void => {
    if (id === undefined || id === '') return;
    const key = { tenant, kind, id };
    keys.set(breakerKeyText(key), key);
  };
  for (const event of events) {
    const tenant = event.tenant.id;
    add(tenant, 'token', event.token?.jti);
    add(tenant, 'session', event.session?.id);
    add(tenant, 'chain', chainIdOf(event));
    add(tenant, 'agent', event.agent.id);
  }
  return [...keys.values()].slice(0, LIMITS.tokenKeys);
}

/** Whether a breaker takes the token of these events along. */
export function tokenCoverOf(events: readonly AccessEvent[]): (key: BreakerKey) => boolean {
  const keys = new Set(tokenKeysOf(events).map(breakerKeyText));
  const tenants = new Set(events.map(({ tenant }) => tenant.id));
  return (key) => {
    if (key.kind === 'global') return true;
    return key.kind === 'tenant' ? tenants.has(key.tenant) : keys.has(breakerKeyText(key));
  };
}

/** Failures that leave no doubt that the issuer did not make this token. */
const FORGED: ReadonlySet<TokenFailure> = new Set<TokenFailure>([
  'malformed',
  'too_large',
  'unsupported_algorithm',
  'unknown_key',
  'bad_signature',
]);

/**
 * The records about the real token of that name. Once a token was verified, another text under the
 * same claims is another token; before, all count but those that are forged for certain.
 */
function genuineOf(records: readonly TokenRecord[]): readonly TokenRecord[] {
  const verified = new Set(
    records.flatMap(({ event: { token } }) => (token?.verified === true ? (token.ref ?? []) : [])),
  );
  return records.filter(({ event: { token } }) => {
    if (token?.ref === undefined || verified.has(token.ref)) return true;
    if (verified.size > 0) return false;
    return token.failure === undefined || !FORGED.has(token.failure);
  });
}

/** A report counts once; of its repeats, the one whose token could be verified. */
function withoutRepeats(records: readonly TokenRecord[]): TokenRecord[] {
  const kept = new Map<string, TokenRecord>();
  for (const record of records) {
    const { source, id, tenant } = record.event;
    const key = JSON.stringify([tenant.id, source.deliveredBy, id, contentOf(record.event)]);
    const known = kept.get(key);
    if (known === undefined || preferred(record, known)) kept.set(key, record);
  }
  return [...kept.values()];
}

function preferred(one: TokenRecord, other: TokenRecord): boolean {
  const difference = certainty(one) - certainty(other);
  if (difference !== 0) return difference > 0;
  const [text, otherText] = [JSON.stringify(one.event), JSON.stringify(other.event)];
  return text === otherText ? one.seq < other.seq : text < otherText;
}

function certainty({ event: { token } }: TokenRecord): number {
  if (token?.verified === true) return 2;
  return token?.failure === 'jwks_unavailable' ? 0 : 1;
}

function byTime(a: TokenRecord, b: TokenRecord): number {
  return (
    a.event.time - b.event.time ||
    compareText(a.event.source.deliveredBy, b.event.source.deliveredBy) ||
    compareText(a.event.id, b.event.id)
  );
}

function stepOrder(a: TokenStep, b: TokenStep): number {
  return (
    a.time - b.time ||
    TOKEN_STATES.indexOf(a.state) - TOKEN_STATES.indexOf(b.state) ||
    compareText(a.by, b.by) ||
    compareText(a.eventId ?? a.what, b.eventId ?? b.what)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A verified `exp` before a claimed one, then the earliest: a token does not change its own. */
function expiryOf(records: readonly TokenRecord[]): EpochMs | null {
  const verified = records.filter(({ event }) => event.token?.verified === true);
  const from = verified.some(({ event }) => event.token?.exp !== undefined) ? verified : records;
  const times = from.flatMap(({ event }) => event.token?.exp ?? []);
  return times.length === 0 ? null : Math.min(...times);
}

/** Null for a record that shows nothing, such as an issuance that was refused. */
function stepOf({ seq, event }: TokenRecord): TokenStep | null {
  const state = stateShown(event);
  if (state === null) return null;
  const { token, source, action } = event;
  const verified = token?.verified === true ? 'verified' : null;
  return {
    state,
    time: event.time,
    seq,
    eventId: event.id,
    by: source.name ?? source.format,
    trust: source.trust,
    agent: event.agent.id,
    what: action.name,
    verification: token?.failure ?? verified,
    revokedBy: null,
  };
}

const REVOKES = /revo(?:ke|cation)/i;

function stateShown(event: AccessEvent): TokenState | null {
  const { kind, phase, action, outcome, decision, source } = event;
  const failed = outcome.status === 'denied' || outcome.status === 'failure';
  const isAboutIt = kind === 'token_issue' || kind === 'token_use' || kind === 'admin';
  if (isAboutIt && REVOKES.test(action.name)) {
    return failed || source.trust === 'agent' ? 'presented' : 'revoked';
  }
  if (kind === 'token_issue') return failed || decision?.verdict === 'deny' ? null : 'issued';
  if (phase === 'executed' && kind !== 'authz_decision') {
    if (outcome.status === 'success') return 'accepted';
    if (outcome.status === 'denied') return 'rejected';
  }
  if (decision?.verdict === 'allow') return 'accepted';
  return decision?.verdict === 'deny' ? 'rejected' : 'presented';
}

/** Steps by which the state goes: of genuine tokens, told by more than an agent if anybody was. */
function settlingSteps(
  uses: readonly TokenStep[],
  believed: readonly TokenRecord[],
): readonly TokenStep[] {
  const seqs = new Set(believed.map(({ seq }) => seq));
  const real = uses.filter(({ seq }) => seq !== null && seqs.has(seq));
  const isJudged = ({ state }: TokenStep) => state === 'accepted' || state === 'rejected';
  const isVouched = real.some((step) => isJudged(step) && step.trust !== 'agent');
  return isVouched ? real.filter((step) => !isJudged(step) || step.trust !== 'agent') : real;
}

function expiryStep(time: EpochMs): TokenStep {
  return {
    ...{ state: 'expired', time, seq: null, eventId: null, by: 'exp', trust: null, agent: null },
    ...{ what: 'exp', verification: null, revokedBy: null },
  };
}

/** Our own: a breaker that was open at level 4 or more while the token could still be used. */
function ownRevocations(
  records: readonly TokenRecord[],
  breakerSteps: readonly TokenBreakerStep[],
  begun: EpochMs,
  expiresAt: EpochMs | null,
): readonly TokenStep[] {
  const covers = tokenCoverOf(records.map(({ event }) => event));
  const bySeq = new Map(breakerSteps.map((step) => [step.seq, step]));
  const own = [...bySeq.values()].filter(({ transition }) => covers(transition.key));
  const steps: TokenStep[] = [];
  for (const of of Map.groupBy(own, ({ transition }) => breakerKeyText(transition.key)).values()) {
    // Epochs rise strictly, whatever the order in which the steps came.
    const ordered = of.sort((a, b) => a.transition.epoch - b.transition.epoch || a.seq - b.seq);
    for (const [index, opened] of ordered.entries()) {
      if (!isRevoking(opened)) continue;
      const before = ordered[index - 1];
      if (before !== undefined && isRevoking(before)) continue;
      const ended = ordered.slice(index + 1).find((step) => !isRevoking(step));
      if (ended !== undefined && ended.transition.time <= begun) continue;
      const time = Math.max(opened.transition.time, begun);
      if (expiresAt === null || time < expiresAt) steps.push(revocationStep(opened, time));
    }
  }
  return steps;
}

function isRevoking({ transition: { to, level } }: TokenBreakerStep): boolean {
  return to !== 'closed' && level >= REVOKING_LEVEL;
}

function revocationStep({ seq, transition }: TokenBreakerStep, time: EpochMs): TokenStep {
  const { key, level, epoch, reason, eventId } = transition;
  return {
    ...{ state: 'revoked', time, seq, eventId, by: 'breaker', trust: null },
    ...{ agent: null, what: reason, verification: null, revokedBy: { key, level, epoch } },
  };
}

function timesOf(
  uses: readonly TokenStep[],
  revocations: readonly TokenStep[],
  expiresAt: EpochMs | null,
): TokenTimes {
  const firstOf = (...states: readonly TokenState[]): EpochMs | null => {
    const times = uses.flatMap(({ state, time }) => (states.includes(state) ? [time] : []));
    return times.length === 0 ? null : Math.min(...times);
  };
  return {
    issued: firstOf('issued'),
    presented: firstOf('presented', 'accepted', 'rejected'),
    accepted: firstOf('accepted'),
    rejected: firstOf('rejected'),
    expired: expiresAt,
    revoked: revocations[0]?.time ?? null,
  };
}

/** How it stands: at its end, if that has come, else as it was last judged. */
function stateOf(uses: readonly TokenStep[], times: TokenTimes, now: EpochMs): TokenState {
  const { revoked, expired } = times;
  if (revoked !== null && revoked <= now && (expired === null || revoked < expired)) {
    return 'revoked';
  }
  if (expired !== null && expired <= now) return 'expired';
  const judged = uses.findLast(({ state }) => state === 'accepted' || state === 'rejected');
  if (judged !== undefined) return judged.state;
  return times.presented !== null ? 'presented' : 'issued';
}

function problemsOf(
  genuine: readonly TokenRecord[],
  uses: readonly TokenStep[],
  { expired, revoked }: TokenTimes,
): readonly TokenProblem[] {
  const problems = new Set<TokenProblem>();
  for (const { state, time, verification } of uses) {
    if (state !== 'accepted') continue;
    if (expired !== null && time > expired + TOLERANCE_MS) problems.add('accepted_after_expiry');
    if (revoked !== null && time > revoked + TOLERANCE_MS) {
      problems.add('accepted_after_revocation');
    }
    if (verification !== null && verification !== 'verified' && FORGED.has(verification)) {
      problems.add('accepted_though_forged');
    }
  }
  if (distinct(genuine, ({ token }) => token?.ref).length > 1) problems.add('several_tokens');
  if (distinct(genuine, ({ token }) => token?.iss).length > 1) problems.add('several_issuers');
  return TOKEN_PROBLEMS.filter((problem) => problems.has(problem));
}

function distinct(
  records: readonly TokenRecord[],
  of: (event: AccessEvent) => string | undefined,
): readonly string[] {
  return [...new Set(records.flatMap(({ event }) => of(event) ?? []))];
}
