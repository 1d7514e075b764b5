import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { decodeLogsJson, decodeTracesJson } from './json.ts';

const tracesOf = (request: unknown) => decodeTracesJson(Buffer.from(JSON.stringify(request)));
const logsOf = (request: unknown) => decodeLogsJson(Buffer.from(JSON.stringify(request)));

const spansOf = (...spans: object[]) => tracesOf({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const valueOfAttribute = (value: unknown) =>
  spansOf({ attributes: [{ key: 'k', value }] })[0]?.attributes.values[0];

function nested(levels: number): object {
  let value: object = { stringValue: 'x' };
  for (let level = 0; level < levels; level++) value = { arrayValue: { values: [value] } };
  return value;
}

describe('OTLP/JSON', () => {
  it.each([
    [{ stringValue: 'a' }, 'a'],
    [{ boolValue: false }, false],
    [{ intValue: '10' }, 10],
    [{ intValue: 10 }, 10],
    [{ intValue: '9007199254740993' }, '9007199254740993'],
    [{ doubleValue: 0.5 }, 0.5],
    [{ doubleValue: 'NaN' }, 'NaN'],
    [{ doubleValue: '-Infinity' }, '-Infinity'],
    [{ bytesValue: 'AQI=' }, 'AQI='],
    [{ arrayValue: {} }, []],
    [{ kvlistValue: { values: [{ key: 'a', value: { intValue: 1 } }] } }, { a: 1 }],
    [{}, null],
    [null, null],
    [{ futureValue: 1 }, null],
  ])('%j is %j', (value, expected) => {
    expect(valueOfAttribute(value)).toEqual(expected);
  });

  it('takes ids in either case, times as text or number, and ignores snake case', () => {
    const [span] = spansOf({
      traceId: '5B8EFFF798038103D269B633813FC60C',
      spanId: 'EEE19B7EC3C1B174',
      parent_span_id: 'eee19b7ec3c1b173',
      startTimeUnixNano: '1544712660000000123',
      endTimeUnixNano: 1544712661000000000,
    });
    expect(span).toMatchObject({
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: 'eee19b7ec3c1b174',
      parentSpanId: '',
      start: { ms: 1544712660000, ns: 123 },
      end: { ms: 1544712661000, ns: 0 },
      problem: null,
    });
  });

  it('refuses one span for depth, at its attribute', () => {
    const spans = spansOf(
      { attributes: [{ key: 'k', value: nested(LIMITS.valueDepth) }] },
      { attributes: [{ key: 'a' }, { key: 'k', value: nested(LIMITS.valueDepth + 1) }] },
    );
    expect(spans.map((span) => span.problem)).toEqual([
      null,
      { code: 'too_deep', field: 'attributes[1].value' },
    ]);
  });

  it.each([
    [{ attributes: 5 }, 'wrong_type', 'attributes'],
    [{ attributes: [5] }, 'wrong_type', 'attributes[0]'],
    [{ attributes: [{ key: 'k', value: { intValue: 'x' } }] }, 'wrong_type', 'attributes[0].value'],
    [{ attributes: [{ key: 'k', value: { arrayValue: 1 } }] }, 'wrong_type', 'attributes[0].value'],
    [{ attributes: new Array(LIMITS.attributesPerSpan + 1).fill({}) }, 'too_large', 'attributes'],
    [{ status: { code: 'ERROR' } }, 'wrong_type', 'status.code'],
    [{ traceId: 'xyz' }, 'invalid_id', 'traceId'],
  ])('%#: a fault is %s at %s', (span, code, field) => {
    expect(spansOf(span)[0]?.problem).toEqual({ code, field });
  });

  it('blames a resource on all of its spans and a broken envelope on the request', () => {
    const [span] = tracesOf({
      resourceSpans: [{ resource: { attributes: 5 }, scopeSpans: [{ spans: [{}] }] }],
    });
    expect(span?.origin.resource.problem).toEqual({
      code: 'wrong_type',
      field: 'resource.attributes',
    });
    expect(() => tracesOf([])).toThrow('the body must be an object');
    expect(() => logsOf({ resourceLogs: [{ scopeLogs: {} }] })).toThrow(
      'resourceLogs[0].scopeLogs must be a list',
    );
  });
});
