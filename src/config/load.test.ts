import { fc, it } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import { DEFAULT_REDACTION } from '../core/redaction-policy.ts';
import { DEFAULT_RUBRIC } from '../core/rubric.ts';
import {
  type LoadOptions,
  loadConfig,
  redactionOfTenant,
  type TripcoilConfig,
  tenantConfigOf,
} from './load.ts';
import { formatProblem } from './problems.ts';

const SECRET = 'correct-horse-battery-staple';
const FILES: Readonly<Record<string, string>> = { '/etc/tripcoil/token': `${SECRET}\n` };

function load(text: string, more: Partial<LoadOptions> = {}) {
  return loadConfig({
    file: '/etc/tripcoil/tripcoil.yaml',
    text,
    env: { PORT: '9000', TOKEN: SECRET, YAML: 'a: [b' },
    readFile: (path) => {
      const found = FILES[path];
      if (found === undefined) throw new Error('ENOENT');
      return found;
    },
    ...more,
  });
}

function configOf(text: string, more: Partial<LoadOptions> = {}): TripcoilConfig {
  const result = load(text, more);
  if ('problems' in result) throw new Error(linesOf(text, more).join('\n'));
  return result.config;
}

function linesOf(text: string, more: Partial<LoadOptions> = {}): readonly string[] {
  const result = load(text, more);
  return 'problems' in result ? result.problems.map((one) => formatProblem(one, 't.yaml')) : [];
}

const patternProblem = (pattern: string) => (pattern === '(' ? 'is no pattern' : null);

const fragment = fc.constantFrom(
  ...['listen:', ' port: ', '\n', '  ', '- ', '{', '}', '[', ']', '*a', '&a ', '"', "'", ': '],
  ...[`\${env:`, '}', 'tokens:', '\t', '? ', '| ', '!!', '%YAML', '---\n', '\u0000', '<<: '],
);
const garbage = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join('')),
  fc.json(),
);

describe('loadConfig', () => {
  it('needs no file', () => {
    const result = loadConfig({ env: {}, readFile: () => '' });
    expect(result).toEqual({
      config: {
        listen: { host: '127.0.0.1', port: 8787 },
        otlp: { host: '127.0.0.1', port: 4318 },
        otlpGrpc: { host: '127.0.0.1', port: 4317 },
        aliases: {},
        audit: { profiles: [], opa: {}, accounts: {} },
        dataDirectory: './tripcoil-data',
        anchorFile: null,
        publicUrl: null,
        tokens: [],
        identity: { issuers: [] },
        grantsFile: null,
        detectors: {},
        rules: [],
        exceptions: [],
        detectorModules: [],
        chains: { decisionGraceMs: 120_000 },
        breakers: {},
        evaluators: { enabled: false, settleMs: 300_000, rubric: DEFAULT_RUBRIC, judge: null },
        sources: {},
        tenants: {},
        redaction: { general: DEFAULT_REDACTION, tenants: {}, legalHolds: [], external: null },
        kafka: { sources: [] },
        ledger: { masterKey: { kind: 'file' } },
        retention: { general: { evidenceDays: null, searchDays: null }, tenants: {} },
        revocation: {
          receivers: [],
          actuators: [],
          effect: { deadlineMs: 5_000, fromLevel: 4, escalateTo: null },
          credentials: { vault: null },
          gateway: {
            headers: {
              tenant: 'x-tripcoil-tenant',
              agent: 'x-tripcoil-agent',
              session: 'x-tripcoil-session',
              jti: 'x-tripcoil-jti',
              tool: 'x-tripcoil-tool',
              method: 'x-original-method',
              token: 'x-forwarded-authorization',
            },
            tokens: 'read',
            unidentified: 'deny',
            throttlePerMinute: null,
            grpc: null,
          },
          introspection: [],
          kafka: [],
          ssf: {
            ...{ clients: [], subjectIssuer: null, narrowedScope: 'read' },
            ...{ allowLoopback: false, allowPrivate: false },
          },
        },
        alerts: { webhook: null },
        store: { kind: 'auto' },
        telemetry: { ownTraces: null, forward: null },
        log: { level: 'info' },
      },
    });
  });

  it('reads recognisers, and names every fault of one at its place', () => {
    const checks = { entities: ['card'], validators: ['luhn'], patternProblem };
    const rules = (text: string) => linesOf(`redaction: ${text}`, { redaction: checks });
    const config = configOf(
      'redaction: { recognisers: [{ name: staff, entity: x_staff, pattern: S1, mode: drop }] }',
      { redaction: checks },
    );
    expect(redactionOfTenant(config, 'any')).toMatchObject({
      recognisers: [{ name: 'staff', keywords: [], keywordDistance: 48, validator: null }],
      modes: { x_staff: 'drop' },
    });
    expect(
      rules(
        '{ recognisers: [{ name: ab, entity: cart, pattern: "(", validator: lun, mode: drop }] }',
      ),
    ).toEqual([
      expect.stringMatching(/recognisers\[0\]\.entity: is neither .*did you mean card\?/),
      expect.stringMatching(/recognisers\[0\]\.pattern: is no pattern$/),
      expect.stringMatching(/recognisers\[0\]\.validator: .*did you mean luhn\?/),
      expect.stringMatching(/recognisers\[0\]\.mode: belongs into modes\.cart/),
    ]);
    const one = '{ name: ab, entity: x_a, pattern: b, mode: drop }';
    expect(rules(`{ recognisers: [${one}, ${one.replace('drop', 'mask')}] }`)).toEqual([
      expect.stringMatching(/recognisers\[1\]\.name: is the name of an earlier entry/),
      expect.stringMatching(/recognisers\[1\]\.mode: is not what x_a has elsewhere/),
    ]);
    expect(rules('{ modes: { x_b: drop, cards: mask } }')).toEqual([
      expect.stringMatching(/modes\.x_b: is the entity of no recogniser/),
      expect.stringMatching(/modes\.cards: is not a known entity \(did you mean card\?\)/),
    ]);
    const many = Array.from({ length: LIMITS.recognisers + 1 }, (_, at) =>
      one.replace('name: ab', `name: a${'b'.repeat(at % 30)}${'c'.repeat(Math.floor(at / 30))}`),
    );
    expect(rules(`{ recognisers: [${many.join(', ')}] }`)).toHaveLength(1);
    const long = 'a'.repeat(LIMITS.recogniserPatternChars + 1);
    expect(rules(`{ recognisers: [{ name: ab, entity: card, pattern: ${long} }] }`)).toEqual([
      expect.stringMatching(/pattern: is too large or too long/),
    ]);
  });

  it('gives a tenant its own redaction over the general one, key by key', () => {
    const text = [
      'redaction:',
      '  content: { messages: drop, memory: shape }',
      '  modes: { card: partial, secret: drop }',
      'tenants:',
      '  acme:',
      '    legal_hold: true',
      '    redaction: { content: { memory: scan }, modes: { card: vault }, unknown_keys: drop,',
      '      names: { gazetteer_file: token } }',
    ].join('\n');
    const config = configOf(text);
    expect(redactionOfTenant(config, 'other')).toMatchObject({
      content: { messages: 'drop', memory: 'shape', reasoning: 'scan' },
      unknownKeys: 'scan',
    });
    expect(redactionOfTenant(config, 'acme')).toMatchObject({
      content: { messages: 'drop', memory: 'scan' },
      modes: { card: 'vault', secret: 'drop' },
      unknownKeys: 'drop',
      names: { propagate: true, gazetteer: [SECRET] },
    });
    expect(redactionOfTenant(config, 'acme')).toBe(redactionOfTenant(config, 'acme'));
    expect(config.redaction.legalHolds).toEqual(['acme']);
    expect(config.tenants).toEqual({ acme: { detectors: {} } });
  });

  it('refuses a list of names that cannot be read', () => {
    const text = ['redaction:', '  names: { gazetteer_file: nowhere }'].join('\n');
    expect(linesOf(text)).toEqual(['t.yaml:2:28 redaction.names.gazetteer_file: cannot be read']);
  });

  it('reads the external recogniser, with defaults, for the whole process alone', () => {
    const config = configOf('redaction: { external: { url: "http://127.0.0.1:5002/analyze" } }');
    expect(config.redaction.external).toEqual({
      ...{ url: 'http://127.0.0.1:5002/analyze', timeoutMs: 2_000, language: 'en' },
      ...{ entities: ['PERSON', 'LOCATION'], minScore: 0.5, maxConcurrent: 4 },
    });
    const faults = linesOf('redaction: { external: { url: "http://presidio.example/analyze" } }');
    expect(faults).toHaveLength(1);
    expect(
      linesOf('tenants: { a: { redaction: { external: { url: "https://x.example" } } } }'),
    ).toHaveLength(1);
  });

  it('refuses a URL with credentials, as the delivery itself would', () => {
    const text = 'alerts: { webhook: { url: "https://me:secret@hooks.example/x" } }';
    expect(linesOf(text)).toEqual(['t.yaml:1:27 alerts.webhook.url: must not carry credentials']);
  });

  it('lists every problem at once, with its place and the nearest key', () => {
    const text = [
      'listen: { prot: 8787 }',
      'store:',
      '  kind: chbd',
      'otlp: { port: 70000 }',
      'revocation:',
      '  receivers:',
      '    - name: crm',
      '      url: http://crm.example/ssf',
      '      tenants: [acme]',
      'tokens:',
      '  - { name: a, roles: [ingest], tenants: ["*"], token: short }',
      'detectrs: {}',
    ].join('\n');
    expect(linesOf(text)).toEqual([
      't.yaml:1:11 listen.prot: is not a known key ' +
        '(expected one of host, port, tls; did you mean port?)',
      't.yaml:3:9 store.kind: is not an allowed value ' +
        '(expected one of auto, chdb, memory; did you mean chdb?)',
      't.yaml:4:15 otlp.port: is too large or too long (expected integer from 0 to 65535)',
      't.yaml:7:7 revocation.receivers[0].audience: is required (expected text)',
      't.yaml:8:12 revocation.receivers[0].url: must be https',
      't.yaml:11:42 tokens[0].tenants: may not be * for the roles ingest and broker: ' +
        'name the tenants',
      't.yaml:11:56 tokens[0].token: is too small or too short ' +
        '(expected text of at least 16 characters)',
      expect.stringMatching(/^t\.yaml:12:1 detectrs: .*did you mean detectors\?\)$/),
    ]);
  });

  it('keeps tokens as hashes only, from any of three sources', () => {
    const sha256 = 'a'.repeat(64);
    const config = configOf(
      [
        'tokens:',
        `  - { name: a, token: "\${env:TOKEN}", roles: [operator], tenants: ["*"] }`,
        '  - { name: b, token_file: token, roles: [ingest], tenants: [acme], trust: broker }',
        `  - { name: c, token_sha256: ${sha256}, roles: [viewer], tenants: [acme] }`,
      ].join('\n'),
    );
    expect(config.tokens.map((token) => token.sha256)).toEqual([
      config.tokens[1]?.sha256,
      expect.stringMatching(/^[0-9a-f]{64}$/),
      sha256,
    ]);
    expect(config.tokens.map((token) => token.tenants)).toEqual(['*', ['acme'], ['acme']]);
    expect(config.tokens.map((token) => token.trust)).toEqual(['agent', 'broker', 'agent']);
    expect(JSON.stringify(config)).not.toContain(SECRET);
  });

  it('wants exactly one source of a token, and one that can be read', () => {
    const both = `token: ${SECRET}, token_sha256: ${'b'.repeat(64)}`;
    const text = [
      'tokens:',
      '  - { name: a, roles: [viewer], tenants: [x] }',
      `  - { name: b, roles: [viewer], tenants: [x], ${both} }`,
      '  - { name: b, roles: [viewer], tenants: [x], token_file: /nowhere }',
    ].join('\n');
    expect(linesOf(text)).toEqual([
      't.yaml:2:5 tokens[0]: needs exactly one of token, token_file, token_sha256',
      't.yaml:3:5 tokens[1]: needs exactly one of token, token_file, token_sha256',
      't.yaml:4:13 tokens[2].name: is the name of an earlier entry',
      't.yaml:4:59 tokens[2].token_file: cannot be read',
    ]);
  });

  it('resolves paths against the file they stand in', () => {
    const config = configOf('data_directory: data\ngrants_file: ../grants.yaml');
    expect(config.dataDirectory).toBe('/etc/tripcoil/data');
    expect(config.grantsFile).toBe('/etc/grants.yaml');
  });

  it('takes aliases of event fields and tells the nearest of a name that is none', () => {
    const { aliases } = configOf('aliases: { agent.id: [my.agent, bot], volume.records: [rows] }');
    expect(aliases).toEqual({ 'agent.id': ['my.agent', 'bot'], 'volume.records': ['rows'] });
    const [problem, ...rest] = linesOf('aliases:\n  agnet.id: [my.agent]');
    expect(rest).toEqual([]);
    expect(problem).toContain('t.yaml:2:3 aliases["agnet.id"]: is not a known key');
    expect(problem).toContain('did you mean agent.id');
    expect(linesOf('aliases: { agent.id: [] }').join()).toContain('aliases["agent.id"]');
    expect(linesOf('aliases: { agent.id: my.agent }').join()).toContain('has the wrong type');
  });

  it('resolves the certificate files of listeners', () => {
    const { listen, otlp } = configOf(
      'listen: { tls: { certificate_file: a.pem, key_file: b.key, client_ca_file: /c.pem } }',
    );
    expect(listen.tls).toEqual({
      certificateFile: expect.stringMatching(/^\/.*a\.pem$/),
      keyFile: expect.stringMatching(/^\/.*b\.key$/),
      clientCaFile: '/c.pem',
    });
    expect(otlp).not.toHaveProperty('tls');
    expect(linesOf('otlp: { tls: { key_file: b.key } }').join()).toContain('certificate_file');
  });

  it('says which lines to add before it listens to other machines', () => {
    const [problem, ...rest] = linesOf('listen: { host: 0.0.0.0 }');
    expect(rest).toEqual([]);
    expect(problem).toContain('t.yaml:1:17 listen.host: is reachable from other machines');
    const lines = (problem ?? '').split('\n').slice(1).join('\n');
    const cured = `listen: { host: 0.0.0.0 }\n${lines.replace(/^ {4}/gm, '')}`;
    expect(linesOf(cured, { env: { TRIPCOIL_OPERATOR_TOKEN: SECRET } })).toEqual([]);
    expect(linesOf('otlp: { host: "::" }').join()).toContain('an ingest token is needed');
    expect(linesOf('otlp_grpc: { host: "::" }').join()).toContain('an ingest token is needed');
    expect(linesOf('listen: { host: 127.8.0.1 }')).toEqual([]);
  });

  it('refuses what merge keys, tags, repeated keys and aliases could hide', () => {
    expect(linesOf('a: &a { port: 1 }\nlisten:\n  <<: *a').join()).toContain('listen["<<"]');
    expect(linesOf('listen: !!js/function "x"').join()).toContain('not valid YAML');
    expect(linesOf('listen: {}\nlisten: {}')).toEqual(['t.yaml:2:1 listen: is given twice']);
    const many = Array.from({ length: LIMITS.documentAliases + 9 }, () => '*a').join(', ');
    expect(linesOf(`store: { kind: &a auto }\ntokens: [${many}]`).join()).toContain('alias');
    expect(linesOf('listen: &l { host: *l }').length).toBeGreaterThan(0);
    expect(linesOf(`listen: ${'['.repeat(50_000)}`).length).toBeGreaterThan(0);
    expect(linesOf('__proto__: { port: 1 }').join()).toContain('not a plain name');
  });

  it('never repeats a value, which may be a secret', () => {
    const text = [
      `tokens: ${SECRET}`,
      `log: { level: ${SECRET} }`,
      `public_url: "${SECRET}"`,
      `x: "${SECRET}`,
    ].join('\n');
    expect(linesOf(text).length).toBeGreaterThan(2);
    expect(linesOf(text).join()).not.toContain(SECRET);
  });

  it.prop([garbage], { numRuns: 500 })('never throws on garbage', (text) => {
    const result = load(text);
    if ('problems' in result) expect(result.problems.length).toBeGreaterThan(0);
    else expect(result.config.listen.port).toBe(8787);
  });
});

describe('substitution', () => {
  it('fills scalars by the type the schema wants and never adds structure', () => {
    expect(configOf(`listen: { port: "\${env:PORT}" }`).listen.port).toBe(9000);
    expect(configOf(`data_directory: "/\${env:YAML}"`).dataDirectory).toBe('/a: [b');
    expect(configOf(`data_directory: "/$\${env:YAML}"`).dataDirectory).toBe(`/\${env:YAML}`);
  });

  it('reports what cannot be filled', () => {
    expect(linesOf(`data_directory: "\${env:ABSENT}"`)).toEqual([
      't.yaml:1:17 data_directory: refers to the environment variable ABSENT, which is not set',
      't.yaml:1:17 data_directory: is too small or too short (expected text)',
    ]);
    expect(linesOf(`grants_file: "x\${file:/absent}"`).join()).toContain('cannot be read');
    expect(linesOf(`grants_file: "x\${PORT}"`).join()).toContain('no known form');
  });
});

describe('detector settings', () => {
  const detectors = [
    { id: 'volume_spike', config: z.strictObject({ ratio: z.number().min(1).default(5) }) },
  ];

  it('are checked against the registered detectors', () => {
    const text = [
      'detectors:',
      '  volume_spik: { mode: enforce }',
      'tenants:',
      '  acme:',
      '    detectors:',
      '      volume_spike: { options: { ratio: 0.5, rato: 2 } }',
    ].join('\n');
    expect(linesOf(text, { detectors })).toEqual([
      't.yaml:2:3 detectors.volume_spik: is not a known key ' +
        '(expected one of volume_spike; did you mean volume_spike?)',
      't.yaml:6:41 tenants.acme.detectors.volume_spike.options.ratio: ' +
        'is too small or too short (expected number of at least 1)',
      't.yaml:6:46 tenants.acme.detectors.volume_spike.options.rato: is not a known key ' +
        '(expected one of ratio; did you mean ratio?)',
    ]);
  });

  it('of a tenant lie over the general ones', () => {
    const config = configOf(
      [
        'detectors: { a: { mode: alert, options: { x: 1 } }, b: { mode: off } }',
        'tenants: { acme: { detectors: { a: { mode: enforce } } } }',
      ].join('\n'),
    );
    expect(tenantConfigOf(config, 'acme').detectors).toEqual({
      a: { mode: 'enforce', options: { x: 1 } },
      b: { mode: 'off' },
    });
    expect(tenantConfigOf(config, 'constructor').detectors).toEqual(config.detectors);
  });
});

describe('names of enforcement points', () => {
  it('are refused where the acknowledgement of one would stand for another', () => {
    const text = [
      'tokens:',
      '  - { name: edge, token: a-token-of-the-test, roles: [broker], tenants: [acme] }',
      '  - { name: kim, token: another-token-of-it, roles: [operator], tenants: [acme] }',
      '  - { name: sender, token: a-third-token-of-it, roles: [ingest], tenants: [acme] }',
      'revocation:',
      '  receivers:',
      '    - { name: edge, url: "https://idp.example/events", tenants: [acme], audience: idp }',
      '    - { name: kim, url: "https://idp.example/kim", tenants: [acme], audience: kim }',
      '    - { name: sender, url: "https://idp.example/send", tenants: [acme], audience: send }',
    ].join('\n');
    expect(linesOf(text)).toEqual([
      't.yaml:7:15 revocation.receivers[0].name: ' +
        'is the name of a token that may acknowledge too',
      't.yaml:8:15 revocation.receivers[1].name: is the name of a token that may acknowledge too',
    ]);
  });
});
