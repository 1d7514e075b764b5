import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problems.ts';
import { ROOT } from './source-tree.ts';

/** The part of the Compose Specification that we use; anything else is a typing error. */
const service = z
  .strictObject({
    build: z.literal('.').optional(),
    image: z.string().regex(/^[\w./-]+:(?!latest$)[\w.-]+$/),
    profiles: z.array(z.string()).optional(),
    entrypoint: z.array(z.string()).optional(),
    command: z.array(z.string()).optional(),
    environment: z.record(z.string().regex(/^[A-Z_]+$/), z.string()).optional(),
    ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)).default([]),
    volumes: z.array(z.string().regex(/^(\.\/[\w./-]+:\/[\w./-]+:ro|\w+:\/\w+)$/)).default([]),
    secrets: z.array(z.string()).optional(),
    tmpfs: z.array(z.string()).optional(),
    read_only: z.boolean().optional(),
    cap_drop: z.array(z.literal('ALL')).optional(),
    security_opt: z.array(z.literal('no-new-privileges:true')).optional(),
    healthcheck: z.strictObject({ disable: z.literal(true) }).optional(),
    depends_on: z
      .record(
        z.string(),
        z.strictObject({ condition: z.enum(['service_healthy', 'service_started']) }),
      )
      .optional(),
    restart: z.literal('unless-stopped'),
  })
  .readonly();
const composeFile = z.strictObject({
  name: z.literal('tripcoil'),
  services: z.record(z.string(), service),
  secrets: z.record(z.string(), z.strictObject({ environment: z.string() })),
  volumes: z.record(z.string(), z.strictObject({})),
});

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const compose = composeFile.parse(parse(read('docker-compose.yml')));
const { services } = compose;
const dockerfile = read('Dockerfile');
const daemon = services['tripcoil']!;

const required = (service: (typeof services)[string]) =>
  Object.keys(service.environment ?? {}).filter((name) => name.endsWith('_TOKEN'));
const env = Object.fromEntries(required(daemon).map((name) => [name, `${name}-0123456789abcdef`]));
const loaded = loadConfig({
  file: 'deploy/tripcoil.yaml',
  env,
  readFile: (path) => read(path),
});
if ('problems' in loaded) {
  throw new Error(loaded.problems.map((one) => formatProblem(one, 'tripcoil.yaml')).join('\n'));
}
const { config } = loaded;

const containerPorts = (name: string) =>
  (services[name]?.ports ?? []).map((port) => Number(port.split(':')[2]));

describe('docker-compose.yml', () => {
  it('mounts files that are there, names volumes, secrets and services that are declared', () => {
    for (const each of Object.values(services)) {
      for (const volume of each.volumes) {
        const [from = ''] = volume.split(':');
        const there = from.startsWith('./')
          ? existsSync(join(ROOT, from))
          : from in compose.volumes;
        expect.soft(there, volume).toBe(true);
      }
      for (const secret of each.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
      for (const other of Object.keys(each.depends_on ?? {})) {
        expect(services).toHaveProperty(other);
      }
    }
  });

  it('publishes no host port twice', () => {
    const hosts = Object.values(services).flatMap((each) =>
      each.ports.map((port) => port.split(':')[1]),
    );
    expect(new Set(hosts).size).toBe(hosts.length);
  });

  it('publishes the ports that the daemon listens on, and hands it every token it asks for', () => {
    const ports = [config.listen.port, config.otlp.port, config.otlpGrpc.port];
    expect(containerPorts('tripcoil')).toEqual(ports);
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${ports.join(' ')}$`, 'm'));
    expect(config.tokens.map((token) => token.roles[0]).sort()).toEqual([
      'broker',
      'ingest',
      'operator',
      'viewer',
    ]);
    expect(config.tokens).toHaveLength(required(daemon).length);
    expect(daemon.volumes).toContain(`data:${config.dataDirectory}`);
  });

  it('runs the daemon without rights it does not need', () => {
    expect(daemon).toMatchObject({ read_only: true, cap_drop: ['ALL'], tmpfs: ['/tmp'] });
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^VOLUME \/data$/m);
    expect(dockerfile).toContain('HEALTHCHECK');
    expect(dockerfile).toContain(`http://127.0.0.1:${config.listen.port}/readyz`);
    for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
      expect(image).toBe('node:24-slim');
  });

  it('starts what the package calls its command', () => {
    const { bin, name, scripts } = JSON.parse(read('package.json'));
    const options = scripts.tripcoil.split(' ').slice(1, -1);
    const entry = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]';
    expect(JSON.parse(entry)).toEqual(['node', ...options, `node_modules/${name}/${bin.tripcoil}`]);
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(dockerfile)?.[1] ?? '[]');
    expect(command).toEqual(['serve', '--config', '/etc/tripcoil/tripcoil.yaml']);
    expect(daemon.volumes).toContain(`./deploy/tripcoil.yaml:${command[2]}:ro`);
  });

  it('lets the Collector send to the daemon with the ingest token', () => {
    const collector = parse(read('deploy/otel-collector.yaml'));
    expect(collector.exporters.otlphttp.endpoint).toBe(`http://tripcoil:${config.otlp.port}`);
    const authorization = collector.exporters.otlphttp.headers.Authorization;
    const [, variable = ''] = /^Bearer \$\{env:(\w+)\}$/.exec(authorization) ?? [];
    expect(required(services['otel-collector']!)).toEqual([variable]);
    expect(env).toHaveProperty(variable);
    const [, port] = collector.receivers.otlp.protocols.http.endpoint.split(':');
    expect(containerPorts('otel-collector')).toEqual([Number(port)]);
    for (const pipeline of Object.values<Record<string, string[]>>(collector.service.pipelines)) {
      for (const [kind, names] of Object.entries(pipeline)) {
        for (const name of names) expect(collector[kind]).toHaveProperty(name);
      }
    }
  });

  it('reads from Kafka what the Collector writes to it, once both comments are lifted', () => {
    const [, block = ''] = /^# (kafka:\n(?:# .*\n)+)/m.exec(read('deploy/tripcoil.yaml')) ?? [];
    const text = `${read('deploy/tripcoil.yaml')}\n${block.replaceAll(/^# /gm, '')}`;
    const withKafka = loadConfig({ text, env, readFile: () => '' });
    if ('problems' in withKafka) throw new Error(JSON.stringify(withKafka.problems));
    const [, exporter = ''] =
      /^ {2}# (kafka:\n(?: {2}# .*\n)+)/m.exec(read('deploy/otel-collector.yaml')) ?? [];
    const { kafka } = parse(exporter.replaceAll(/^ {2}# /gm, ''));
    for (const { brokers, topic, format, signal } of withKafka.config.kafka.sources) {
      expect(brokers).toEqual(kafka.brokers);
      expect(kafka[signal ?? '']).toEqual({ topic, encoding: format });
    }
    expect(withKafka.config.kafka.sources).toHaveLength(2);
    expect(kafka.brokers).toEqual([
      services['kafka']?.environment?.['KAFKA_ADVERTISED_LISTENERS']?.replace('PLAINTEXT://', ''),
    ]);
  });

  it('runs the example broker against the main port', () => {
    const broker = services['demo-broker']!;
    const source = read('examples/broker.mjs');
    expect(broker.environment?.['TRIPCOIL_URL']).toBe(`http://tripcoil:${config.listen.port}`);
    for (const name of Object.keys(broker.environment ?? {})) {
      expect(source).toContain(`process.env.${name}`);
    }
    expect(containerPorts('demo-broker')).toEqual([Number(/listen\((\d+)\)/.exec(source)?.[1])]);
    expect(dockerfile).toContain(`COPY examples/broker.mjs ./${broker.entrypoint?.[1]}`);
    expect(
      source
        .trim()
        .split('\n')
        .filter((line) => line !== '').length,
    ).toBeLessThanOrEqual(12);
  });

  it('lets Prometheus read the metrics and Grafana read Prometheus', () => {
    const prometheus = parse(read('deploy/prometheus.yaml'));
    const [job] = prometheus.scrape_configs;
    expect(job.static_configs[0].targets).toEqual([`tripcoil:${config.listen.port}`]);
    const [secret = ''] = services['prometheus']?.secrets ?? [];
    expect(job.authorization.credentials_file).toBe(`/run/secrets/${secret}`);
    expect(env).toHaveProperty(compose.secrets[secret]?.environment ?? '');
    const sources = parse(read('deploy/grafana/provisioning/datasources/tripcoil.yaml'));
    expect(sources.datasources[0].url).toBe('http://prometheus:9090');
    const provider = parse(read('deploy/grafana/provisioning/dashboards/tripcoil.yaml'));
    const mounts = services['grafana']?.volumes ?? [];
    expect(mounts).toContain(`./dashboards/grafana:${provider.providers[0].options.path}:ro`);
  });
});
