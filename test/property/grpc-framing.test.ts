import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { encode, TraceRequest } from '../../bench/decode-oracle.ts';
import { createRandom } from '../../src/demo/random.ts';
import { createOtlpGrpcReceiver } from '../../src/receivers/otlp/grpc/server.ts';
import { OtlpIntake } from '../../src/receivers/otlp/intake.ts';
import { createFixture } from '../../src/receivers/testing/receiver-fixture.ts';
import { FakeClock } from '../../src/runtime/testing/fake-clock.ts';
import { mutate } from './mutation.ts';

const CALLS = 1_500;
const MESSAGE_BYTES = 100_000;
const PATH = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
/** What a sender may be told of a message that is not right. */
const ANSWERS = [
  ...[status.OK, status.CANCELLED, status.INVALID_ARGUMENT, status.RESOURCE_EXHAUSTED],
  ...[status.UNIMPLEMENTED, status.INTERNAL],
];

const span = {
  traceId: Buffer.alloc(16, 7),
  spanId: Buffer.alloc(8, 8),
  name: 'execute_tool x',
  startTimeUnixNano: '1795251600000000000',
  attributes: ['gen_ai.agent.id', 'gen_ai.tool.name'].map((key) => ({
    key,
    value: { stringValue: 'x' },
  })),
};
const good = Buffer.from(
  encode(TraceRequest, { resourceSpans: [{ scopeSpans: [{ spans: [span, span] }] }] }),
);

/** Length-prefixed-message of the gRPC wire format: a flag, four bytes of length, the message. */
function framed(message: Buffer, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Sends the bytes as one call; resolves with its status, or null where the stream was reset. */
async function call(session: ClientHttp2Session, bytes: Buffer): Promise<number | null> {
  const stream = session.request({
    ':method': 'POST',
    ':path': PATH,
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
    authorization: 'Bearer good',
    te: 'trailers',
  });
  let told: number | null = null;
  const tell = (headers: Readonly<Record<string, unknown>>): void => {
    const code = headers['grpc-status'];
    if (code !== undefined) told = Number(code);
  };
  stream
    .on('response', tell)
    .on('trailers', tell)
    .on('error', () => {});
  const closed = once(stream, 'close');
  stream.end(bytes);
  stream.resume();
  await closed;
  return told;
}

it('no framing of gRPC messages crashes the receiver, and good calls go on', async () => {
  const fixture = await createFixture();
  const intake = new OtlpIntake(fixture.options);
  const clock = new FakeClock(0);
  const receiving = { ...fixture.options, clock, intake, messageBytes: MESSAGE_BYTES };
  const receiver = createOtlpGrpcReceiver(receiving);
  const port = await receiver.listen('127.0.0.1', 0);
  const session = connect(`http://127.0.0.1:${port}`);
  const bomb = framed(gzipSync(Buffer.alloc(100 * MESSAGE_BYTES)), 1);
  const seeds = [
    framed(good),
    framed(gzipSync(good), 1),
    bomb,
    Buffer.concat([framed(good), bomb]),
  ];
  const random = createRandom(41);
  try {
    for (let index = 0; index < CALLS; index += 1) {
      const bytes = mutate(random.pick(seeds), random);
      const code = await call(session, bytes);
      if (code !== null) expect(ANSWERS, bytes.toString('hex').slice(0, 200)).toContain(code);
    }
    expect(await call(session, bomb)).toBe(status.RESOURCE_EXHAUSTED);
    const before = fixture.batches.length;
    expect(await call(session, framed(good))).toBe(status.OK);
    expect(fixture.batches.length).toBe(before + 1);
  } finally {
    session.destroy();
    await receiver.close();
    await fixture.app.close();
  }
}, 60_000);
