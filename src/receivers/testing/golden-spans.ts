import type { Plain, SpanInput } from './otlp-json.ts';
import { traces } from './otlp-json.ts';

/** The span id of the n-th span of a request, from 1. */
export const id = (number: number): string => number.toString(16).padStart(16, '0');
/** A span; `parent` counts the spans of the request from 1. */
export const span = (
  name: string,
  attributes: Readonly<Record<string, Plain>>,
  parent = 0,
): SpanInput => ({
  name,
  attributes,
  ...(parent > 0 && { parentSpanId: id(parent) }),
});

/** The parts of each event that an emitter decides. */
export function golden(
  spans: readonly SpanInput[],
  resource: Readonly<Record<string, Plain>> = {},
  scope?: string,
): readonly object[] {
  const { events, rejects } = traces(spans, resource, scope);
  if (rejects.length > 0) throw new Error(JSON.stringify(rejects));
  return events.map(({ kind, agent, session, principal, delegation, tenantClaimed, ...event }) => ({
    kind,
    agent: agent.id,
    action: event.action.name,
    ...(event.action.toolCallId !== undefined && { callId: event.action.toolCallId }),
    ...(event.action.arguments !== undefined && { arguments: event.action.arguments }),
    ...(session !== undefined && { session: session.id }),
    ...(principal !== undefined && { principal: principal.sub }),
    ...(delegation !== undefined && { delegation: delegation.map(({ sub }) => sub) }),
    ...(tenantClaimed !== undefined && { tenant: tenantClaimed }),
    ...(event.resource !== undefined && { resource: event.resource }),
    ...(event.volume !== undefined && { volume: event.volume }),
    ...(event.decision !== undefined && { verdict: event.decision.verdict }),
    outcome: event.outcome.status,
  }));
}
