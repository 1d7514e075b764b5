import {
  type BreakerKey,
  type BreakerState,
  classOf,
  endsAt,
  LEVEL_NAMES,
  needsTwoPersons,
  type Transition,
} from '../core/breaker.ts';
import type { Feedback } from '../core/feedback.ts';
import type { Finding } from '../core/finding.ts';
import type { EpochMs } from '../core/time.ts';
import type { AgentView, BreakerDetail } from '../ports/engine-view.ts';
import type { BreakerBody, KeyBody, TransitionBody } from './breaker-contract.ts';
import type { AgentBody, AgentState, FindingBody } from './contract.ts';
import type { FeedbackBody } from './detector-contract.ts';
import type { RiskBody, RiskPartBody } from './risk-contract.ts';

/** Risk from which an agent is shown as at risk; display only, no policy reads it. */
const AT_RISK = 50;

/** Level from which an agent can no longer work: scopes narrowed, suspended, revoked. */
const TRIPPED_LEVEL = 3;

/** RFC 3339 in UTC, whole milliseconds. */
export function timeText(time: EpochMs): string {
  return new Date(time).toISOString();
}

export function agentBody(view: AgentView): AgentBody {
  return {
    tenant: view.tenant,
    agent: view.agent,
    state: stateOf(view),
    posture: view.posture,
    risk: view.risk,
    risk_parts: riskPartBodies(view),
    risk_explanation: view.riskExplanation,
    level: view.level,
    role: view.grant?.role ?? null,
    owners: view.grant?.owners ?? null,
    first_seen: timeText(view.firstSeen),
    last_seen: timeText(view.lastSeen),
    baseline_age_ms: view.baselineAgeMs,
    calls: view.calls,
    coverage: view.coverage.map(({ detector, mode, blind }) =>
      blind === null
        ? { detector, mode, verdict: 'judged' }
        : { detector, mode, verdict: 'blind', field: blind.field, cure: blind.cure },
    ),
  };
}

/** What a policy decision point asks about an agent before it decides. */
export function riskBody(view: AgentView): RiskBody {
  const { tenant, agent, risk, level, riskExplanation } = view;
  const state = stateOf(view);
  return {
    ...{ tenant, agent, state, level, risk, explanation: riskExplanation },
    parts: riskPartBodies(view),
  };
}

function riskPartBodies({ riskParts }: AgentView): readonly RiskPartBody[] {
  return riskParts.map(({ finding, halfLifeMs, since, at, ...part }) => ({
    ...part,
    finding_id: finding,
    since: timeText(since),
    at: timeText(at),
    half_life_ms: halfLifeMs,
  }));
}

/** The most urgent word that fits. */
function stateOf(view: AgentView): AgentState {
  if (view.level >= TRIPPED_LEVEL) return 'tripped';
  if (view.level > 0) return 'at_risk';
  if (view.risk >= AT_RISK) return 'at_risk';
  if (view.grant === null) return 'unregistered';
  return view.learning ? 'learning' : 'normal';
}

export function findingBody(finding: Finding, feedback: Feedback | null = null): FindingBody {
  const { decision, evidence } = finding;
  return {
    ...(feedback && { feedback: feedbackBody(feedback) }),
    id: finding.id,
    time: timeText(finding.time),
    event_id: finding.eventId,
    tenant: finding.tenant,
    agent: finding.agent,
    ...(finding.subject === undefined ? {} : { subject: { ...finding.subject } }),
    session: finding.session ?? null,
    chain: finding.chain,
    detector: finding.detector,
    family: finding.family,
    mode: finding.mode,
    level: finding.level,
    score: finding.score,
    actual: finding.actual,
    typical: finding.typical,
    probability: finding.probability,
    title: finding.title,
    explanation: finding.explanation,
    evidence: {
      events: [...evidence.events],
      measures: { ...evidence.measures },
      facts: { ...evidence.facts },
    },
    decision: decision.tripped
      ? {
          tripped: true,
          key: keyBody(decision.key),
          level: decision.level,
          ...(decision.cappedBy === undefined ? {} : { capped_by: decision.cappedBy }),
        }
      : {
          tripped: false,
          why: decision.why,
          ...(decision.would === undefined
            ? {}
            : { would: { key: keyBody(decision.would.key), level: decision.would.level } }),
        },
  };
}

function feedbackBody({ verdict, actor, reason, at }: Feedback): FeedbackBody {
  return { verdict, actor, reason, at: timeText(at) };
}

export function breakerBody(detail: BreakerDetail): BreakerBody {
  const { state } = detail;
  const level = state.phase === 'closed' ? 0 : state.level;
  const closesAt = endsAt(state);
  return {
    key: keyBody(detail.key),
    phase: state.phase,
    level,
    level_name: LEVEL_NAMES[level],
    epoch: state.epoch,
    term: detail.term,
    reason: state.phase === 'closed' ? null : state.reason,
    title: detail.title,
    class: classOf(state),
    opened_at: state.phase === 'closed' ? null : timeText(state.openedAt),
    closes_at: closesAt === null ? null : timeText(closesAt),
    finding_id: 'findingId' in state ? state.findingId : null,
    needs_two_persons: needsTwoPersons(state),
    ...phaseBody(state),
    acknowledged_by: [...detail.acknowledgedBy],
    awaiting: [...detail.awaiting],
    late: [...detail.late],
  };
}

/** What only some phases have. */
function phaseBody(
  state: BreakerState,
): Partial<Pick<BreakerBody, 'latch' | 'step' | 'rate_per_min' | 'until' | 'by' | 'ticket'>> {
  switch (state.phase) {
    case 'open':
      return { latch: state.latch };
    case 'probation':
      return { step: state.step, rate_per_min: state.ratePerMin };
    case 'isolated':
      return { by: state.by };
    case 'exempt':
      return { until: timeText(state.until), by: state.by, ticket: state.ticket };
    default:
      return {};
  }
}

export function transitionBody(transition: Transition): TransitionBody {
  return {
    time: timeText(transition.time),
    event_id: transition.eventId,
    key: keyBody(transition.key),
    from: transition.from,
    to: transition.to,
    level: transition.level,
    epoch: transition.epoch,
    reason: transition.reason,
    class: transition.class,
    finding_id: transition.findingId,
    actor: transition.actor,
  };
}

export function keyBody({ tenant, kind, id, agent }: BreakerKey): KeyBody {
  return { tenant, kind, id, ...(agent === undefined ? {} : { agent }) };
}
