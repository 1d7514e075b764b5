import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encode,
  LogsRequest,
  oracleLogs,
  oracleTraces,
  TraceRequest,
} from '../../../bench/decode-oracle.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { decodeOtlpLogs, decodeOtlpTraces } from './decode.ts';
import { decodeLogsProtobuf, decodeTracesProtobuf } from './protobuf.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '__proto__', 'gen_ai.agent.id', 'é', '日本', '🙂'.repeat(20)),
);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const fixed64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String);
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }).map(String);

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    text.map((stringValue) => ({ stringValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    int64.map((intValue) => ({ intValue })),
    fc.double().map((doubleValue) => ({ doubleValue })),
    fc.uint8Array({ maxLength: 20 }).map((bytesValue) => ({ bytesValue })),
    fc.constant({}),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => ({ arrayValue: { values } })),
    fc
      .array(fc.record({ key: text, value: tie('value') }), { maxLength: 4 })
      .map((values) => ({ kvlistValue: { values } })),
  ),
}));
const attributes = fc.array(fc.record({ key: text, value: anyValue }, { requiredKeys: [] }), {
  maxLength: 6,
});
const span = fc.record(
  {
    traceId: fc.oneof(bytes(16), bytes(3), bytes(0)),
    spanId: bytes(8),
    parentSpanId: bytes(8),
    traceState: text,
    name: text,
    kind: fc.nat(7),
    startTimeUnixNano: fixed64,
    endTimeUnixNano: fixed64,
    attributes,
    droppedAttributesCount: fc.nat(),
    events: fc.array(fc.record({ name: text, timeUnixNano: fixed64, attributes }), {
      maxLength: 2,
    }),
    links: fc.array(
      fc.record({ traceId: bytes(16), spanId: bytes(8), attributes }, { requiredKeys: [] }),
      { maxLength: 2 },
    ),
    status: fc.record({ code: fc.nat(3), message: text }),
    flags: fc.nat(),
  },
  { requiredKeys: [] },
);
const log = fc.record(
  {
    timeUnixNano: fixed64,
    observedTimeUnixNano: fixed64,
    severityNumber: fc.nat(24),
    severityText: text,
    body: anyValue,
    attributes,
    traceId: bytes(16),
    spanId: bytes(8),
    flags: fc.nat(),
    eventName: text,
  },
  { requiredKeys: [] },
);
const resource = fc.record({ attributes });
const scope = fc.record({ name: text, version: text, attributes }, { requiredKeys: [] });
const scopeSpans = fc.record({ scope, spans: fc.array(span, { maxLength: 3 }) });
const scopeLogs = fc.record({ scope, logRecords: fc.array(log, { maxLength: 3 }) });
const traceRequest = fc.record({
  resourceSpans: fc.array(
    fc.record(
      { resource, schemaUrl: text, scopeSpans: fc.array(scopeSpans, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  ),
});
const logsRequest = fc.record({
  resourceLogs: fc.array(
    fc.record({ resource, scopeLogs: fc.array(scopeLogs, { maxLength: 2 }) }),
    { maxLength: 3 },
  ),
});

describe('the protobuf decoder', () => {
  it('reads every trace request as protobufjs does', () => {
    fc.assert(
      fc.property(traceRequest, (request) => {
        const encoded = encode(TraceRequest, request);
        expect(decodeTracesProtobuf(encoded)).toEqual(oracleTraces(encoded));
      }),
      { numRuns: 300 },
    );
  });

  it('reads every logs request as protobufjs does', () => {
    fc.assert(
      fc.property(logsRequest, (request) => {
        const encoded = encode(LogsRequest, request);
        expect(decodeLogsProtobuf(encoded)).toEqual(oracleLogs(encoded));
      }),
      { numRuns: 200 },
    );
  });

  it('reads a resource that follows its spans', () => {
    const [key, value] = ['service.name', { stringValue: 'late' }];
    const spans = encode(TraceRequest, {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }],
    });
    const late = encode(TraceRequest, {
      resourceSpans: [{ resource: { attributes: [{ key, value }] } }],
    });
    const inner = Buffer.concat([spans.subarray(2), late.subarray(2)]);
    const [record] = decodeTracesProtobuf(
      Buffer.concat([Buffer.from([0x0a, inner.length]), inner]),
    );
    expect(record?.origin.resource.attributes).toEqual({ keys: [key], values: ['late'] });
  });

  it('skips unknown fields of every wire type, groups included', () => {
    const unknown = [
      0xa0,
      6,
      1,
      0xa1,
      6,
      ...new Array(8).fill(9),
      0xa2,
      6,
      1,
      7,
      0xa5,
      6,
      1,
      2,
      3,
      4,
    ];
    const group = [0xa3, 6, 0x08, 1, 0x1a, 1, 65, 0xa4, 6];
    const known = encode(TraceRequest, {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }],
    });
    const records = decodeTracesProtobuf(Uint8Array.from([...unknown, ...group, ...known]));
    expect(records.map((record) => record.name)).toEqual(['a']);
  });

  it('keeps __proto__ a key like any other', () => {
    const values = [{ key: '__proto__', value: { stringValue: 'x' } }];
    const encoded = encode(TraceRequest, {
      resourceSpans: [
        {
          scopeSpans: [
            { spans: [{ attributes: [{ key: '__proto__', value: { kvlistValue: { values } } }] }] },
          ],
        },
      ],
    });
    const value = decodeTracesProtobuf(encoded)[0]?.attributes.values[0] as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('refuses one span, not the batch, for depth and number of attributes', () => {
    let deep: object = { stringValue: 'x' };
    for (let level = 0; level <= LIMITS.valueDepth; level++)
      deep = { arrayValue: { values: [deep] } };
    const many = Array.from({ length: LIMITS.attributesPerSpan + 1 }, () => ({ key: 'k' }));
    const encoded = encode(TraceRequest, {
      resourceSpans: [
        {
          scopeSpans: [
            { spans: [{ attributes: [{ key: 'k', value: deep }] }, { attributes: many }, {}] },
          ],
        },
      ],
    });
    expect(decodeTracesProtobuf(encoded).map((record) => record.problem)).toEqual([
      { code: 'too_deep', field: 'attributes' },
      { code: 'too_large', field: 'attributes' },
      null,
    ]);
  });

  it('refuses a body with more records than the queue holds', () => {
    const empty = Buffer.concat(
      Array.from({ length: LIMITS.recordsPerBody + 1 }, () => Buffer.from([0x12, 0])),
    );
    const wrap = (tag: number, inner: Buffer) =>
      Buffer.concat([Buffer.from([tag, ...varint(inner.length)]), inner]);
    const body = wrap(0x0a, wrap(0x12, empty));
    expect(() => decodeTracesProtobuf(body)).toThrow(/too many records/);
  });
});

describe('any bytes whatever', () => {
  const typed = (decode: () => unknown): void => {
    try {
      decode();
    } catch (error) {
      if (!(error instanceof TripcoilError)) throw error;
    }
  };
  const all = (input: Uint8Array): void => {
    for (const encoding of ['protobuf', 'json'] as const) {
      typed(() => decodeOtlpTraces(input, encoding));
      typed(() => decodeOtlpLogs(input, encoding));
    }
  };

  it('decode or give a typed error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), all), { numRuns: 2_000 });
  });

  it('decode or give a typed error when a real request is damaged', () => {
    const damaged = fc
      .tuple(
        fc.oneof(
          traceRequest.map((request) => encode(TraceRequest, request)),
          logsRequest.map((request) => encode(LogsRequest, request)),
        ),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
      )
      .map(([encoded, changes, cut]) => {
        const copy = Uint8Array.from(encoded);
        for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
        return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
      });
    fc.assert(fc.property(damaged, all), { numRuns: 1_500 });
  });

  it('decode or give a typed error when JSON has the wrong types', () => {
    const names = ['resourceSpans', 'scopeSpans', 'spans', 'resourceLogs', 'scopeLogs', 'resource'];
    const more = ['logRecords', 'attributes', 'key', 'value', 'kvlistValue', 'values', 'traceId'];
    const json = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'medium', maxDepth: 8 },
        fc.jsonValue({ maxDepth: 1 }),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names, ...more, 'scope', 'status', 'body'), tie('node'), {
          maxKeys: 4,
        }),
      ),
    })).node;
    fc.assert(
      fc.property(json, (value) => all(Buffer.from(JSON.stringify(value)))),
      { numRuns: 1_500 },
    );
  });
});

function varint(value: number): number[] {
  return value > 0x7f ? [(value & 0x7f) | 0x80, ...varint(value >>> 7)] : [value];
}
