import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { KafkaSourceConfig } from './kafka.ts';
import { loadConfig } from './load.ts';
import { formatProblem } from './problems.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/tripcoil/kafka-password': 'planted-password\n',
  '/etc/tripcoil/ca.pem': 'AUTHORITY\n',
  '/etc/tripcoil/client.pem': 'CERTIFICATE\n',
  '/etc/tripcoil/client.key': 'KEY\n',
};

function load(text: string) {
  return loadConfig({
    file: '/etc/tripcoil/tripcoil.yaml',
    text,
    env: {},
    audit: { formats: ['cerbos', 'opa'], checkProfile: () => [] },
    readFile: (path) => {
      const found = FILES[path];
      if (found === undefined) throw new Error('ENOENT');
      return found;
    },
  });
}

const entry = (more: string) =>
  'kafka:\n  sources:\n' +
  `    - { name: s, brokers: ["k:9092"], topic: t, tenants: [acme], ${more} }\n`;

function sourcesOf(text: string): readonly KafkaSourceConfig[] {
  const result = load(text);
  if ('problems' in result) throw new Error(problemsOf(text).join('\n'));
  return result.config.kafka.sources;
}

function problemsOf(text: string): readonly string[] {
  const result = load(text);
  return 'problems' in result ? result.problems.map((one) => formatProblem(one, 't.yaml')) : [];
}

describe('kafka.sources', () => {
  it('fills in what is not said', () => {
    expect(sourcesOf(entry('format: native'))).toEqual([
      {
        ...{ name: 's', brokers: ['k:9092'], topic: 't', format: 'native', signal: null },
        ...{ tenants: ['acme'], trust: 'agent', group: 'tripcoil-s', fromBeginning: true },
        ...{ deadLetterTopic: null, tls: null, sasl: null },
      },
    ]);
  });

  it('reads certificates and passwords from files', () => {
    const [source] = sourcesOf(
      entry(
        'format: audit:opa, tls: { ca_file: ca.pem, certificate_file: client.pem, ' +
          'key_file: client.key }, ' +
          'sasl: { mechanism: plain, username: u, password_file: kafka-password }',
      ),
    );
    expect(source?.tls).toEqual({ ca: 'AUTHORITY', certificate: 'CERTIFICATE', key: 'KEY' });
    expect(source?.sasl).toEqual({
      ...{ mechanism: 'plain', username: 'u', password: 'planted-password' },
    });
    expect(sourcesOf(entry('format: native, tls: {}'))[0]?.tls).toEqual({
      ...{ ca: null, certificate: null, key: null },
    });
  });

  it.each([
    ['format: otlp_proto', 'needs signal: traces, logs or metrics'],
    ['format: native, signal: logs', 'goes with otlp_proto and otlp_json alone'],
    ['format: protobuf', 'expected a format of docs/kafka.md'],
    ['format: audit:oppa', 'names an unknown audit format; known are auto, cerbos, opa'],
    ['format: native, dead_letter_topic: t', 'must be another topic than the source'],
    ['format: native, topic2: x', 'topic2'],
    ['format: native, tls: { certificate_file: client.pem }', 'needs certificate_file and key'],
    ['format: native, tls: { ca_file: missing.pem }', 'cannot be read'],
    ['format: native, sasl: { mechanism: scram-sha-512, username: u }', 'exactly one of password'],
    [
      'format: native, sasl: { mechanism: plain, username: u, password: planted-password }',
      'would send the password in clear',
    ],
    [
      'format: native, sasl: { mechanism: scram-sha-256, username: u, password_file: none }',
      'cannot be read',
    ],
  ])('refuses %s', (more, message) => {
    const problems = problemsOf(entry(more)).join('\n');
    expect(problems).toContain(message);
    expect(problems).not.toContain('planted');
  });

  it('refuses addresses that are none, tenants that are all, and names and groups twice', () => {
    const text =
      'kafka:\n  sources:\n' +
      '    - { name: a, brokers: ["http://k:1"], topic: t, tenants: ["*"], format: native }\n' +
      '    - { name: a, brokers: ["k:1"], topic: t, tenants: [acme], format: native }\n' +
      '    - { name: b, brokers: ["k:1"], topic: "t t", tenants: [acme], format: native, ' +
      'group: tripcoil-a }\n';
    const problems = problemsOf(text);
    for (const part of [
      'host:port',
      'may not be *',
      'earlier entry',
      'Kafka topic',
      'earlier source',
    ]) {
      expect(problems.join('\n')).toContain(part);
    }
    expect(problems).toHaveLength(5);
  });

  it('takes a password without TLS for this machine alone', () => {
    const local = entry(
      'format: native, sasl: { mechanism: plain, username: u, password: secret-secret }',
    ).replace('k:9092', '127.0.0.1:9092');
    expect(problemsOf(local)).toEqual([]);
  });

  it('loads every example of the page', () => {
    const page = readFileSync('docs/kafka.md', 'utf8');
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? '');
    expect(examples).toHaveLength(3);
    for (const example of examples) expect(problemsOf(example)).toEqual([]);
  });
});
