import type { BreakerKey } from '../core/breaker.ts';
import type { Effect } from '../core/entry.ts';
import type { Reject } from '../core/reject.ts';
import type { EpochMs } from '../core/time.ts';

/** One line of `tripcoil replay`, as fixed in the design: JSON, snake_case, stable key order. */
export function effectLine(effect: Exclude<Effect, { readonly kind: 'chain' }>): string {
  switch (effect.kind) {
    case 'finding': {
      const { decision: finding } = effect;
      return JSON.stringify({
        type: 'finding',
        time: iso(finding.time),
        event_id: finding.eventId,
        tenant: finding.tenant,
        agent: finding.agent,
        ...(finding.subject === undefined ? {} : { subject: finding.subject }),
        detector: finding.detector,
        mode: finding.mode,
        level: finding.level,
        score: finding.score,
        actual: finding.actual,
        typical: finding.typical,
        probability: finding.probability,
        title: finding.title,
        session: finding.session ?? null,
        chain: finding.chain,
        explanation: finding.explanation,
        evidence: finding.evidence,
        decision: finding.decision,
      });
    }
    case 'transition': {
      const { decision: transition } = effect;
      return JSON.stringify({
        type: 'transition',
        time: iso(transition.time),
        event_id: transition.eventId,
        key: keyBody(transition.key),
        from: transition.from,
        to: transition.to,
        level: transition.level,
        epoch: transition.epoch,
        reason: transition.reason,
        class: transition.class,
      });
    }
    case 'revocation': {
      const { decision: revocation } = effect;
      return JSON.stringify({
        type: 'revocation',
        time: iso(revocation.time),
        event_id: revocation.eventId,
        key: keyBody(revocation.key),
        level: revocation.level,
        term: revocation.term,
        epoch: revocation.epoch,
        jti: revocation.jti,
        events: revocation.events,
      });
    }
  }
}

export function rejectLine(reject: Reject, file: string): string {
  const { position, code, path, message } = reject;
  return JSON.stringify({ type: 'reject', line: position, code, path, message, file });
}

export interface ReplaySummary {
  readonly events: number;
  readonly rejected: number;
  /** Records that tell of no agent's action, such as a span of a database client. */
  readonly ignored: number;
  readonly agents: number;
  readonly findings: number;
  readonly transitions: number;
  readonly revocations: number;
  /** Of the history files; told apart, since the history causes no output. */
  readonly rejectedHistory: number;
  readonly wallMs: number;
}

/** The only line with values that differ between runs: `wall_ms` and `events_per_s`. */
export function summaryLine(summary: ReplaySummary): string {
  const { events, rejected, agents, findings, transitions, revocations, wallMs } = summary;
  const perSecond = wallMs > 0 ? Math.round((events / wallMs) * 1_000) : 0;
  return JSON.stringify({
    type: 'summary',
    events,
    rejected,
    agents,
    findings,
    transitions,
    wall_ms: Math.round(wallMs),
    events_per_s: perSecond,
    revocations,
    ignored: summary.ignored,
  });
}

function keyBody(key: BreakerKey): BreakerKey {
  const { tenant, kind, id, agent } = key;
  return agent === undefined ? { tenant, kind, id } : { tenant, kind, id, agent };
}

function iso(time: EpochMs): string {
  return new Date(time).toISOString();
}
