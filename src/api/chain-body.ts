import type { Finding } from '../core/finding.ts';
import type { ChainRow } from '../ports/store.ts';
import { findingBody, timeText } from './bodies.ts';
import type { ChainBody, ChainStepBody } from './contract.ts';

/** A chain as told to people: its steps in order of time, who took part, what was found. */
export function chainBody(
  id: string,
  rows: readonly ChainRow[],
  findings: readonly Finding[],
  truncated: boolean,
): ChainBody | null {
  const once = withoutResent(rows);
  const [first] = once;
  const last = once.at(-1);
  if (first === undefined || last === undefined) return null;
  const ends = once.map(({ event }) => event.time + (event.latencyMs ?? 0));
  return {
    id,
    tenants: [...new Set(once.map(({ event }) => event.tenant.id))],
    agents: [...new Set(once.map(({ event }) => event.agent.id))],
    started_at: timeText(first.event.time),
    ended_at: timeText(Math.max(...ends)),
    steps: once.map(stepBody),
    findings: findings.map(findingBody),
    truncated,
  };
}

/** A sender may resend; the log keeps both, a reader wants one. Other content stays. */
function withoutResent(rows: readonly ChainRow[]): readonly ChainRow[] {
  const seen = new Set<string>();
  return rows.filter(({ event }) => {
    const content = JSON.stringify(event);
    if (seen.has(content)) return false;
    seen.add(content);
    return true;
  });
}

function stepBody({ seq, event }: ChainRow): ChainStepBody {
  const { decision, approval, token, resource, trace } = event;
  return {
    seq,
    event_id: event.id,
    time: timeText(event.time),
    tenant: event.tenant.id,
    agent: event.agent.id,
    session: event.session?.id ?? null,
    kind: event.kind,
    action: event.action.name,
    op: event.action.op,
    resource: resource === undefined ? null : present(resource, ['type', 'id', 'tenant', 'server']),
    principal: event.principal?.sub ?? null,
    delegation: (event.delegation ?? []).map(({ sub }) => sub),
    decision:
      decision === undefined
        ? null
        : {
            verdict: decision.verdict,
            ...present({ id: decision.id, policy: decision.policy?.id }, ['id', 'policy']),
          },
    approval:
      approval === undefined
        ? null
        : { status: approval.status, ...present(approval, ['approver']) },
    token: token === undefined ? null : present(token, ['jti', 'txn']),
    outcome: event.outcome.status,
    latency_ms: event.latencyMs ?? null,
    records: event.volume?.records ?? null,
    trace_id: trace?.traceId ?? null,
    span_id: trace?.spanId ?? null,
    parent_span_id: trace?.parentSpanId ?? null,
    source: event.source.name ?? event.source.format,
    trust: event.source.trust,
    redactions: { ...event.redactions },
  };
}

/** The named members that have a value. */
function present<Name extends string>(
  from: { readonly [name in Name]?: string | undefined },
  names: readonly Name[],
): { [name in Name]?: string } {
  const kept: { [name in Name]?: string } = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
