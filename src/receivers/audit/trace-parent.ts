/** The ids of a W3C `traceparent`; none where it is anything else or all zero. */
export function traceParent(value: unknown): {
  readonly traceId?: string;
  readonly parentSpanId?: string;
} {
  const [, traceId, parentSpanId] =
    typeof value === 'string' ? (TRACE_PARENT.exec(value.trim().toLowerCase()) ?? []) : [];
  if (traceId === undefined || parentSpanId === undefined) return {};
  return /^0+$/.test(traceId) || /^0+$/.test(parentSpanId) ? {} : { traceId, parentSpanId };
}

const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?$/;
