import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { MemoryCluster, memoryBus } from '../../src/bus/testing/memory-bus.ts';
import { readConfig } from '../../src/cli/configuration.ts';
import { kafkaDecoder } from '../../src/composition/kafka-decoders.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import type { Principal } from '../../src/ports/ingest.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { AUDIT_FORMATS } from '../../src/receivers/audit/formats.ts';
import { type KafkaSource, startKafkaSource } from '../../src/receivers/kafka/source.ts';
import { compileTable } from '../../src/receivers/otlp/attribute-table.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { Workplace } from './served-daemon.ts';

/** The daemon in this very process, so that faults can be put into it. */
export interface OwnDaemon {
  readonly daemon: Daemon;
  /** Everything it logged, down to `debug`. */
  readonly logged: readonly string[];
  readonly log: ReturnType<typeof createLog>;
  token(name: string): string;
}

export async function startOwnDaemon(workplace: Workplace): Promise<OwnDaemon> {
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const log = createLog({ level: 'debug', destination });
  const daemon = await startDaemon({
    config: await readConfig(workplace.configFile),
    ...{ grants: new Map(), initialPosture: 'shadow', clock: WALL_CLOCK, log },
    webDirectory: join(workplace.directory, 'no-interface'),
  });
  const token = (name: string): string => {
    const file = daemon.credentials.find((each) => each.name === name)?.path ?? '';
    return readFileSync(file, 'utf8').trim();
  };
  return { daemon, logged, log, token };
}

const SENDER: Principal = {
  ...{ name: 'topics', roles: ['ingest'], tenants: ['acme'], trust: 'broker' },
};
const DEAD = 'dead-letters';

/** Topics in memory, one for each format, read into the daemon as those of Kafka are. */
export class Topics {
  readonly #cluster = new MemoryCluster(WALL_CLOCK);
  readonly #sources: KafkaSource[] = [];
  #sent = 0;

  constructor({ daemon, log }: OwnDaemon) {
    this.#cluster.createTopic(DEAD, 1);
    const forms = [...AUDIT_FORMATS.keys()].map((name) => [`audit:${name}`, null] as const);
    const others = [
      ...[['native', null] as const, ['cloudevents', null] as const],
      ...(['otlp_proto', 'otlp_json'] as const).flatMap((format) => [
        [format, 'traces'] as const,
        [format, 'logs'] as const,
      ]),
    ];
    for (const [format, signal] of [...forms, ...others]) {
      const topic = topicOf(format, signal);
      const table = compileTable();
      const decoding = { format, signal, sender: SENDER, formats: AUDIT_FORMATS, table };
      const decoder = kafkaDecoder(decoding);
      if (decoder === null) throw new Error(`no decoder for ${topic}`);
      this.#cluster.createTopic(topic, 1);
      const source = startKafkaSource({
        ...{ sender: SENDER, topic, group: topic, fromBeginning: true, deadLetterTopic: DEAD },
        ...{ format: decoder.source, decode: decoder.decode, bus: memoryBus(this.#cluster) },
        ...{ ingest: daemon.host.ingest, clock: WALL_CLOCK, log, metrics: SILENT_METRICS },
        fingerprint: (bytes) => createHash('sha256').update('a key').update(bytes).digest('hex'),
      });
      this.#sources.push(source);
    }
  }

  /** One record; its key and one of its headers are `around`. */
  async send(
    [format, signal]: readonly [string, 'traces' | 'logs' | null],
    value: string | Uint8Array,
    around: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const topic = topicOf(format, signal);
    this.#sent += 1;
    await memoryBus(this.#cluster).produce([
      { topic, key: around, value, headers: { [around]: around, ...headers } },
    ]);
  }

  /** Whether everything that was sent was read. */
  areRead(): boolean {
    const read = this.#sources.map(({ topic }) => this.#cluster.group(topic).position(topic, 0, 0));
    return read.reduce((sum, { committed }) => sum + committed, 0) >= this.#sent;
  }

  deadLetters(): readonly string[] {
    const letters = this.#cluster.partitions(DEAD)[0] ?? [];
    return letters.map(({ key, value, headers }) =>
      [key, value, ...[...headers].flat()].map((part) => Buffer.from(part ?? []).toString()).join(),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.close()));
  }
}

function topicOf(format: string, signal: string | null): string {
  return `${format.replaceAll(':', '-')}-${signal ?? 'records'}`;
}

const Export = makeGenericClientConstructor({}, 'Export');

/** Calls of OTLP over gRPC; answers are given as text, whatever they say. */
export class GrpcCaller {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = new Export(new URL(url).host, credentials.createInsecure());
  }

  export(signal: 'trace' | 'logs', body: Uint8Array, token: string): Promise<string> {
    const service = signal === 'trace' ? 'TraceService' : 'LogsService';
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const same = (message: Buffer): Buffer => message;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest<Buffer, Buffer>(
        `/opentelemetry.proto.collector.${signal}.v1.${service}/Export`,
        ...[same, same, Buffer.from(body), metadata],
        (error: ServiceError | null, response?: Buffer) => {
          const details = error?.metadata.get('grpc-status-details-bin') ?? [];
          resolve([error?.code ?? 0, error?.details, response, ...details].join(' '));
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}
