import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { connect } from 'node:tls';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OwnDaemon, startOwnDaemon } from './canary-in-process.ts';
import { canMakeCertificates, type MadeCertificate, makeCertificate } from './certificates.ts';
import { createWorkplace, tripcoil, type Workplace } from './served-daemon.ts';

const isPossible = await canMakeCertificates();

describe.skipIf(!isPossible)('listeners with certificates', () => {
  let workplace: Workplace;
  let server: MadeCertificate;
  let client: MadeCertificate;
  let own: OwnDaemon;

  beforeAll(async () => {
    workplace = await createWorkplace();
    server = await makeCertificate(workplace.directory, 'server');
    client = await makeCertificate(workplace.directory, 'client');
    const files = 'certificate_file: server.pem, key_file: server.key';
    const [anybody, known] = [`{ ${files} }`, `{ ${files}, client_ca_file: client.pem }`];
    const config =
      `listen: { port: 0, tls: ${anybody} }\notlp: { port: 0, tls: ${known} }\n` +
      `otlp_grpc: { port: 0, tls: ${anybody} }\nstore: { kind: memory }\n` +
      `data_directory: ./data\nrevocation:\n  gateway:\n` +
      `    ext_authz_grpc: { port: 0, tls: ${known} }\n`;
    await writeFile(workplace.configFile, config);
    own = await startOwnDaemon(workplace);
  });

  afterAll(async () => {
    await own.daemon.close();
    await workplace.remove();
  });

  /** The status of an answer. */
  async function get(url: string, options: RequestOptions): Promise<number> {
    const asked = request(url, { ...options, agent: false }).end();
    const [response] = await once(asked, 'response');
    response.resume();
    return response.statusCode;
  }

  /** What a call without a credential comes to. */
  function codeOf(port: number, path: string, own?: MadeCertificate): Promise<number> {
    const mutual = [server.cert, own?.key ?? null, own?.cert ?? null] as const;
    const caller = new Client(`127.0.0.1:${port}`, credentials.createSsl(...mutual));
    const bytes = (message: Buffer): Buffer => message;
    const options = { deadline: Date.now() + 20_000 };
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null) => {
        caller.close();
        resolve(error?.code ?? status.OK);
      };
      caller.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), options, answered);
    });
  }

  it('are told of as https, and answer who trusts them and nobody else', async () => {
    const { main, otlp, otlpGrpc } = own.daemon.urls;
    for (const url of [main, otlp, otlpGrpc]) expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
    const health = `${main}/healthz`;
    expect(await get(health, { ca: server.cert })).toBe(200);
    await expect(get(health, {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await expect(fetch(health.replace('https', 'http'))).rejects.toThrow();
  });

  it('speak TLS 1.3 by choice, 1.2 where asked, and nothing older', async () => {
    const port = Number(new URL(own.daemon.urls.main).port);
    const protocolOf = async (maxVersion?: 'TLSv1.1' | 'TLSv1.2') => {
      const older = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', maxVersion } as const;
      const socket = connect({
        ...{ port, host: '127.0.0.1', ca: server.cert },
        ...(maxVersion && older),
      });
      await once(socket, 'secureConnect');
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    expect([await protocolOf(), await protocolOf('TLSv1.2')]).toEqual(['TLSv1.3', 'TLSv1.2']);
    await expect(protocolOf('TLSv1.1')).rejects.toThrow();
  });

  it('let nobody in without a certificate where they name authorities', async () => {
    const { otlp } = own.daemon.urls;
    await expect(get(otlp, { ca: server.cert })).rejects.toThrow();
    const { cert, key } = client;
    expect(await get(otlp, { ca: server.cert, cert, key })).toBe(404);
    // Not signed by an authority of theirs.
    const foreign = { cert: server.cert, key: server.key };
    await expect(get(otlp, { ca: server.cert, ...foreign })).rejects.toThrow();
  });

  it('serve gRPC the same way', async () => {
    const traces = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const port = Number(new URL(own.daemon.urls.otlpGrpc).port);
    expect(await codeOf(port, traces)).toBe(status.UNAUTHENTICATED);
    const line = own.logged.find((each) => each.includes('ext_authz listens')) ?? '{}';
    const gateway = (JSON.parse(line) as { readonly port: number }).port;
    const check = '/envoy.service.auth.v3.Authorization/Check';
    expect(await codeOf(gateway, check, client)).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(gateway, check)).toBe(status.UNAVAILABLE);
  });

  it('are reached by the command line that trusts their authority', async () => {
    const words = ['--server', own.daemon.urls.main, '--token', own.token('local-operator')];
    process.env['NODE_EXTRA_CA_CERTS'] = server.certificateFile;
    const trusting = await tripcoil('breakers', 'list', ...words, '-o', 'json');
    delete process.env['NODE_EXTRA_CA_CERTS'];
    expect([trusting.code, trusting.stdout.trim()]).toEqual([0, '[]']);
  });
});
