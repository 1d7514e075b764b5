import { breakerKeyText, type KeyKind } from '../../core/breaker.ts';
import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { BreakerView, CheckAnswer, CheckRequest } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import { type LevelRuling, ruleOnLevel } from '../check/level-rule.ts';
import type { SubjectNames } from './names.ts';
import type { RevokedEpochs } from './revoked-epochs.ts';
import type { GatewaySettings } from './settings.ts';
import type { Throttle } from './throttle.ts';

/** One request at a gateway, settled as to who asks and for which tenant. */
export interface GatewayQuestion {
  readonly tenant: string;
  /** The gateway, which may have a breaker of its own. */
  readonly broker: string;
  /** What the gateway says itself. */
  readonly told: SubjectNames;
  /** What the agent's token says. */
  readonly token: SubjectNames;
  /** Whether somebody we know vouches for the token; anybody could have made it up otherwise. */
  readonly isTokenVerified: boolean;
  readonly tool: string | undefined;
  readonly op: string | undefined;
}

/** What the gateway is told. */
export interface GatewayRuling {
  readonly status: 200 | 401 | 403 | 429;
  readonly level: number;
  /** `closed`, a detector's id, `operator`, `unidentified`, or why the token is not taken. */
  readonly reason: string;
  readonly kind: KeyKind | null;
  readonly epoch: number;
  readonly retryAfterSeconds: number | null;
  /** Whether a person's approval would let the request pass (level 2). */
  readonly approvable: boolean;
}

export interface RulingDependencies {
  readonly view: BreakerView;
  readonly revoked: RevokedEpochs;
  readonly throttle: Throttle;
  readonly settings: GatewaySettings;
  readonly clock: Clock;
}

/** Asks about everything the request names; the strictest answer holds. From memory alone. */
export function ruleOnRequest(
  dependencies: RulingDependencies,
  question: GatewayQuestion,
): GatewayRuling {
  const { view, revoked, settings } = dependencies;
  const { tenant, token, op } = question;
  const asked = questionsOf(question);
  let worst: Judged | null = null;
  for (const each of asked) {
    const answer = view.check(each);
    const { level, posture } = answer;
    const judged = { answer, ruling: ruleOnLevel({ level, op, posture, class: answer.class }) };
    if (worst === null || isStricter(judged, worst)) worst = judged;
  }
  const { answer, ruling } = worst ?? judgeTenant(view, question);
  if (!ruling.allow) return told(answer, 403, { approvable: ruling.needsApproval });
  const isEnforced = answer.posture === 'enforce';
  const { minted } = token;
  if (minted && isEnforced && revoked.isBefore(tenant, minted.agent, minted.epoch)) {
    return { ...refused('token_before_revocation', 403), level: REVOKING_LEVEL, kind: 'agent' };
  }
  if (asked.length === 0 && isEnforced && settings.unidentified === 'deny') {
    return refused('unidentified', 403);
  }
  // On probation too, at whatever level that is.
  const isHeld = isEnforced || answer.class === 'operator';
  const isSlowed = ruling.throttle || (isHeld && answer.ratePerMin !== undefined);
  return isSlowed ? throttled(dependencies, answer) : told(answer, 200);
}

/** A refusal that no breaker is behind. */
export function refused(reason: string, status: 401 | 403): GatewayRuling {
  const nothing = { level: 0, kind: null, epoch: 0, retryAfterSeconds: null, approvable: false };
  return { status, reason, ...nothing };
}

interface Judged {
  readonly answer: CheckAnswer;
  readonly ruling: LevelRuling;
}

function isStricter(one: Judged, other: Judged): boolean {
  if (one.ruling.allow !== other.ruling.allow) return !one.ruling.allow;
  return one.answer.level > other.answer.level;
}

/**
 * Everything that is named. An agent is asked about with its session, or every session of it would
 * count; so only who may name the agent may name that session.
 */
function questionsOf(question: GatewayQuestion): readonly CheckRequest[] {
  const { tenant, broker, told, token, isTokenVerified, tool } = question;
  const base = { tenant, broker, ...(tool === undefined ? {} : { tool }) };
  const within = (session: string | undefined) =>
    session === undefined ? base : { ...base, session };
  const [gatewaySession] = told.sessions;
  const [tokenSession] = token.sessions;
  const known = gatewaySession ?? (isTokenVerified ? tokenSession : undefined);
  const both = (of: (names: SubjectNames) => readonly string[]) => [
    ...new Set([...of(told), ...of(token)]),
  ];
  return [
    ...told.agents.map((agent) => ({ ...within(known), agent })),
    ...token.agents.map((agent) => ({ ...within(gatewaySession ?? tokenSession), agent })),
    ...both(({ sessions }) => sessions).map(within),
    ...both(({ tokens }) => tokens).map((jti) => ({ ...base, jti })),
    ...both(({ chains }) => chains).map((chain) => ({ ...base, chain })),
  ];
}

function judgeTenant(view: BreakerView, question: GatewayQuestion): Judged {
  const { tenant, broker, tool, op } = question;
  const answer = view.check({ tenant, broker, ...(tool === undefined ? {} : { tool }) });
  const { level, posture } = answer;
  return { answer, ruling: ruleOnLevel({ level, op, posture, class: answer.class }) };
}

function throttled(
  { throttle, settings, clock }: RulingDependencies,
  answer: CheckAnswer,
): GatewayRuling {
  const rates = [answer.ratePerMin, answer.level === 1 ? settings.throttlePerMinute : null];
  const perMinute = Math.min(...rates.map((rate) => rate ?? Number.POSITIVE_INFINITY));
  if (perMinute === Number.POSITIVE_INFINITY) {
    return told(answer, 200, { retryAfterSeconds: LIMITS.retryAfterSeconds });
  }
  const name = answer.key === null ? '' : breakerKeyText(answer.key);
  const retryAfterSeconds = throttle.take(name, perMinute, clock.now());
  return retryAfterSeconds === null ? told(answer, 200) : told(answer, 429, { retryAfterSeconds });
}

function told(
  answer: CheckAnswer,
  status: GatewayRuling['status'],
  more: Partial<GatewayRuling> = {},
): GatewayRuling {
  const { level, key, epoch } = answer;
  const reason = answer.class === 'operator' ? 'operator' : wordOf(answer.reason);
  const kind = key?.kind ?? null;
  return {
    status,
    level,
    reason,
    kind,
    epoch,
    retryAfterSeconds: null,
    approvable: false,
    ...more,
  };
}

/** Reasons stand in headers: an identifier as it is, anything else not at all. */
function wordOf(reason: string): string {
  return /^[\w.:-]{1,64}$/.test(reason) ? reason : 'breaker_open';
}
