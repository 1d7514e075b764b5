import type { ChainBody, ChainStepBody, FindingBody } from '../../../../src/api/contract.ts';

/** One line of the chain table: a step, a boundary between two, or a finding about one. */
export type ChainRow =
  | { readonly kind: 'step'; readonly step: ChainStepBody; readonly depth: number }
  | { readonly kind: 'delegation'; readonly from: string; readonly to: string; readonly at: number }
  | { readonly kind: 'tenant'; readonly from: string; readonly to: string; readonly at: number }
  | { readonly kind: 'gap'; readonly gap: ChainBody['gaps'][number] }
  | { readonly kind: 'finding'; readonly finding: FindingBody };

const DEEPEST = 6;

/** Steps in order, boundaries before the step that crosses, gaps and findings after their step. */
export function chainRows(chain: ChainBody): readonly ChainRow[] {
  const rows: ChainRow[] = [];
  const depths = depthsOf(chain.steps);
  const about = new Map<string, FindingBody[]>();
  for (const finding of chain.findings) {
    about.set(finding.event_id, [...(about.get(finding.event_id) ?? []), finding]);
  }
  let previous: ChainStepBody | null = null;
  for (const step of chain.steps) {
    for (const { seq, from, to } of chain.hops) {
      if (seq === step.seq) rows.push({ kind: 'delegation', from, to, at: seq });
    }
    const from = previous === null ? step.tenant : touched(previous);
    const to = touched(step);
    // The way home is no crossing: only entering what is not one's own is.
    const enters = crossesTenant(step) || (previous !== null && previous.tenant !== step.tenant);
    if (to !== from && enters) rows.push({ kind: 'tenant', from, to, at: step.seq });
    rows.push({ kind: 'step', step, depth: depths.get(step) ?? 0 });
    for (const gap of chain.gaps) if (gap.seq === step.seq) rows.push({ kind: 'gap', gap });
    for (const finding of about.get(step.event_id) ?? []) rows.push({ kind: 'finding', finding });
    about.delete(step.event_id);
    previous = step;
  }
  for (const left of about.values()) {
    for (const finding of left) rows.push({ kind: 'finding', finding });
  }
  return rows;
}

/** The tenant whose things a step touches, which may not be the agent's own. */
export function touched(step: ChainStepBody): string {
  return step.resource?.tenant ?? step.tenant;
}

/** True when an agent of one tenant reaches into another. */
export function crossesTenant(step: ChainStepBody): boolean {
  return step.resource?.tenant !== undefined && step.resource.tenant !== step.tenant;
}

/** Nesting by parent span, bounded; a parent that is not in the chain does not count. */
function depthsOf(steps: readonly ChainStepBody[]): ReadonlyMap<ChainStepBody, number> {
  const bySpan = new Map<string, ChainStepBody>();
  for (const step of steps) if (step.span_id !== null) bySpan.set(step.span_id, step);
  const depths = new Map<ChainStepBody, number>();
  for (const step of steps) {
    let depth = 0;
    let parent = step.parent_span_id === null ? undefined : bySpan.get(step.parent_span_id);
    while (parent !== undefined && parent !== step && depth < DEEPEST) {
      depth += 1;
      parent = parent.parent_span_id === null ? undefined : bySpan.get(parent.parent_span_id);
    }
    depths.set(step, depth);
  }
  return depths;
}

/** Agents in the order they first act, each with its tenant. */
export function agentPath(
  chain: ChainBody,
): readonly { readonly agent: string; readonly tenant: string }[] {
  const seen = new Map<string, { agent: string; tenant: string }>();
  for (const { agent, tenant } of chain.steps) {
    if (!seen.has(`${tenant}/${agent}`)) seen.set(`${tenant}/${agent}`, { agent, tenant });
  }
  return [...seen.values()];
}

/** What redaction replaced, over all steps, most frequent first. Counts only; values are gone. */
export function redactionTotals(
  steps: readonly Pick<ChainStepBody, 'redactions'>[],
): readonly { readonly type: string; readonly count: number }[] {
  const totals = new Map<string, number>();
  for (const step of steps) {
    for (const [type, count] of Object.entries(step.redactions)) {
      totals.set(type, (totals.get(type) ?? 0) + count);
    }
  }
  return [...totals]
    .map(([type, count]) => ({ type, count }))
    .sort((left, right) => right.count - left.count || left.type.localeCompare(right.type));
}

/** Where a step lies in the chain's time span, as percentages for a bar. */
export function barOf(
  step: Pick<ChainStepBody, 'time' | 'latency_ms'>,
  startMs: number,
  endMs: number,
): { readonly from: number; readonly span: number } {
  const whole = Math.max(1, endMs - startMs);
  const from = clamp(((Date.parse(step.time) - startMs) / whole) * 100);
  const span = clamp(((step.latency_ms ?? 0) / whole) * 100);
  return { from, span: Math.min(span, 100 - from) };
}

function clamp(percent: number): number {
  return Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0;
}

/** First moment and last, steps' own durations included. */
export function spanOf(chain: ChainBody): { readonly startMs: number; readonly endMs: number } {
  const startMs = Date.parse(chain.started_at);
  let endMs = Date.parse(chain.ended_at);
  for (const step of chain.steps) {
    endMs = Math.max(endMs, Date.parse(step.time) + (step.latency_ms ?? 0));
  }
  return { startMs, endMs };
}
