import { createHash } from 'node:crypto';
import {
  type Attributes,
  type HrTime,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf } from '../core/chain.ts';
import type { Redacted } from '../core/redacted.ts';

/** What the exporter takes; the package that declares it is not ours to import. */
export type ExportableSpan = Parameters<OTLPTraceExporter['export']>[0][number];

const TRACE_ID = /^[0-9a-f]{32}$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;

const OPERATION_NAMES: Readonly<Record<string, string>> = {
  tool_call: 'execute_tool',
  model_call: 'chat',
  agent_run: 'invoke_agent',
};

const RESOURCE = resourceOf({ 'service.name': 'tripcoil', 'tripcoil.forwarded': true });
const SCOPE = { name: 'tripcoil.forward' };

/**
 * A redacted event as a span, with the ids it came with. An event that was no span gets ids
 * derived from its chain and its own id, so that one chain is one trace wherever it is sent.
 */
export function spanOf(event: Redacted<AccessEvent>): ExportableSpan {
  const traceId = traceIdOf(event);
  const parent = event.trace?.parentSpanId;
  const startTime = hrTimeOf(event.time);
  const duration = hrTimeOf(event.latencyMs ?? 0);
  const links = linksOf(event);
  const failed = event.outcome.status !== 'success' && event.outcome.status !== 'unknown';
  return {
    name: `${OPERATION_NAMES[event.kind] ?? event.kind} ${event.action.name}`,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(traceId, spanIdOf(event)),
    ...(parent !== undefined && SPAN_ID.test(parent)
      ? { parentSpanContext: contextOf(traceId, parent.toLowerCase()) }
      : {}),
    startTime,
    endTime: hrTimeOf(event.time + (event.latencyMs ?? 0)),
    duration,
    status: failed
      ? { code: SpanStatusCode.ERROR, message: event.outcome.status }
      : { code: SpanStatusCode.UNSET },
    attributes: attributesOf(event),
    links,
    events: [],
    ended: true,
    resource: RESOURCE,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: (event.trace?.links?.length ?? 0) - links.length,
  };
}

/**
 * Links as redacted: ids alone, since their attributes were never taken in. OTLP has no link to a
 * trace as a whole, so one without a span counts as dropped.
 */
function linksOf({ trace }: AccessEvent): ExportableSpan['links'] {
  return (trace?.links ?? []).flatMap(({ traceId, spanId = '' }) =>
    TRACE_ID.test(traceId) && SPAN_ID.test(spanId)
      ? [{ context: contextOf(traceId.toLowerCase(), spanId.toLowerCase()) }]
      : [],
  );
}

function attributesOf(event: Redacted<AccessEvent>): Attributes {
  const given: Attributes = {
    'tripcoil.tenant': event.tenant.id,
    'tripcoil.event.id': event.id,
    'tripcoil.event.kind': event.kind,
    'tripcoil.outcome': event.outcome.status,
    'gen_ai.operation.name': OPERATION_NAMES[event.kind],
    'gen_ai.agent.id': event.agent.id,
    'gen_ai.agent.name': event.agent.name,
    'gen_ai.conversation.id': event.session?.conversationId ?? event.session?.id,
    'gen_ai.tool.name': event.kind === 'tool_call' ? event.action.name : undefined,
    'gen_ai.tool.call.id': event.action.toolCallId,
    'gen_ai.usage.input_tokens': event.volume?.tokensIn,
    'gen_ai.usage.output_tokens': event.volume?.tokensOut,
    'error.type': event.outcome.errorType,
    'tripcoil.records': event.volume?.records,
    'tripcoil.decision.verdict': event.decision?.verdict,
    'tripcoil.decision.id': event.decision?.id,
    'tripcoil.resource.type': event.resource?.type,
    'tripcoil.resource.id': event.resource?.id,
  };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const attributes: Attributes = Object.fromEntries(present);
  if (event.action.arguments !== undefined) {
    attributes['gen_ai.tool.call.arguments'] = JSON.stringify(event.action.arguments);
  }
  for (const [type, count] of Object.entries(event.redactions ?? {})) {
    attributes[`tripcoil.redactions.${type}`] = count;
  }
  return attributes;
}

function traceIdOf(event: AccessEvent): string {
  const given = event.trace?.traceId;
  if (given !== undefined && TRACE_ID.test(given)) return given.toLowerCase();
  return derivedId(`${event.tenant.id}\n${chainIdOf(event)}`, 32);
}

function spanIdOf(event: AccessEvent): string {
  const given = event.trace?.spanId;
  if (given !== undefined && SPAN_ID.test(given)) return given.toLowerCase();
  return derivedId(`${event.tenant.id}\n${event.source.deliveredBy}\n${event.id}`, 16);
}

function derivedId(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}

function contextOf(traceId: string, spanId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function hrTimeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}

function resourceOf(attributes: Attributes): ExportableSpan['resource'] {
  const resource: ExportableSpan['resource'] = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  return resource;
}
