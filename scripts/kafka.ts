import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A real Apache Kafka in KRaft mode, one node on free ports of this machine. */
export interface KafkaServer {
  /** `host:port` of the listener without credentials. */
  readonly plain: string;
  /** `host:port` of the listener with SASL (PLAIN, SCRAM-SHA-512) and no TLS. */
  readonly sasl: string;
  /** `host:port` of the listener with SASL over TLS. */
  readonly tls: string;
  /** Certificate of the TLS listener, PEM. */
  readonly certificate: string;
  /** Stops the broker as an operator does; its data stay. */
  stop(): Promise<void>;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data; resolves when it answers. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** The one user of the SASL listeners. */
export const KAFKA_USER = { username: 'tripcoil', password: 'kafka-test-password' } as const;

/** The release the tests run on, and the log4j it brings. */
const KAFKA_VERSION = '4.3.1';
const LOG4J_VERSION = '2.25.4';
const JAVA_AT_LEAST = 17;
const START_MS = 60_000;
const MAVEN_MS = 300_000;
const CACHE = join(
  dirname(import.meta.dirname),
  'node_modules/.cache/kafka',
  `kafka_2.13-${KAFKA_VERSION}`,
);

const run = promisify(execFile);

/** Why Kafka cannot run here, for a loud skip; null when it can. */
export async function whyNoKafka(): Promise<string | null> {
  const java = await run('java', ['-version']).catch(() => null);
  const version = Number(/version "(\d+)/.exec(java?.stderr ?? '')?.[1] ?? 0);
  if (version < JAVA_AT_LEAST) return `Java ${JAVA_AT_LEAST} or later is not installed`;
  if (existsSync(CACHE)) return null;
  const maven = await run('mvn', ['-version']).catch(() => null);
  return maven === null ? 'Maven is not installed' : null;
}

/** Starts a broker on data of its own, after fetching Kafka from Maven Central if need be. */
export async function startKafka(): Promise<KafkaServer> {
  const classPath = join(await kafkaJars(), '*');
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-kafka-'));
  const [plain = 0, sasl = 0, tls = 0, controller = 0] = await freePorts(4);
  const certificate = await makeCertificate(directory);
  const properties = join(directory, 'server.properties');
  await writeFile(properties, serverProperties(directory, { plain, sasl, tls, controller }));
  const { username, password } = KAFKA_USER;
  await run('java', [
    ...['-cp', classPath, 'kafka.tools.StorageTool', 'format', '--config', properties],
    ...['--cluster-id', 'dHJpcGNvaWwtdGVzdHMtMQ', '--add-scram'],
    `SCRAM-SHA-512=[name=${username},password=${password}]`,
  ]);
  let broker: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (broker === null || broker.exitCode !== null || broker.signalCode !== null) return;
    const exited = once(broker, 'exit');
    broker.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    broker = await startBroker(classPath, properties, `127.0.0.1:${plain}`);
  };
  await start();
  return {
    plain: `127.0.0.1:${plain}`,
    sasl: `127.0.0.1:${sasl}`,
    tls: `localhost:${tls}`,
    certificate,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    remove: async () => {
      await end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The folder with Kafka and all it depends on; fetched once per checkout. */
export async function kafkaJars(): Promise<string> {
  if (existsSync(CACHE)) return CACHE;
  const folder = `${CACHE}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  const pom = join(folder, 'pom.xml');
  const dependency = (group: string, artifact: string, version: string) =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
    `<version>${version}</version></dependency>`;
  await writeFile(
    pom,
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
      '<groupId>tripcoil</groupId><artifactId>kafka</artifactId><version>1</version>' +
      '<dependencies>' +
      dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION) +
      dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION) +
      '</dependencies></project>\n',
  );
  const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
  await run('mvn', ['-q', '-B', '-f', pom, ...copy, `-DoutputDirectory=${join(folder, 'jars')}`], {
    timeout: MAVEN_MS,
  });
  await rename(join(folder, 'jars'), CACHE).catch((error: NodeJS.ErrnoException) => {
    // Another run of the tests was faster.
    if (!existsSync(CACHE)) throw error;
  });
  await rm(folder, { recursive: true, force: true });
  return CACHE;
}

/** A key with a certificate for this machine, in the store that the TLS listener reads. */
async function makeCertificate(directory: string): Promise<string> {
  const store = join(directory, 'keystore.p12');
  const common = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', KAFKA_USER.password];
  const name = ['-alias', 'kafka'];
  await run('keytool', [
    ...['-genkeypair', ...name, ...common, '-keyalg', 'EC', '-groupname', 'secp256r1'],
    ...['-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-validity', '2'],
  ]);
  return (await run('keytool', ['-exportcert', '-rfc', ...name, ...common])).stdout;
}

interface Ports {
  readonly plain: number;
  readonly sasl: number;
  readonly tls: number;
  readonly controller: number;
}

function serverProperties(directory: string, ports: Ports): string {
  const { username, password } = KAFKA_USER;
  const plainLogin =
    'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
    `username="${username}" password="${password}" user_${username}="${password}";`;
  const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [
      `PLAIN://127.0.0.1:${ports.plain}`,
      `SASL://127.0.0.1:${ports.sasl}`,
      `TLS://localhost:${ports.tls}`,
      `CONTROLLER://127.0.0.1:${ports.controller}`,
    ].join(),
    'advertised.listeners': [
      `PLAIN://127.0.0.1:${ports.plain}`,
      `SASL://127.0.0.1:${ports.sasl}`,
      `TLS://localhost:${ports.tls}`,
    ].join(),
    'inter.broker.listener.name': 'PLAIN',
    'listener.security.protocol.map':
      'PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.sasl.plain.sasl.jaas.config': plainLogin,
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': scramLogin,
    'listener.name.tls.plain.sasl.jaas.config': plainLogin,
    'listener.name.tls.scram-sha-512.sasl.jaas.config': scramLogin,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': join(directory, 'keystore.p12'),
    'ssl.keystore.password': password,
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed may come back once it counts as gone.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 200,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** The process, once it answers a client. */
async function startBroker(
  classPath: string,
  properties: string,
  bootstrap: string,
): Promise<ChildProcess> {
  const broker = spawn(
    'java',
    [
      ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-cp', classPath, 'kafka.Kafka', properties],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const killed = (): void => void broker.kill('SIGKILL');
  process.once('exit', killed);
  broker.once('exit', () => process.off('exit', killed));
  const said: string[] = [];
  for (const stream of [broker.stdout, broker.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said.push(String(chunk));
      if (said.length > 100) said.shift();
    });
  }
  const deadline = performance.now() + START_MS;
  while (!(await answers(bootstrap))) {
    if (broker.exitCode !== null || performance.now() > deadline) {
      broker.kill('SIGKILL');
      throw new Error(`Kafka did not start:\n${said.join('')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return broker;
}

async function answers(bootstrap: string): Promise<boolean> {
  const { Kafka, logLevel } = await import('kafkajs');
  const client = new Kafka({
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

/** Held together until all are known, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, 'close');
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

if (import.meta.main) {
  const why = await whyNoKafka();
  if (why !== null) {
    console.error(`no Kafka here: ${why}`);
    process.exit(1);
  }
  const kafka = await startKafka();
  console.log(kafka.plain);
  const stop = async (): Promise<void> => {
    await kafka.stop();
    await kafka.remove();
    process.exit(0);
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
}
