import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { afterEach, describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../../ports/log.ts';
import { AUTHENTICATOR } from '../testing/fakes.ts';
import { createExtAuthzServer, type ExtAuthzServer } from './ext-authz-server.ts';
import { gatewayDependencies, tokenWith } from './testing/gateway.ts';

/** The messages as the proto files of Envoy have them, as far as they matter; a foreign codec. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message HeaderValue { string key = 1; string value = 2; bytes raw_value = 3; }
  message HeaderValueOption { HeaderValue header = 1; }
  message HeaderMap { repeated HeaderValue headers = 1; }
  message HttpRequest {
    string id = 1; string method = 2; map<string, string> headers = 3; string path = 4;
    int64 size = 9; string body = 11; HeaderMap header_map = 13;
  }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Request { Timestamp time = 1; HttpRequest http = 2; }
  message Peer { string service = 2; string principal = 4; }
  message AttributeContext {
    Peer source = 1; Request request = 4; map<string, string> context_extensions = 10;
  }
  message CheckRequest { AttributeContext attributes = 1; }
  message Status { int32 code = 1; string message = 2; }
  message HttpStatus { int32 code = 1; }
  message Denied { HttpStatus status = 1; repeated HeaderValueOption headers = 2; string body = 3; }
  message Ok { repeated HeaderValueOption headers = 2;
    repeated HeaderValueOption response_headers_to_add = 6; }
  message CheckResponse { Status status = 1; oneof http_response {
    Denied denied_response = 2; Ok ok_response = 3; } }
`);
const Question = root.lookupType('CheckRequest');
const Answer = root.lookupType('CheckResponse');

interface Told {
  readonly status: { readonly code: number };
  readonly deniedResponse?: { readonly status: { readonly code: number }; readonly headers: Each };
  readonly okResponse?: { readonly responseHeadersToAdd: Each };
}
type Each = readonly { readonly header: { readonly key: string; readonly value: string } }[];

let server: ExtAuthzServer | undefined;
let client: Client | undefined;
afterEach(async () => {
  client?.close();
  await server?.close();
});

async function serve() {
  const dependencies = gatewayDependencies();
  server = createExtAuthzServer({
    ...{ ...dependencies, authenticator: AUTHENTICATOR, log: SILENT_LOG },
  });
  const port = await server.listen('127.0.0.1', 0);
  client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const send = (message: Buffer, token = 'broker-token'): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata();
      if (token !== '') metadata.set('authorization', `Bearer ${token}`);
      const bytes = (each: Buffer) => each;
      const path = '/envoy.service.auth.v3.Authorization/Check';
      const done = (error: ServiceError | null, answer?: Buffer) =>
        error === null ? resolve(answer as Buffer) : reject(error);
      client?.makeUnaryRequest(path, bytes, bytes, message, metadata, done);
    });
  const ask = async (
    http: Readonly<Record<string, unknown>>,
    contextExtensions = {},
  ): Promise<Told> => {
    const time = { seconds: 1_795_252_021, nanos: 5 };
    const message = Question.encode({
      attributes: {
        source: { service: 'cluster', principal: 'spiffe://x/y' },
        request: { time, http: { id: 'r-1', path: '/orders', size: -1, body: '', ...http } },
        contextExtensions,
      },
    }).finish();
    const answer = await send(Buffer.from(message));
    return Answer.toObject(Answer.decode(answer)) as Told;
  };
  return { ...dependencies, ask, send };
}

const AGENT = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' } as const;
const named = { 'x-tripcoil-agent': AGENT.id };

describe('envoy.service.auth.v3.Authorization/Check', () => {
  it('lets pass what nothing holds back, and says why to the caller', async () => {
    const { ask } = await serve();
    const { status, okResponse } = await ask({ method: 'GET', headers: named });
    expect(status.code ?? 0).toBe(0);
    const headers = okResponse?.responseHeadersToAdd.map(({ header }) => [
      header.key,
      header.value,
    ]);
    expect(headers).toEqual([
      ['x-tripcoil-level', '0'],
      ['x-tripcoil-reason', 'closed'],
    ]);
  });

  it.each([
    ['a header', { headers: named }, {}],
    [
      'a raw header',
      { headerMap: { headers: [{ key: 'X-Tripcoil-Agent', rawValue: Buffer.from(AGENT.id) }] } },
      {},
    ],
    [
      'the bearer token',
      { headers: { authorization: `Bearer ${tokenWith({ sub: AGENT.id })}` } },
      {},
    ],
    ['the route', { headers: { 'x-tripcoil-agent': 'other' } }, { agent: AGENT.id }],
  ])('denies a suspended agent named by %s', async (_name, http, context) => {
    const { view, ask } = await serve();
    view.trip(AGENT, 4);
    const { status, deniedResponse } = await ask({ method: 'GET', ...http }, context);
    expect([status.code, deniedResponse?.status.code]).toEqual([7, 403]);
    const headers = deniedResponse?.headers.map(({ header }) => [header.key, header.value]);
    expect(Object.fromEntries(headers ?? [])).toMatchObject({
      'x-tripcoil-level': '4',
      'x-tripcoil-reason': 'volume_spike',
    });
  });

  it('takes the method for a read or a write unless the route says what it is', async () => {
    const { view, ask } = await serve();
    view.trip(AGENT, 3);
    expect((await ask({ method: 'GET', headers: named })).okResponse).toBeDefined();
    expect((await ask({ method: 'POST', headers: named })).deniedResponse).toBeDefined();
    const read = await ask({ method: 'POST', headers: named }, { op: 'read' });
    expect(read.okResponse).toBeDefined();
  });

  it.each([
    ['no credential', '', '', 16],
    ['another tenant', 'broker-token', 'globex', 7],
  ])('ends the call with a status for %s', async (_name, token, tenant, code) => {
    const { send } = await serve();
    const message = Question.encode({
      attributes: { contextExtensions: tenant === '' ? {} : { tenant } },
    }).finish();
    await expect(send(Buffer.from(message), token)).rejects.toMatchObject({ code });
  });

  it.each([[[0x0a]], [[0x0a, 5, 1]], [[0x0b]], [[0x0a, 1, 0xff]], [[0xff, 0xff, 0xff]]])(
    'refuses %j, which is no message',
    async (bytes) => {
      const { send } = await serve();
      await expect(send(Buffer.from(bytes))).rejects.toMatchObject({ code: 3 });
    },
  );
});
