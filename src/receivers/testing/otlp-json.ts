import { decodeOtlpLogs, decodeOtlpTraces } from '../otlp/decode.ts';
import type { Normalised } from '../otlp/normalise.ts';

/** A value as a person writes it. */
export type Plain = string | number | boolean | readonly Plain[];

function value(of: Plain): object {
  if (typeof of === 'string') return { stringValue: of };
  if (typeof of === 'boolean') return { boolValue: of };
  if (typeof of === 'number') {
    return Number.isInteger(of) ? { intValue: String(of) } : { doubleValue: of };
  }
  return { arrayValue: { values: of.map(value) } };
}

/** Attributes in OTLP/JSON. */
export const pairs = (of: Readonly<Record<string, Plain>>) =>
  Object.entries(of).map(([key, content]) => ({ key, value: value(content) }));

export const TRACE = '5b8efff798038103d269b633813fc60c';

export interface SpanInput {
  readonly name?: string;
  readonly attributes?: Readonly<Record<string, Plain>>;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly kind?: number;
  readonly status?: object;
  readonly events?: readonly object[];
  readonly links?: readonly unknown[];
}

/** Spans of one resource and scope, decoded and normalised; ids count from 1. */
export function traces(
  spans: readonly SpanInput[],
  resource: Readonly<Record<string, Plain>> = {},
  scope = 'test.scope',
): Normalised {
  const request = {
    resourceSpans: [
      {
        resource: { attributes: pairs(resource) },
        scopeSpans: [
          {
            scope: { name: scope },
            spans: spans.map((span, index) => ({
              traceId: TRACE,
              spanId: (index + 1).toString(16).padStart(16, '0'),
              startTimeUnixNano: '1544712660000000000',
              endTimeUnixNano: '1544712660084500000',
              name: 'span',
              ...span,
              attributes: pairs(span.attributes ?? {}),
            })),
          },
        ],
      },
    ],
  };
  return decodeOtlpTraces(Buffer.from(JSON.stringify(request)), 'json');
}

/** One log record, decoded and normalised. */
export function logs(
  record: object,
  resource: Readonly<Record<string, Plain>> = {},
  scope = '',
): Normalised {
  const request = {
    resourceLogs: [
      {
        resource: { attributes: pairs(resource) },
        scopeLogs: [
          {
            scope: { name: scope },
            logRecords: [{ timeUnixNano: '1544712660300000000', ...record }],
          },
        ],
      },
    ],
  };
  return decodeOtlpLogs(Buffer.from(JSON.stringify(request)), 'json');
}
