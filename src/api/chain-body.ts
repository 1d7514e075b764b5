import { type ChainLink, chainIdOf } from '../core/chain.ts';
import { hopsOf } from '../core/chain-hops.ts';
import { type ChainClock, judgeChain } from '../core/chain-links.ts';
import { roleOf, stepOf } from '../core/chain-step.ts';
import type { Finding } from '../core/finding.ts';
import { contentOf } from '../core/resent.ts';
import type { ChainRow, StoredChain } from '../ports/store.ts';
import { findingBody, timeText } from './bodies.ts';
import type { ChainBody, ChainStepBody } from './contract.ts';

/** What a chain is told from: its records, what joined them, and how far the sources have come. */
export interface ChainParts {
  /** As asked for; the chain may have another by now. */
  readonly asked: string;
  readonly stored: StoredChain;
  readonly findings: readonly Finding[];
  readonly clock: ChainClock;
  readonly truncated: boolean;
  readonly unrelatedTenants: readonly string[];
}

/** A chain as told to people: its steps in order of time, who took part, what was found. */
export function chainBody(parts: ChainParts): ChainBody | null {
  const { stored, clock } = parts;
  const once = withoutResent(stored.rows);
  const [first] = once;
  if (first === undefined) return null;
  const ends = once.map(({ event }) => event.time + (event.latencyMs ?? 0));
  const judged = judgeChain(
    once.map(({ event, seq, loggedAt }) => stepOf(event, seq, loggedAt)),
    clock,
  );
  const links = stored.links.map(({ link }) => link);
  return {
    id: idOf(parts.asked, once, links),
    tenants: [...new Set(once.map(({ event }) => event.tenant.id))],
    agents: [...new Set(once.map(({ event }) => event.agent.id))],
    started_at: timeText(first.event.time),
    ended_at: timeText(Math.max(...ends)),
    steps: once.map((row) => stepBody(row, clock.graceMs)),
    executions: judged.executions.map(({ seqs, eventId, agent, action, ...executed }) => {
      const { request, decision, approval, token, outcome } = executed;
      const shown = { request, decision, approval, token, outcome };
      return { seqs, event_id: eventId, agent, action, links: shown };
    }),
    hops: hopsOf(once).map((hop) => ({ ...hop })),
    gaps: judged.gaps.map(({ eventId, ...gap }) => ({ ...gap, event_id: eventId })),
    merged: links
      .filter(({ type }) => type === 'joined')
      .map(({ alias, by, key, time }) => ({ id: alias, by, key, time: timeText(time) })),
    shared_keys: links
      .filter(({ type }) => type === 'shared')
      .map(({ by, key }) => ({ kind: by, key })),
    others: stored.others.map(({ tenant, chain }) => ({ id: chain, tenant })),
    unrelated_tenants: parts.unrelatedTenants,
    findings: parts.findings.map((finding) => findingBody(finding)),
    truncated: parts.truncated,
  };
}

/** The id that the log gave the chain first; as asked where that leads to several, by session. */
function idOf(asked: string, rows: readonly ChainRow[], links: readonly ChainLink[]): string {
  const into = new Map(
    links.filter(({ type }) => type === 'joined').map(({ alias, chain }) => [alias, chain]),
  );
  const roots = rows.map(({ event }) => {
    let id = chainIdOf(event);
    const seen = new Set<string>();
    for (let next = into.get(id); next !== undefined && !seen.has(id); next = into.get(id)) {
      seen.add(id);
      id = next;
    }
    return id;
  });
  const [root, ...others] = new Set(roots);
  return root === undefined || others.length > 0 ? asked : root;
}

/** A sender may resend; the log keeps both, a reader wants one. Other content stays. */
function withoutResent(rows: readonly ChainRow[]): readonly ChainRow[] {
  const seen = new Set<string>();
  return rows.filter(({ event }) => {
    const content = JSON.stringify(contentOf(event));
    if (seen.has(content)) return false;
    seen.add(content);
    return true;
  });
}

function stepBody({ seq, event, loggedAt }: ChainRow, graceMs: number): ChainStepBody {
  const { decision, approval, token, resource, trace } = event;
  const lateMs = Math.round(loggedAt - event.time);
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
    role: roleOf(event),
    late_ms: lateMs > graceMs ? lateMs : null,
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
