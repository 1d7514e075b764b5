import * as z from 'zod';
import { TRUST_ORDER, type Trust } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { isLoopback, listOf, type Report, recordOf, repeated } from './checking.ts';
import type { Problem } from './problems.ts';
import type { Path } from './schema-path.ts';

/** How to reach one cluster, and as whom. */
export interface KafkaConnectionConfig {
  readonly brokers: readonly string[];
  /** PEM texts; null for a connection in clear. */
  readonly tls: {
    readonly ca: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
  } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

/** One topic to read, how to reach it, and whose events it holds. */
export interface KafkaSourceConfig extends KafkaConnectionConfig {
  /** Stands on every event as who delivered it. */
  readonly name: string;
  readonly topic: string;
  readonly format: string;
  readonly signal: 'traces' | 'logs' | 'metrics' | null;
  readonly tenants: readonly string[];
  readonly trust: Trust;
  readonly group: string;
  readonly fromBeginning: boolean;
  readonly deadLetterTopic: string | null;
}

const identifier = z.string().min(1).max(LIMITS.identifierChars);
export const TOPIC = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,249}$/)
  .meta({ title: 'the name of a Kafka topic' });
const broker = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/)
  .meta({ title: 'host:port' });
const file = z.string().min(1);

const FORMAT = /^(otlp_proto|otlp_json|native|cloudevents|audit:[a-z0-9._-]+)$/;

/** How one cluster is reached: the same keys for sources and sinks. */
export const KAFKA_CONNECTION_SCHEMA = {
  brokers: z
    .array(broker)
    .min(1)
    .max(LIMITS.kafkaBrokers)
    .describe('Some brokers of the cluster, each as host:port; the others are learned from them.'),
  tls: z
    .strictObject({
      ca_file: file.optional().describe('Authorities to trust, PEM. Default: the well-known.'),
      certificate_file: file.optional().describe('Certificate of this client, PEM.'),
      key_file: file.optional().describe('Key of that certificate, PEM.'),
    })
    .optional()
    .describe('Encrypts the connection; `tls: {}` trusts the well-known authorities.'),
  sasl: z
    .strictObject({
      mechanism: z
        .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
        .describe('How the password is proven; `plain` sends it and so needs `tls`.'),
      username: z.string().min(1).describe('The user.'),
      password: z
        .string()
        .min(1)
        .optional()
        .describe(`The password; better \${env:NAME} than in plain.`),
      password_file: file.optional().describe('A file that holds the password and nothing else.'),
    })
    .optional()
    .describe('The credential for the brokers.'),
};

/** One entry of `kafka.sources`, as written. */
export const KAFKA_SOURCE_SCHEMA = z.strictObject({
  name: identifier.describe('Names the source in logs and metrics and on every event delivered.'),
  brokers: KAFKA_CONNECTION_SCHEMA.brokers,
  topic: TOPIC.describe('The topic to read.'),
  format: z
    .string()
    .regex(FORMAT)
    .meta({ title: 'a format of docs/kafka.md' })
    .describe(
      'What the records are: `otlp_proto`, `otlp_json`, `native`, `cloudevents` or ' +
        '`audit:` with the name of an audit format, or `audit:auto`.',
    ),
  signal: z
    .enum(['traces', 'logs', 'metrics'])
    .optional()
    .describe('What the OTLP records hold; needed with `otlp_proto` and `otlp_json`.'),
  tenants: z
    .array(identifier)
    .min(1)
    .describe('Tenants the records may belong to; with several, each event names one.'),
  trust: z
    .enum(TRUST_ORDER as [Trust, ...Trust[]])
    .default('agent')
    .describe('What the evidence is worth. Evidence of trust `agent` alone never exceeds level 2.'),
  group: identifier
    .optional()
    .describe('The consumer group, for this topic alone. Default: `tripcoil-` and the name.'),
  from_beginning: z
    .boolean()
    .default(true)
    .describe('Where a new group starts: at the oldest record, or behind the newest.'),
  dead_letter_topic: TOPIC.optional().describe(
    'A topic that is told of refused records, without their content.',
  ),
  tls: KAFKA_CONNECTION_SCHEMA.tls,
  sasl: KAFKA_CONNECTION_SCHEMA.sasl,
});

/** The source with its defaults and the texts of its files. */
export function kafkaSourceOf(
  source: z.output<typeof KAFKA_SOURCE_SCHEMA>,
  readSecret: (path: string) => string | null,
): KafkaSourceConfig {
  const { name, topic: from, format, tenants, trust } = source;
  return {
    ...{ name, topic: from, format, tenants, trust, ...kafkaConnectionOf(source, readSecret) },
    signal: source.signal ?? null,
    group: source.group ?? `tripcoil-${name}`,
    fromBeginning: source.from_beginning,
    deadLetterTopic: source.dead_letter_topic ?? null,
  };
}

/** The connection with the texts of its files. */
export function kafkaConnectionOf(
  { brokers, tls, sasl }: z.output<z.ZodObject<typeof KAFKA_CONNECTION_SCHEMA>>,
  readSecret: (path: string) => string | null,
): KafkaConnectionConfig {
  const textOf = (path: string | undefined) => (path === undefined ? null : readSecret(path));
  return {
    brokers,
    tls:
      tls === undefined
        ? null
        : {
            ca: textOf(tls.ca_file),
            certificate: textOf(tls.certificate_file),
            key: textOf(tls.key_file),
          },
    sasl:
      sasl === undefined
        ? null
        : {
            mechanism: sasl.mechanism,
            username: sasl.username,
            password: sasl.password ?? textOf(sasl.password_file) ?? '',
          },
  };
}

/** What is wrong with `kafka.sources` beyond the form of its values. */
export function kafkaProblems(
  root: Record<string, unknown>,
  readSecret: (path: string) => string | null,
  auditFormats: readonly string[] | null,
  at: Report,
): readonly Problem[] {
  const sources = listOf(recordOf(root['kafka'])['sources']).map(recordOf);
  const groups = sources.map(({ group, name }) => String(group ?? `tripcoil-${name}`));
  return [
    ...repeated(sources, ['kafka', 'sources'], at),
    ...sources.flatMap((source, index) => {
      const path: Path = ['kafka', 'sources', index];
      const other = sources[groups.indexOf(groups[index] ?? '')];
      const problems = [
        ...formatProblems(source, path, auditFormats, at),
        ...connectionProblems(source, path, readSecret, at),
      ];
      if (other !== undefined && other['name'] !== source['name']) {
        const message = 'has the group of an earlier source: each needs its own';
        problems.push(at(source['group'] === undefined ? path : [...path, 'group'], message));
      }
      if (listOf(source['tenants']).includes('*')) {
        problems.push(at([...path, 'tenants'], 'may not be *: name the tenants'));
      }
      if (source['topic'] !== undefined && source['dead_letter_topic'] === source['topic']) {
        problems.push(at([...path, 'dead_letter_topic'], 'must be another topic than the source'));
      }
      return problems;
    }),
  ];
}

function formatProblems(
  { format, signal }: Record<string, unknown>,
  path: Path,
  auditFormats: readonly string[] | null,
  at: Report,
): readonly Problem[] {
  if (typeof format !== 'string') return [];
  const isOtlp = format === 'otlp_proto' || format === 'otlp_json';
  if (isOtlp && signal === undefined) return [at(path, 'needs signal: traces, logs or metrics')];
  if (!isOtlp && signal !== undefined) {
    return [at([...path, 'signal'], 'goes with otlp_proto and otlp_json alone')];
  }
  const name = /^audit:(.+)$/.exec(format)?.[1];
  if (name === undefined || name === 'auto' || auditFormats === null) return [];
  if (auditFormats.includes(name)) return [];
  const known = [...auditFormats].sort().join(', ');
  return [at([...path, 'format'], `names an unknown audit format; known are auto, ${known}`)];
}

/** Files that cannot be read, half a client certificate, a password in clear. */
export function connectionProblems(
  source: Record<string, unknown>,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  return [
    ...tlsProblems(source, path, readSecret, at),
    ...saslProblems(source, path, readSecret, at),
  ];
}

function tlsProblems(
  source: Record<string, unknown>,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  const tls = recordOf(source['tls']);
  const problems = ['ca_file', 'certificate_file', 'key_file'].flatMap((key) =>
    unreadable(tls[key], [...path, 'tls', key], readSecret, at),
  );
  if ((tls['certificate_file'] === undefined) !== (tls['key_file'] === undefined)) {
    problems.push(at([...path, 'tls'], 'needs certificate_file and key_file together'));
  }
  return problems;
}

function saslProblems(
  source: Record<string, unknown>,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  if (source['sasl'] === undefined) return [];
  const sasl = recordOf(source['sasl']);
  const problems = [
    ...unreadable(sasl['password_file'], [...path, 'sasl', 'password_file'], readSecret, at),
  ];
  if ((sasl['password'] === undefined) === (sasl['password_file'] === undefined)) {
    problems.push(at([...path, 'sasl'], 'needs exactly one of password, password_file'));
  }
  const hosts = listOf(source['brokers']).map((broker) => String(broker).replace(/:\d+$/, ''));
  const isOpen = source['tls'] === undefined && !hosts.every(isLoopback);
  if (sasl['mechanism'] === 'plain' && isOpen) {
    const message = 'would send the password in clear: set tls, or take scram-sha-512';
    problems.push(at([...path, 'sasl', 'mechanism'], message));
  }
  return problems;
}

function unreadable(
  value: unknown,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  if (typeof value !== 'string' || value === '' || readSecret(value) !== null) return [];
  return [at(path, 'cannot be read')];
}
