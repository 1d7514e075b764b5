import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  type Workplace,
} from '../integration/served-daemon.ts';
import { buildGo, chainOf, goIsHere, run } from './toolchain.ts';

describe.skipIf(!goIsHere())('a real OpenTelemetry Collector', () => {
  let workplace: Workplace;
  let daemon: ServedDaemon;
  let collector: ChildProcess;
  /** Receivers of the two pipelines: what comes in here goes out over HTTP, or gRPC. */
  let ports: Readonly<Record<'http' | 'grpc', number>>;
  const said: string[] = [];

  beforeAll(async () => {
    const binary = await buildGo('collector');
    workplace = await createWorkplace();
    daemon = await serve(workplace);
    ports = { http: await freePort(), grpc: await freePort() };
    const config = join(workplace.directory, 'collector.yaml');
    await writeFile(config, configOf(daemon, ports, await daemon.token('local-ingest')));
    collector = spawn(binary, ['--config', `file:${config}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    collector.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text));
    await eventually(
      async () => said.join(''),
      (text) => text.includes('Everything is ready'),
    );
  });

  afterAll(async () => {
    if (collector?.exitCode === null) {
      collector.kill('SIGTERM');
      await once(collector, 'exit');
    }
    await daemon?.stop();
    await workplace?.remove();
  });

  it.each(['http', 'grpc'] as const)('passes spans on over %s', async (protocol) => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports[protocol]}` };
    const application = ['test/integration/agent-application.ts', 'protobuf'];
    const traceId = (await run(process.execPath, application, { env })).trim();
    const chain = await chainOf(daemon, traceId);
    expect(chain.agents).toEqual(['sdk-agent']);
    expect(said.join('')).not.toMatch(/Exporting failed|not retryable/i);
  });
});

function configOf(
  daemon: ServedDaemon,
  ports: Readonly<Record<'http' | 'grpc', number>>,
  token: string,
): string {
  const receiver = (port: number) => ({ protocols: { http: { endpoint: `127.0.0.1:${port}` } } });
  const headers = { authorization: `Bearer ${token}` };
  const pipeline = (name: string, exporter: string) => ({
    receivers: [`otlp/${name}`],
    exporters: [exporter],
  });
  // JSON is YAML.
  return JSON.stringify({
    receivers: { 'otlp/http': receiver(ports.http), 'otlp/grpc': receiver(ports.grpc) },
    exporters: {
      otlphttp: { endpoint: daemon.otlp, headers },
      otlp: { endpoint: daemon.otlpGrpc.replace('http://', ''), headers, tls: { insecure: true } },
    },
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: {
        'traces/http': pipeline('http', 'otlphttp'),
        'traces/grpc': pipeline('grpc', 'otlp'),
        'logs/http': pipeline('http', 'otlphttp'),
        'metrics/grpc': pipeline('grpc', 'otlp'),
      },
    },
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
