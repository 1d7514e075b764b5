import * as z from 'zod';
import { TRUST_ORDER } from '../core/access-event.ts';
import { DETECTOR_MODES } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { ROLES } from '../ports/ingest.ts';
import { ACTUATORS_SCHEMA, CREDENTIALS_SCHEMA, EFFECT_SCHEMA } from './actuators.ts';
import { AUDIT_SCHEMA } from './audit.ts';
import { BREAKERS_SCHEMA } from './breakers.ts';
import { EVALUATORS_SCHEMA } from './evaluators.ts';
import { EXCEPTION_SCHEMA } from './exceptions.ts';
import { GATEWAY_SCHEMA } from './gateway.ts';
import { IDENTITY_SCHEMA } from './identity.ts';
import { INTROSPECTION_SCHEMA } from './introspection.ts';
import { KAFKA_SOURCE_SCHEMA } from './kafka.ts';
import { KAFKA_SINK_SCHEMA } from './kafka-sink.ts';
import { LEDGER_SCHEMA } from './ledger.ts';
import { TLS_SCHEMA } from './listeners.ts';
import { GENERAL_REDACTION_SCHEMA, REDACTION_SCHEMA } from './redaction.ts';
import { RETENTION_SCHEMA } from './retention.ts';
import { SHARED_SIGNALS_SCHEMA } from './shared-signals.ts';

const identifier = z.string().min(1).max(LIMITS.identifierChars);
const port = z.int().min(0).max(65_535);
const url = z.url({ protocol: /^https?$/ });

const detectorSettings = {
  mode: z
    .enum(DETECTOR_MODES)
    .optional()
    .describe(
      'What the detector may do: nothing, score silently, alert, or trip. Default: its own.',
    ),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("The detector's own options; its page under detectors/ lists them."),
};

const overridableDetector = z.strictObject({
  ...detectorSettings,
  agents: z
    .record(identifier, z.strictObject({ mode: detectorSettings.mode }))
    .optional()
    .describe('Modes of single agents, by agent id.'),
});

/** Beside the settings of detectors by id: what the user adds to them, and what is agreed to. */
const userDetection = {
  rules: z
    .array(z.string().min(1))
    .max(LIMITS.rulesPerTenant)
    .optional()
    .describe('Files of your own rules, paths or globs; see docs/rules.md.'),
  exceptions: z
    .array(EXCEPTION_SCHEMA)
    .max(LIMITS.exceptionsPerTenant)
    .optional()
    .describe('Findings that are known and agreed to, each with an owner, a reason and an end.'),
};

const modules = z
  .array(z.string().min(1))
  .max(LIMITS.detectorModules)
  .optional()
  .describe('Detectors of your own in TypeScript or JavaScript; loaded once, at the start.');

const token = z.strictObject({
  name: identifier.describe('Who holds the token; stands in logs and on every event delivered.'),
  token: z
    .string()
    .min(16)
    .optional()
    .describe(`The token itself, at least 16 characters; better \${env:NAME} than in plain.`),
  token_file: z
    .string()
    .min(1)
    .optional()
    .describe('A file that holds the token and nothing else.'),
  token_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('SHA-256 of the token, 64 lower-case hex digits, where the token must not be here.'),
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .describe(
      '`ingest` sends events, `broker` follows the feed and asks for checks, `viewer` reads, ' +
        '`operator` trips, resets and changes grants.',
    ),
  tenants: z
    .array(identifier)
    .min(1)
    .describe('Tenants it covers; with several, each event names one. `*` for people only.'),
  trust: z
    .enum(TRUST_ORDER as [string, ...string[]] as ['agent', 'broker', 'pdp', 'resource'])
    .default('agent')
    .describe('What its evidence is worth. Evidence of trust `agent` alone never exceeds level 2.'),
});

const sources = z.strictObject({
  mode: z
    .enum(['off', 'shadow', 'alert'])
    .optional()
    .describe('Whether gaps and silence are found: default alert. They never trip.'),
  gap_grace_minutes: z
    .number()
    .positive()
    .max(1_440)
    .optional()
    .describe('How long a missing number of `source.seq` may still arrive; default 15.'),
  silence_floor_minutes: z
    .number()
    .positive()
    .max(10_080)
    .optional()
    .describe('The shortest silence told of, however regular the source; default 15.'),
});

const receiver = z.strictObject({
  name: identifier.describe('Names the receiver in acknowledgements, metrics and logs.'),
  url: url.describe('Where signed security event tokens are pushed (RFC 8935); https.'),
  tenants: z.array(identifier).min(1).describe('Tenants it hears about, or `*` for all.'),
  audience: z.string().min(1).describe('The `aud` claim that the receiver expects.'),
  events: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Event types it takes; else those that end and restore access.'),
  authorization: z
    .string()
    .min(1)
    .optional()
    .describe(`Value of the Authorization header; better \${env:NAME} than in plain.`),
  allow_loopback: z
    .boolean()
    .default(false)
    .describe('Lets the URL point at this machine, then also with http. For development.'),
  allow_private: z
    .boolean()
    .default(false)
    .describe('Lets the URL point into a private network, over https alone.'),
});

/** The configuration file, as written: snake_case, unknown keys refused, every key documented. */
export const CONFIG_SCHEMA = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address of API, UI and ingest.'),
      port: port.default(8787).describe('Port of API, UI and ingest; 0 lets the system choose.'),
      tls: TLS_SCHEMA,
    })
    .prefault({})
    .describe('The main listener. Beyond loopback it demands an operator or viewer token.'),
  otlp: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address of the OTLP receiver.'),
      port: port.default(4318).describe('Port of OTLP/HTTP; 0 lets the system choose.'),
      tls: TLS_SCHEMA,
    })
    .prefault({})
    .describe('The OpenTelemetry listener; the same paths are served on the main port.'),
  otlp_grpc: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address of the OTLP/gRPC receiver.'),
      port: port.default(4317).describe('Port of OTLP/gRPC; 0 lets the system choose.'),
      tls: TLS_SCHEMA,
    })
    .prefault({})
    .describe('The OpenTelemetry listener for gRPC.'),
  aliases: z
    .record(z.string(), z.array(identifier).min(1).max(LIMITS.aliasesPerField))
    .prefault({})
    .describe(
      'Attributes of your own agents by the field of the native event they mean, such as ' +
        '`agent.id: [my.agent]`; they win over every convention but `tripcoil.*`.',
    ),
  audit: AUDIT_SCHEMA.prefault({}).describe(
    'Audit records of policy engines, gateways and clouds.',
  ),
  data_directory: z
    .string()
    .min(1)
    .default('./tripcoil-data')
    .describe('Where ledger, keys, outbox and store live. One process at a time.'),
  anchor_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A file that signed checkpoints of every log are added to, each five minutes as they ' +
        'change. Put it where whoever can write the data directory cannot.',
    ),
  public_url: url
    .optional()
    .describe(
      'How others reach the main listener; stands in tokens, discovery and alerts. Set it behind ' +
        'any reverse proxy: reading from this machine then needs a token too.',
    ),
  tokens: z.array(token).default([]).describe('Credentials of senders, brokers and people.'),
  identity: IDENTITY_SCHEMA.prefault({}).describe(
    'Who is believed about who acted: issuers of the tokens that events and senders bring.',
  ),
  grants_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What agents may do, as YAML or JSON. At every start it replaces the grants of the tenants ' +
        'it names, those set by `PUT /v1/grants` too.',
    ),
  detectors: z
    .object({ ...userDetection, modules })
    .catchall(z.strictObject(detectorSettings))
    .prefault({})
    .describe('Detectors and rules by id, for every tenant.'),
  chains: z
    .strictObject({
      decision_grace_ms: z
        .int()
        .min(0)
        .max(LIMITS.latenessMs)
        .default(LIMITS.decisionGraceMs)
        .describe(
          'How long a decision, approval, token or outcome may stay away before a chain says ' +
            'that it is missing. Where decisions are told by records of their own, not before ' +
            'those have reached the time of the execution.',
        ),
    })
    .prefault({})
    .describe('How requests from end to end are judged.'),
  breakers: BREAKERS_SCHEMA.prefault({}).describe(
    'How breakers open and close, for every tenant; see docs/breakers.md.',
  ),
  evaluators: EVALUATORS_SCHEMA.prefault({}).describe(
    'How recorded decisions are scored, and which ask for a review; see docs/evaluators.md.',
  ),
  sources: sources
    .prefault({})
    .describe('How senders are watched, for every tenant; see docs/sources.md.'),
  tenants: z
    .record(
      identifier.regex(/^[^_]/),
      z.strictObject({
        sources: sources
          .optional()
          .describe('How senders are watched, for this tenant; each key replaces the general one.'),
        breakers: BREAKERS_SCHEMA.optional().describe(
          'How breakers open and close, for this tenant; each key replaces the general one.',
        ),
        detectors: z
          .object(userDetection)
          .catchall(overridableDetector)
          .prefault({})
          .describe(
            'Detectors and rules by id, for this tenant; each key given replaces the general ' +
              'one. Rules and exceptions are added to the general ones.',
          ),
        redaction: REDACTION_SCHEMA.optional().describe(
          'Redaction for this tenant; each key given replaces the general one.',
        ),
        retention: RETENTION_SCHEMA.optional().describe(
          'The same for this tenant; each key given replaces the general one.',
        ),
        legal_hold: z
          .boolean()
          .default(false)
          .describe(
            'Refuses to delete anything of this tenant, whatever `tripcoil legal-hold` says.',
          ),
      }),
    )
    .prefault({})
    .describe(
      'Tenants by name. Posture is not set here but by `tripcoil enforce`, which is logged.',
    ),
  ledger: LEDGER_SCHEMA.prefault({}).describe('How the record is sealed; see docs/retention.md.'),
  retention: RETENTION_SCHEMA.prefault({}).describe(
    'How long what is kept of tenants is kept; see docs/retention.md.',
  ),
  redaction: GENERAL_REDACTION_SCHEMA.optional().describe(
    'What is replaced before anything is written, and by what; see docs/redaction.md.',
  ),
  kafka: z
    .strictObject({
      sources: z
        .array(KAFKA_SOURCE_SCHEMA)
        .max(LIMITS.kafkaSources)
        .default([])
        .describe('Topics to read; see docs/kafka.md.'),
    })
    .prefault({})
    .describe('Apache Kafka. Its client is loaded only where a source is configured.'),
  revocation: z
    .strictObject({
      receivers: z.array(receiver).default([]).describe('Enforcement points to push to.'),
      actuators: ACTUATORS_SCHEMA.describe(
        'Targets elsewhere that are frozen and restored; see docs/actuators.md.',
      ),
      effect: EFFECT_SCHEMA.prefault({}).describe('How it is proved that orders are obeyed.'),
      credentials: CREDENTIALS_SCHEMA.prefault({}).describe('Where actuators find secrets.'),
      gateway: GATEWAY_SCHEMA.prefault({}).describe(
        'How reverse proxies and API gateways ask about requests; see docs/gateways.md.',
      ),
      introspection: z
        .array(INTROSPECTION_SCHEMA)
        .max(LIMITS.tokenIssuers)
        .default([])
        .describe('Authorisation servers behind `/t/{tenant}/oauth/introspect`.'),
      kafka: z
        .array(KAFKA_SINK_SCHEMA)
        .max(LIMITS.kafkaSinks)
        .default([])
        .describe('Kafka clusters that are told of breakers; see docs/kafka.md.'),
      ssf: SHARED_SIGNALS_SCHEMA,
    })
    .prefault({})
    .describe('Where revocations go beside the feed.'),
  alerts: z
    .strictObject({
      webhook: z
        .strictObject({
          url: url.describe(
            'Receives a JSON body for each finding of level high or critical and each ' +
              'transition of a breaker; https, or http on this machine.',
          ),
          secret: z
            .string()
            .min(16)
            .optional()
            .describe(
              'Signs each body as Standard Webhooks do; `whsec_` and base64 of 24 bytes or more.',
            ),
        })
        .optional()
        .describe('The alert webhook.'),
    })
    .prefault({})
    .describe('How people hear of trips.'),
  store: z
    .strictObject({
      kind: z
        .enum(['auto', 'chdb', 'memory'])
        .default('auto')
        .describe('`auto` takes chdb where it is installed, else memory.'),
    })
    .prefault({})
    .describe('The projection that API and UI search; it can be deleted and rebuilt.'),
  telemetry: z
    .strictObject({
      own_traces: z
        .strictObject({ endpoint: url.describe('OTLP/HTTP traces URL.') })
        .optional()
        .describe("Tripcoil's own spans."),
      forward: z
        .strictObject({
          endpoint: url.describe('OTLP/HTTP traces URL.'),
          headers: z
            .record(z.string(), z.string())
            .default({})
            .describe('Headers of each request.'),
        })
        .optional()
        .describe("Agents' spans, after redaction."),
    })
    .prefault({})
    .describe('Telemetry sent to others.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('Lowest level.'),
    })
    .prefault({})
    .describe('The structured log on standard error.'),
});

/** The configuration file after defaults, still in its own spelling. */
export type ConfigDocument = z.output<typeof CONFIG_SCHEMA>;
