import type { FastifyPluginAsync } from 'fastify';
import { onlyReads, type ReceivedEvent } from '../../core/access-event.ts';
import type { BreakerKey } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView, CheckAnswer, CheckRequest } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { admit, answerError, isBroker, onlyTenant, tenantOf } from '../admission.ts';
import { parseCheckBody } from './check-body.ts';
import { ruleOnLevel } from './level-rule.ts';

export interface BreakerCheckDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  readonly control: Pick<Control, 'propose'>;
  readonly authenticator: Authenticator;
  /** Decodes one native event; injected, because receivers are another adapter. */
  readonly parseProposed: (value: unknown) => { event: ReceivedEvent } | { reject: Reject };
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Where a person approves what level 2 holds back; absent while there is no such page. */
  readonly approvalUrl?: (tenant: string, key: BreakerKey) => string;
}

/** What `POST /v1/check` answers. */
export interface CheckAnswerBody {
  readonly allow: boolean;
  readonly level: number;
  readonly reason: string;
  readonly approval_url: string | null;
  /** Seconds after which a throttled caller may go on; null where waiting does not help. */
  readonly retry_after: number | null;
  readonly epoch: number;
  readonly key: BreakerKey | null;
  /** Whether a proposed event was folded before this answer; false for a question. */
  readonly judged: boolean;
  /** Of the agent, 0 to 100; null where none is named or nothing is known of it. */
  readonly risk: number | null;
  /** Actions a minute that may pass, on probation and at level 1; null where none is known. */
  readonly rate_per_min: number | null;
}

/**
 * `POST /v1/check`: asked before an action is executed. A short question is answered from memory.
 * A proposed event is logged and folded first; should that take longer than
 * `LIMITS.proposeAnswerMs` or fail, the answer is what the breakers say by then, but an enforcing
 * tenant is then allowed reads alone (`not_judged`); a shadow tenant is allowed.
 */
export function breakerCheck(dependencies: BreakerCheckDependencies): FastifyPluginAsync {
  const { authenticator, metrics, log } = dependencies;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.post('/v1/check', { bodyLimit: LIMITS.eventBytes }, async (request) => {
      const principal = admit(request, authenticator);
      const body = parseCheckBody(request.body);
      if (body.form === 'proposed') return answerProposed(dependencies, principal, body.value);
      const tenant = tenantOf(principal, body.question.tenant);
      const question = { ...body.question, tenant, broker: principal.name };
      const answer = viewOf(dependencies, principal).check(question);
      metrics.count('tripcoil_checks_total', { form: 'question', result: 'answered' });
      return answerBody(dependencies, question, answer, false);
    });
  };
}

/** Why an enforcing tenant's write is denied that no detector had the time to look at. */
const NOT_JUDGED = 'not_judged';

async function answerProposed(
  dependencies: BreakerCheckDependencies,
  principal: Principal,
  value: unknown,
): Promise<CheckAnswerBody> {
  const { control, metrics, log } = dependencies;
  const parsed = dependencies.parseProposed(value);
  if ('reject' in parsed) {
    throw new TripcoilError('bad_request', `\`${parsed.reject.path}\`: ${parsed.reject.message}`);
  }
  const { event } = parsed;
  // A credential of one tenant settles the tenant; another claim is a signal, no error.
  const tenant = onlyTenant(principal) ?? tenantOf(principal, event.tenantClaimed);
  const question = questionOf(tenant, event, principal.name);
  const folded = control.propose(principal, event).then(
    (answer) => ({ answer, failure: null }),
    (failure: unknown) => ({ answer: null, failure }),
  );
  const settled = await within(dependencies.clock, LIMITS.proposeAnswerMs, folded);
  if (settled?.answer) {
    metrics.count('tripcoil_checks_total', { form: 'proposed', result: 'answered' });
    return answerBody(dependencies, question, settled.answer, true);
  }
  if (settled !== null) {
    const { failure } = settled;
    if (failure instanceof TripcoilError && !failure.retryable) throw failure;
    log.warn('proposed event not folded', {
      code: failure instanceof TripcoilError ? failure.code : 'internal',
    });
  }
  metrics.count('tripcoil_checks_total', {
    form: 'proposed',
    result: settled === null ? 'late' : 'failed',
  });
  const known = viewOf(dependencies, principal).check(question);
  const unjudged = answerBody(dependencies, question, known, false);
  const read = onlyReads(question.op);
  const enforced = known.posture === 'enforce';
  if (!unjudged.allow || read || !enforced) return unjudged;
  return { ...unjudged, allow: false, reason: NOT_JUDGED };
}

function viewOf(
  { view, brokerView = view }: BreakerCheckDependencies,
  principal: Principal,
): BreakerView {
  return isBroker(principal) ? brokerView : view;
}

function answerBody(
  dependencies: BreakerCheckDependencies,
  question: CheckRequest,
  answer: CheckAnswer,
  judged: boolean,
): CheckAnswerBody {
  const { level, posture, key } = answer;
  const ruling = ruleOnLevel({ level, op: question.op, posture, class: answer.class });
  const approvable = ruling.needsApproval && key !== null;
  // The fold may refuse a proposed event on its own account, whatever the level allows.
  const refused = judged && posture === 'enforce' && !answer.allow;
  return {
    allow: ruling.allow && !refused,
    level,
    reason: answer.reason,
    approval_url: approvable ? (dependencies.approvalUrl?.(question.tenant, key) ?? null) : null,
    retry_after: ruling.throttle ? LIMITS.retryAfterSeconds : null,
    epoch: answer.epoch,
    key,
    judged,
    risk: answer.risk ?? null,
    rate_per_min: answer.ratePerMin ?? null,
  };
}

function questionOf(tenant: string, event: ReceivedEvent, broker: string): CheckRequest {
  return definedOnly({
    tenant,
    agent: event.agent.id,
    session: event.session?.id,
    chain: event.token?.txn,
    trace: event.trace?.traceId,
    jti: event.token?.jti,
    tool: event.action.name,
    op: event.action.op,
    broker,
  });
}

type Loose<Shape> = { readonly [Name in keyof Shape]: Shape[Name] | undefined };

function definedOnly(question: Loose<CheckRequest> & { readonly tenant: string }): CheckRequest {
  const entries = Object.entries(question).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries), tenant: question.tenant };
}

/** The promise's value, or null when it takes longer than `ms`. */
async function within<Value>(
  clock: Clock,
  ms: number,
  promise: Promise<Value>,
): Promise<Value | null> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, clock.sleep(ms, timer.signal).then(() => null)]);
  } finally {
    timer.abort();
  }
}
