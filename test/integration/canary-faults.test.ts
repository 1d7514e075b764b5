import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encode, LogsRequest, TraceRequest } from '../../bench/decode-oracle.ts';
import { GrpcCaller, type OwnDaemon, startOwnDaemon, Topics } from './canary-in-process.ts';
import { recordsFullOf } from './canary-records.ts';
import { binary, searchFiles, searchSinks, summaryOf } from './canary-search.ts';
import { badEventsFullOf, eventFullOf, logsFullOf, tracesFullOf } from './canary-traffic.ts';
import { type Asked, ask, type Sink, startSink, sumOf } from './http.ts';
import { KINDS, type Kind, Planter, Searcher } from './planted-values.ts';
import {
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

/** While on, the scanner throws at every text, and says which. */
const scanner = vi.hoisted(() => ({ isBroken: false, faults: 0 }));
vi.mock(import('../../src/redact/scanner.ts'), async (original) => {
  const real = await original();
  const scanText: typeof real.scanText = (text, ...more) => {
    if (!scanner.isBroken) return real.scanText(text, ...more);
    scanner.faults += 1;
    throw new Error(`cannot scan ${text}`);
  };
  return { ...real, scanText };
});

const BROKER = 'canary-broker-token-9876543210';
const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const SEED = Number(process.env['TRIPCOIL_SEED'] ?? 11);

const planter = new Planter(SEED);
/** Everything that was answered or printed, by where. */
const heard: { readonly where: string; readonly text: string }[] = [];
/** Of the daemon in this process, whose store may outlive it for a while. */
let ownWorkplace: Workplace;
let workplace: Workplace;
let reports: string;
let webhook: Sink;
let downstream: Sink;
let main = '';

beforeAll(async () => {
  webhook = await startSink();
  downstream = await startSink();
  const settings = `log: { level: debug }
tokens:
  - { name: broker, token: ${BROKER}, roles: [ingest, broker], tenants: [acme], trust: broker }
alerts: { webhook: { url: "${webhook.url}/alerts" } }
telemetry: { forward: { endpoint: "${downstream.url}/v1/traces" } }
`;
  ownWorkplace = await createWorkplace(settings, 'auto');
  workplace = await createWorkplace(settings);
  reports = join(workplace.directory, 'reports');
  await mkdir(reports);
});

afterAll(async () => {
  webhook?.close();
  downstream?.close();
  await workplace?.remove();
  await ownWorkplace?.remove();
});

async function tell(path: string, asked: Asked = {}) {
  const answer = await ask(`${main}${path}`, { token: BROKER, headers: JSON_TYPE, ...asked });
  const headers = JSON.stringify([...answer.headers]);
  heard.push({ where: `answer to ${path.slice(0, 60)}`, text: `${headers}\n${answer.text}` });
  return answer;
}

const linesOf = (records: readonly unknown[]): string =>
  records.map((record) => JSON.stringify(record)).join('\n');

/** One line, as headers and lines of text must be. */
const inLine = (kind: Kind, place: string): string =>
  planter.plant(kind, place).replaceAll('\n', ' ');

describe('values planted in what a daemon receives while it fails', () => {
  let own: OwnDaemon;
  let topics: Topics;
  let grpc: GrpcCaller;

  beforeAll(async () => {
    own = await startOwnDaemon(ownWorkplace);
    main = own.daemon.urls.main;
    topics = new Topics(own);
    grpc = new GrpcCaller(own.daemon.urls.otlpGrpc);
  });

  afterAll(async () => {
    scanner.isBroken = false;
    grpc?.close();
    await topics?.close();
    await own?.daemon.close();
    heard.push({ where: 'log of the first process', text: own?.logged.join('') ?? '' });
    heard.push({ where: 'dead letters', text: topics?.deadLetters().join('\n') ?? '' });
  });

  it('records of every audit format, over HTTP and from topics', async () => {
    for (const { format, good, bad } of recordsFullOf(planter)) {
      const sent = await tell(`/v1/audit/${format}`, { headers: NDJSON, body: linesOf(good) });
      expect([format, sent.status, JSON.parse(sent.text).accepted > 0]).toEqual([
        ...[format, 200, true],
      ]);
      if (bad.length > 0) {
        const refused = await tell(`/v1/audit/${format}`, { headers: NDJSON, body: linesOf(bad) });
        expect(refused.status).toBe(200);
        await tell('/v1/audit', { headers: NDJSON, body: linesOf(bad) });
      }
      const kind = KINDS[format.length % KINDS.length] ?? 'email';
      const around = planter.plant(kind, `${format} key and header of a topic`);
      const topic = [`audit:${format}`, null] as const;
      for (const record of [...good.slice(0, 2), ...bad]) {
        await topics.send(topic, JSON.stringify(record), around);
      }
      await topics.send(topic, `{"${inLine(kind, `${format} malformed record`)}`, around);
    }
  });

  it.each(KINDS)('CloudEvents in every mode with %s', async (kind) => {
    const p = (place: string) => planter.plant(kind, `CloudEvents ${place}`);
    const event = (mode: string) => ({
      ...{ specversion: '1.0', id: p(`${mode} id`), source: `/${p(`${mode} source`)}` },
      ...{ type: 'com.example.tool.called', subject: p(`${mode} subject`) },
      ...{
        time: new Date().toISOString(),
        authtype: 'user',
        authid: planter.plantIdentifier(kind, `${mode} authid`),
      },
      ...{ partitionkey: planter.plantIdentifier(kind, `${mode} agent`) },
      ...{ note: p(`${mode} extension`), dataschema: p(`${mode} dataschema`) },
      datacontenttype: 'application/json',
      data: { tool: p(`${mode} tool`), to: [p(`${mode} data`)], [p(`${mode} key`)]: 1 },
    });
    for (const [type, body] of [
      ['application/cloudevents+json', event('structured')],
      ['application/cloudevents-batch+json', [event('batch'), { ...event('bad'), time: p('t') }]],
    ] as const) {
      const headers = { 'content-type': type };
      await tell('/v1/cloudevents', { headers, body: JSON.stringify(body) });
    }
    const { data, datacontenttype, ...attributes } = event('binary');
    const plain = Object.entries(attributes);
    const percent = plain.map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]);
    const headers = { 'content-type': datacontenttype, ...Object.fromEntries(percent) };
    await tell('/v1/cloudevents', { headers, body: JSON.stringify(data) });
    await tell('/v1/cloudevents', { headers, body: `{"${inLine(kind, 'broken data')}` });
    const topic = ['cloudevents', null] as const;
    const ofKafka = Object.fromEntries(plain.map(([name, value]) => [`ce_${name}`, value]));
    const around = p('key');
    await topics.send(topic, JSON.stringify({ to: p('data of a topic') }), around, {
      ...{ ...ofKafka, 'content-type': 'application/json' },
    });
    await topics.send(topic, JSON.stringify(event('topic')), around);
  });

  it.each(KINDS)('OTLP over gRPC and from topics, and native events, with %s', async (kind) => {
    const [traces, logs] = [
      tracesFullOf(planter, kind, 'grpc span'),
      logsFullOf(planter, kind, 'grpc log'),
    ];
    const bodies = {
      trace: encode(TraceRequest, binary(traces)),
      logs: encode(LogsRequest, binary(logs)),
    };
    for (const signal of ['trace', 'logs'] as const) {
      for (const token of [BROKER, inLine(kind, 'gRPC token')]) {
        const text = await grpc.export(signal, bodies[signal], token);
        heard.push({ where: `gRPC answer to ${signal}`, text });
      }
      const broken = Buffer.from(planter.plant(kind, 'broken message'));
      heard.push({ where: 'gRPC answer', text: await grpc.export(signal, broken, BROKER) });
    }
    const around = planter.plant(kind, 'key of a topic');
    await topics.send(['otlp_proto', 'traces'], bodies.trace, around);
    await topics.send(['otlp_proto', 'logs'], bodies.logs, around);
    const ofTopic = tracesFullOf(planter, kind, 'topic span');
    await topics.send(['otlp_json', 'traces'], JSON.stringify(ofTopic), around);
    const logOfTopic = logsFullOf(planter, kind, 'topic log');
    await topics.send(['otlp_json', 'logs'], JSON.stringify(logOfTopic), around);
    for (const event of [eventFullOf(planter, kind), ...badEventsFullOf(planter, kind)]) {
      await topics.send(['native', null], JSON.stringify(event), around);
    }
  });

  it.each(KINDS)('records that a full queue turns away, with %s', async (kind) => {
    const { ingest } = own.daemon.host;
    const body = JSON.stringify([eventFullOf(planter, kind)]);
    const full = vi.spyOn(ingest, 'refusal').mockReturnValue('over_share');
    try {
      expect((await tell('/v1/events', { body })).status).toBe(429);
      expect((await tell('/v1/audit/native', { body })).status).toBe(429);
      const traces = tracesFullOf(planter, kind, 'refused span');
      expect((await tell('/v1/traces', { body: JSON.stringify(traces) })).status).toBe(429);
      const message = encode(TraceRequest, binary(traces));
      heard.push({ where: 'gRPC refusal', text: await grpc.export('trace', message, BROKER) });
    } finally {
      full.mockRestore();
    }
    const failing = vi.spyOn(ingest, 'submit').mockRejectedValue(new Error(`disk full: ${body}`));
    try {
      expect((await tell('/v1/events', { body })).status).toBe(500);
      expect((await tell('/v1/audit/native', { body })).status).toBe(500);
    } finally {
      failing.mockRestore();
    }
  });

  it.each(KINDS)('records that redaction fails on, with %s', async (kind) => {
    const deep = planter.plant(kind, 'too deep');
    let nested: unknown = deep;
    let text = deep;
    for (let depth = 0; depth < 60; depth++) nested = { in: [nested] };
    for (let depth = 0; depth < 8; depth++) text = JSON.stringify([text]);
    const wide = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, at) => [`k${at}`, [at % 50 ? at : deep]]),
    );
    const event = eventFullOf(planter, kind);
    const attrs = { nested, text, wide, long: `${'lorem ipsum '.repeat(30_000)}${deep}` };
    expect((await tell('/v1/events', { body: JSON.stringify([{ ...event, attrs }]) })).status).toBe(
      200,
    );
    const before = scanner.faults;
    scanner.isBroken = true;
    try {
      await tell('/v1/events', { body: JSON.stringify([eventFullOf(planter, kind)]) });
      const traces = tracesFullOf(planter, kind, 'unscanned span');
      await tell('/v1/traces', { body: JSON.stringify(traces) });
      await tell(`/v1/agents/${encodeURIComponent(planter.plant(kind, 'unscanned address'))}`);
    } finally {
      scanner.isBroken = false;
    }
    expect(scanner.faults).toBeGreaterThan(before);
  });

  it('everything is read and told of', async () => {
    await eventually(
      async () => topics.areRead(),
      (areRead) => areRead,
      60_000,
    );
    expect(topics.deadLetters().length).toBeGreaterThan(100);
    await readEverything(own.token('local-operator'));
  });
});

/** Waits for the store, then reads what there is to read, one page after the other. */
async function readEverything(operator: string): Promise<void> {
  const exposition = async () => (await tell('/metrics', { token: operator })).text;
  await eventually(
    async () => sumOf(await exposition(), 'tripcoil_store_projection_lag_entries'),
    (lag) => lag === 0,
    60_000,
  );
  for (const path of [
    ...['/v1/agents?limit=500', '/v1/findings?limit=500', '/v1/breakers?include=closed'],
    ...['/v1/pii/findings', '/v1/status', '/v1/ingest/status'],
  ]) {
    for (let next: string | null = path; next !== null; ) {
      const answer = await tell(next, { token: operator });
      expect([path, answer.status]).toEqual([path, 200]);
      const { next: cursor } = JSON.parse(answer.text) as { readonly next?: string | null };
      const joint = path.includes('?') ? '&' : '?';
      next = cursor ? `${path}${joint}cursor=${encodeURIComponent(cursor)}` : null;
    }
  }
  const found = JSON.parse((await tell('/v1/findings?limit=500', { token: operator })).text);
  const chains = new Set<string>(found.items.map(({ chain }: { chain: string }) => chain));
  for (const chain of [...chains].slice(0, 20)) {
    await tell(`/v1/chains/${encodeURIComponent(chain)}`, { token: operator });
  }
}

describe('values planted in what processes receive that are killed', () => {
  const REPORTS = ['--report-on-signal', '--report-signal=SIGUSR2', '--report-uncaught-exception'];
  const served: ServedDaemon[] = [];

  async function start(): Promise<ServedDaemon> {
    const daemon = await serve(workplace, [...REPORTS, `--report-directory=${reports}`]);
    served.push(daemon);
    main = daemon.main;
    return daemon;
  }

  afterAll(async () => {
    for (const daemon of served) {
      await daemon.stop();
      const text = [...daemon.said, ...daemon.printed].join('\n');
      heard.push({ where: 'standard output and error', text });
    }
  });

  it('before, amid and after the kill', async () => {
    const first = await start();
    for (const kind of KINDS) {
      await tell('/v1/events', { body: JSON.stringify([eventFullOf(planter, kind)]) });
    }
    const cut = KINDS.map((kind) => {
      const body = JSON.stringify(Array.from({ length: 3 }, () => eventFullOf(planter, kind)));
      return tell('/v1/events', { body }).catch(() => null);
    });
    await cut[0];
    first.process.kill('SIGUSR2');
    await first.kill();
    await Promise.all(cut);

    const second = await start();
    await Promise.all(
      KINDS.map(async (kind) => {
        const body = JSON.stringify(tracesFullOf(planter, kind, 'span after the restart'));
        expect((await tell('/v1/traces', { body })).status).toBe(200);
      }),
    );
    const operator = await second.token('local-operator');
    for (const path of ['/v1/findings?limit=500', '/v1/agents?limit=500', '/v1/pii/findings']) {
      expect((await tell(path, { token: operator })).status).toBe(200);
    }
    second.process.kill('SIGUSR2');
    await eventually(
      async () => second.said.join('\n'),
      (said) => said.includes('Node.js report completed'),
    );
    expect(await second.stop()).toBe(0);
  });

  it('by import, and by replay to a file', async () => {
    const events = KINDS.flatMap((kind) => [
      // Whoever imports is believed about tenants, and those are not hidden.
      ...[1, 2].map(() => ({ ...eventFullOf(planter, kind), tenant: 'acme' })),
      ...badEventsFullOf(planter, kind),
    ]);
    const lines = [linesOf(events), ...KINDS.map((kind) => `{"${inLine(kind, 'broken line')}`)];
    // Names of files are given on the command line, and stand in what it says; no value is one.
    const file = join(workplace.directory, 'history.ndjson');
    await writeFile(file, lines.join('\n'));
    const config = ['-c', workplace.configFile];
    const imported = await tripcoil('import', '--history', file, ...config, '--tenant', 'acme');
    expect(imported.code, imported.stderr).toBe(0);
    const out = join(reports, 'replayed.ndjson');
    const [replayed, verified] = await Promise.all([
      tripcoil('replay', file, ...config, '--tenant', 'acme', '--out', out),
      tripcoil('verify', join(workplace.directory, 'data')),
    ]);
    expect(verified.code, verified.stderr).toBe(0);
    for (const [name, { stdout, stderr }] of Object.entries({ imported, replayed, verified })) {
      heard.push({ where: `output of ${name}`, text: `${stdout}\n${stderr}` });
    }
  });
});

describe('the same values afterwards', () => {
  it('stand nowhere', async () => {
    const searcher = new Searcher(planter.planted);
    let files = 0;
    for (const { directory } of [ownWorkplace, workplace]) {
      files += await searchFiles(searcher, join(directory, 'data'));
    }
    const exported = await searchFiles(searcher, reports);
    for (const { where, text } of heard) searcher.search(where, text);
    searchSinks(searcher, { alert: webhook, 'forwarded trace': downstream });
    const values = planter.planted.length;
    console.info(
      `${values} values, ${searcher.bytes} bytes searched: ${files} files of data, ` +
        `${exported} reports and exports, ${heard.length} answers, ` +
        `${webhook.bodies.length} alerts, ${downstream.bodies.length} forwarded batches`,
    );
    expect(summaryOf(searcher.leaks)).toEqual([]);
    expect(values).toBeGreaterThan(10_000);
    expect(files).toBeGreaterThan(3);
    expect(exported).toBeGreaterThanOrEqual(2);
    expect(webhook.bodies.length).toBeGreaterThan(0);
    expect(downstream.bodies.length).toBeGreaterThan(0);
  });
});
