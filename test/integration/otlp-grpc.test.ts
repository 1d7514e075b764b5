import { connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import {
  type Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ExportResponse,
  encode,
  LogsRequest,
  RpcStatus,
  TraceRequest,
} from '../../bench/decode-oracle.ts';
import { TripcoilError } from '../../src/core/errors.ts';
import { LIMITS } from '../../src/core/limits.ts';
import {
  createOtlpGrpcReceiver,
  type OtlpGrpcReceiver,
} from '../../src/receivers/otlp/grpc/server.ts';
import { OtlpIntake } from '../../src/receivers/otlp/intake.ts';
import { createFixture, type Fixture } from '../../src/receivers/testing/receiver-fixture.ts';
import { FakeClock } from '../../src/runtime/testing/fake-clock.ts';

const MIB = 1024 * 1024;
const METHODS = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};
const Export = makeGenericClientConstructor({}, 'Export');

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const spanOf = (spanId: string) => ({
  traceId: Buffer.from('5b8efff798038103d269b633813fc60c', 'hex'),
  spanId: Buffer.from(spanId, 'hex'),
  name: 'execute_tool get_order',
  startTimeUnixNano: '1544712660000000000',
  endTimeUnixNano: '1544712661000000000',
  attributes: [text('gen_ai.agent.id', 'bot'), text('gen_ai.tool.name', 'get_order')],
});
const tracesOf = (...ids: readonly string[]): Buffer =>
  Buffer.from(
    encode(TraceRequest, {
      resourceSpans: [{ scopeSpans: [{ spans: ids.map(spanOf) }] }],
    }),
  );
const GOOD = tracesOf('eee19b7ec3c1b174');

let fixture: Fixture;
let receiver: OtlpGrpcReceiver;
let clock: FakeClock;
let port: number;
let client: Client;

beforeEach(async () => {
  fixture = await createFixture();
  clock = new FakeClock(0);
  receiver = createOtlpGrpcReceiver({
    ...fixture.options,
    clock,
    intake: new OtlpIntake(fixture.options),
    messageBytes: 2 * MIB,
  });
  port = await receiver.listen('127.0.0.1', 0);
  client = new Export(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterEach(async () => {
  client.close();
  await receiver.close();
  await fixture.app.close();
});

interface Answer {
  readonly response: Buffer | undefined;
  readonly code: status;
  readonly details: string;
  /** Type names of the details of google.rpc.Status. */
  readonly status: { readonly code: number; readonly hasRetryInfo: boolean } | null;
}

function send(
  method: string,
  body: Buffer,
  { token = 'good', gzip = false }: { readonly token?: string; readonly gzip?: boolean } = {},
): Promise<Answer> {
  const metadata = new Metadata();
  if (token !== '') metadata.set('authorization', `Bearer ${token}`);
  const bytes = (message: Buffer): Buffer => message;
  const options = gzip ? { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip } : {};
  const sender = gzip
    ? new Export(`127.0.0.1:${port}`, credentials.createInsecure(), options)
    : client;
  return new Promise((resolve) => {
    sender.makeUnaryRequest<Buffer, Buffer>(
      method,
      bytes,
      bytes,
      body,
      metadata,
      (error: ServiceError | null, response) => {
        if (gzip) sender.close();
        const [packed] = error?.metadata?.get('grpc-status-details-bin') ?? [];
        const raw = packed as Buffer | undefined;
        resolve({
          response,
          code: error?.code ?? status.OK,
          details: error?.details ?? '',
          status:
            raw === undefined
              ? null
              : {
                  code: Number(RpcStatus.toObject(RpcStatus.decode(raw))['code']),
                  hasRetryInfo: raw.includes('type.googleapis.com/google.rpc.RetryInfo'),
                },
        });
      },
    );
  });
}

describe('OTLP over gRPC', () => {
  it('takes spans, plain and gzipped, and answers with an empty message', async () => {
    for (const gzip of [false, true]) {
      const answer = await send(METHODS.traces, GOOD, { gzip });
      expect([answer.code, answer.response?.length]).toEqual([status.OK, 0]);
    }
    expect(fixture.batches.map(({ sender }) => sender.name)).toEqual(['broker', 'broker']);
    expect(fixture.batches[1]?.events[0]).toMatchObject({
      id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174',
      source: { format: 'otlp.traces' },
      action: { name: 'get_order' },
    });
  });

  it('takes log records and metrics, and requests with nothing in them', async () => {
    const record = {
      timeUnixNano: '1544712660000000000',
      attributes: [text('tripcoil.agent.id', 'a'), text('tripcoil.action.name', 'get')],
    };
    const logs = Buffer.from(
      encode(LogsRequest, { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }),
    );
    expect((await send(METHODS.logs, logs)).code).toBe(status.OK);
    expect(fixture.batches[0]?.events[0]?.source.format).toBe('otlp.logs');
    for (const method of Object.values(METHODS)) {
      expect((await send(method, Buffer.alloc(0))).code).toBe(status.OK);
    }
    expect(fixture.batches).toHaveLength(1);
  });

  it('says in partial_success what it refused, and lands the rest', async () => {
    const answer = await send(METHODS.traces, tracesOf('eee19b7ec3c1b174', '0000000000000000'));
    const decoded = ExportResponse.toObject(ExportResponse.decode(answer.response as Buffer), {
      longs: Number,
    });
    expect(decoded['partialSuccess']).toMatchObject({
      rejected: 1,
      errorMessage: expect.stringContaining('spans[1].spanId'),
    });
    expect(fixture.batches[0]?.events).toHaveLength(1);
  });

  it.each([
    ['nobody', GOOD, '', status.UNAUTHENTICATED],
    ['an unknown token', GOOD, 'bad', status.UNAUTHENTICATED],
    ['another role', GOOD, 'viewer', status.PERMISSION_DENIED],
    ['undecodable bytes', Buffer.from([0x0a, 0xff, 1]), 'good', status.INVALID_ARGUMENT],
    ['too large a message', Buffer.alloc(2 * MIB + 1), 'good', status.RESOURCE_EXHAUSTED],
  ])('refuses %s for good', async (_case, body, token, code) => {
    const answer = await send(METHODS.traces, body, { token });
    expect(answer.code).toBe(code);
    expect(answer.status?.hasRetryInfo ?? false).toBe(false);
    expect(fixture.batches).toHaveLength(0);
  });

  it('refuses a message that decompresses to more than the limit', async () => {
    const answer = await send(METHODS.traces, Buffer.alloc(2 * MIB + 1), { gzip: true });
    expect([answer.code, answer.status]).toEqual([status.RESOURCE_EXHAUSTED, null]);
  });

  it('knows no other method', async () => {
    const profiles = '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export';
    expect((await send(profiles, GOOD)).code).toBe(status.UNIMPLEMENTED);
  });

  it('asks to come back when a queue is full or the ledger cannot be written', async () => {
    fixture.overloaded = true;
    const early = await send(METHODS.traces, GOOD);
    fixture.overloaded = false;
    fixture.failure = new TripcoilError('storage_unavailable', 'disk', { retryable: true });
    const late = await send(METHODS.traces, GOOD);
    fixture.failure = new TripcoilError('overloaded', 'full', { retryable: true });
    const full = await send(METHODS.traces, GOOD);
    for (const [answer, code] of [
      [early, status.RESOURCE_EXHAUSTED],
      [late, status.UNAVAILABLE],
      [full, status.UNAVAILABLE],
    ] as const) {
      expect(answer.code).toBe(code);
      expect(answer.status).toEqual({ code, hasRetryInfo: true });
    }
    expect(fixture.counts.get('tripcoil_ingest_rejects_total otlp.traces over_share')).toBe(1);
  });

  it('says nothing of a fault of its own', async () => {
    fixture.failure = new Error('secret detail');
    const answer = await send(METHODS.traces, GOOD);
    expect(answer.code).toBe(status.INTERNAL);
    expect(answer.details).not.toContain('secret');
  });
});

describe('messages that do not arrive', () => {
  /** Opens a call by hand and sends `sent` of its message. */
  const open = (session: ReturnType<typeof connect>, sent: Buffer) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': METHODS.traces,
      'content-type': 'application/grpc',
      authorization: 'Bearer good',
      te: 'trailers',
    });
    stream.write(sent);
    return stream;
  };
  const header = Buffer.from([0, 0, 1, 0, 0]);

  it('hold no more than their share, and go after their time', async () => {
    const session = connect(`http://127.0.0.1:${port}`);
    const streams = Array.from({ length: LIMITS.grpcReadingPerSender }, () =>
      open(session, header),
    );
    await expect.poll(() => clock.sleeping).toBe(LIMITS.grpcReadingPerSender);
    expect((await send(METHODS.traces, GOOD)).code).toBe(status.RESOURCE_EXHAUSTED);
    const ended = streams.map(
      (stream) => new Promise((resolve) => stream.once('close', resolve).resume()),
    );
    await clock.advance(LIMITS.grpcReadMs + 1);
    for (const stream of streams) stream.close();
    await Promise.all(ended);
    expect((await send(METHODS.traces, GOOD)).code).toBe(status.OK);
    session.destroy();
  });

  it('give their place back when their sender goes away', async () => {
    const session = connect(`http://127.0.0.1:${port}`);
    for (let index = 0; index < LIMITS.grpcReadingPerSender; index++) open(session, header);
    await expect.poll(() => clock.sleeping).toBe(LIMITS.grpcReadingPerSender);
    session.destroy();
    await expect.poll(() => clock.sleeping).toBe(0);
    expect((await send(METHODS.traces, GOOD)).code).toBe(status.OK);
  });

  it('are refused when their gzip is broken', async () => {
    const session = connect(`http://127.0.0.1:${port}`);
    const broken = gzipSync(GOOD).subarray(0, -12);
    const length = Buffer.alloc(5);
    length.writeUInt8(1, 0);
    length.writeUInt32BE(broken.length, 1);
    const stream = session.request({
      ':method': 'POST',
      ':path': METHODS.traces,
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      authorization: 'Bearer good',
      te: 'trailers',
    });
    const trailers = new Promise<Record<string, unknown>>((resolve) => {
      stream.once('trailers', resolve).once('response', (headers) => {
        if (headers['grpc-status'] !== undefined) resolve(headers);
      });
    });
    stream.end(Buffer.concat([length, broken]));
    stream.resume();
    // grpc-js decides this by itself; it is not among the codes that a client retries.
    expect(Number((await trailers)['grpc-status'])).toBe(status.INTERNAL);
    session.destroy();
    expect(fixture.batches).toHaveLength(0);
  });
});

describe('shutting down', () => {
  it('lets the call under way end', async () => {
    let durable = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      const { ingest } = fixture.options;
      const { submit } = ingest;
      Object.assign(ingest, {
        submit: async (batch: Parameters<typeof submit>[0]) => {
          resolve();
          await new Promise<void>((done) => {
            durable = done;
          });
          return submit(batch);
        },
      });
    });
    const answer = send(METHODS.traces, GOOD);
    await arrived;
    const closing = receiver.close();
    durable();
    expect((await answer).code).toBe(status.OK);
    await closing;
    expect((await send(METHODS.traces, GOOD)).code).toBe(status.UNAVAILABLE);
  });
});
