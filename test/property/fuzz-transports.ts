import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { lz4BytesAtMost, MalformedFrame, snappyBlocks } from '../../src/bus/kafkajs/framing.ts';
import { kafkaDecoder } from '../../src/composition/kafka-decoders.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import { auditBatchOf } from '../../src/receivers/audit/audit-body.ts';
import {
  binaryCloudEvent,
  isBinaryCloudEvent,
} from '../../src/receivers/audit/cloudevents/binary.ts';
import { AUDIT_FORMATS } from '../../src/receivers/audit/formats.ts';
import { BodyReader } from '../../src/receivers/body.ts';
import { type Decoded, type FuzzTarget, RECEIVED_AT } from './fuzz-target.ts';

/** Bodies that are good by themselves, to be carried. */
export interface Carried {
  /** ExportTraceServiceRequest in protobuf. */
  readonly traces: Uint8Array;
  /** ExportLogsServiceRequest in JSON. */
  readonly logs: string;
  /** Native events, one a line. */
  readonly native: string;
}

/** What bodies are carried in: Kafka records and batches, CloudEvents in headers, gzip. */
export function transportTargets({ traces, logs, native }: Carried): readonly FuzzTarget[] {
  const cloud = JSON.stringify({ headers: HEADERS, value: native });
  return [
    kafka('otlp_proto', 'traces', traces),
    kafka('otlp_json', 'logs', logs),
    kafka('native', null, native),
    kafka('audit:auto', null, native),
    kafka('cloudevents', null, cloud),
    target('cloudevents binary', cloud.replaceAll('ce_', 'ce-'), binary),
    target('kafka snappy framing', xerial(['abc', 'de']), (b) => framing(() => snappyBlocks(b))),
    target('kafka lz4 framing', LZ4, (b) => framing(() => lz4BytesAtMost(b))),
    ...[gzipSync(native), BOMB, Buffer.concat([BOMB, BOMB]), gzipSync(BOMB)].map((seed, index) =>
      target(`gzip ${index}`, seed, gzip),
    ),
  ];
}

function target(name: string, seed: Uint8Array | string, decode: FuzzTarget['decode']): FuzzTarget {
  return { name, seed: Buffer.from(seed as string), decode };
}

const HEADERS = {
  ...{ ce_specversion: '1.0', ce_id: 'a%20b', ce_source: '/broker', ce_type: 'tool.call' },
  ...{ ce_time: '2026-11-21T09:00:00Z', 'content-type': 'application/json; charset=utf-8' },
};

interface Wrapped {
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer;
}

/** What is JSON with `headers` gives these; any other input is a value under the usual headers. */
function unwrapped(bytes: Buffer): Wrapped {
  try {
    const { headers, value } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof headers === 'object' && headers !== null) {
      const entries = Object.entries(headers).map(([name, each]) => [name, String(each)]);
      return { headers: Object.fromEntries(entries), value: Buffer.from(String(value)) };
    }
  } catch {
    // Not JSON, or with a member that cannot be a text.
  }
  return { headers: HEADERS, value: bytes };
}

function kafka(format: string, signal: 'traces' | 'logs' | null, seed: Uint8Array | string) {
  const sender = { name: 'k', roles: ['ingest'], tenants: ['acme'], trust: 'broker' } as const;
  const decoder = kafkaDecoder({ format, signal, sender, formats: AUDIT_FORMATS });
  if (decoder === null) throw new Error(`no such format: ${format}`);
  return target(`kafka ${format}`, seed, (bytes) => {
    const { headers, value } = unwrapped(bytes);
    const pairs = Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const);
    const place = { topic: 't', partition: 0, offset: '1', timestamp: RECEIVED_AT, key: null };
    return decoder.decode({ ...place, value, headers: new Map(pairs) });
  });
}

/** As the HTTP receiver reads it, whose headers come in lower case. */
function binary(bytes: Buffer): Decoded {
  const { headers, value } = unwrapped(bytes);
  if (!isBinaryCloudEvent(headers, 'ce-')) return { events: [], rejects: [] };
  const reading = { format: 'cloudevents', formats: AUDIT_FORMATS, receivedAt: RECEIVED_AT };
  return auditBatchOf(binaryCloudEvent(headers, 'ce-', value), reading);
}

function framing(read: () => unknown): Decoded {
  try {
    read();
  } catch (error) {
    if (error instanceof MalformedFrame) throw new TripcoilError('bad_request', 'malformed');
    throw error;
  }
  return { events: [], rejects: [] };
}

function xerial(blocks: readonly string[]): Buffer {
  const header = Buffer.from('82534e4150505900' + '0000000100000001', 'hex');
  const framed = blocks.flatMap((text) => {
    const block = Buffer.concat([
      Buffer.from([text.length, (text.length - 1) << 2]),
      Buffer.from(text),
    ]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([header, ...framed]);
}

/** A frame of one stored block of three bytes. */
const LZ4 = Buffer.from('04224d18604073' + '03000080' + '616263' + '00000000', 'hex');

const BODY_BYTES = 100_000;
/** Unfolds to a hundred times what is allowed. */
const BOMB = gzipSync(Buffer.alloc(100 * BODY_BYTES), { level: 9 });
const bodies = new BodyReader({ bodyBytes: BODY_BYTES });

async function gzip(bytes: Buffer): Promise<Decoded> {
  const stream = new PassThrough();
  stream.end(bytes);
  const body = await bodies.read(stream, { 'content-encoding': 'gzip' });
  const { length } = body.bytes;
  body.release();
  if (length > BODY_BYTES) throw new Error(`${length} bytes came out`);
  return { events: [], rejects: [] };
}
