import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { Trust } from '../core/access-event.ts';
import {
  type BreakerConfig,
  type ChainConfig,
  type SourceWatchConfig,
  SYSTEM_TENANT,
  type TenantConfig,
} from '../core/entry.ts';
import type { FieldAliases } from '../core/event-field.ts';
import type { RedactionPolicy } from '../core/redaction-policy.ts';
import type { RetentionPolicy } from '../core/retention.ts';
import type { DetectionException, Rule } from '../core/rule.ts';
import { MINUTE_MS } from '../core/time.ts';
import type { Role } from '../ports/ingest.ts';
import {
  type ActuatorCheck,
  type ActuatorConfig,
  actuatorProblems,
  actuatorsOf,
  type EffectConfig,
  effectOf,
} from './actuators.ts';
import { type AuditConfig, auditConfigOf } from './audit.ts';
import { breakersOf } from './breakers.ts';
import {
  type AuditFormats,
  crossChecks,
  type DetectorOptions,
  type OutgoingChecks,
} from './checks.ts';
import { parseDocument, type Substitute } from './document.ts';
import { type EvaluatorsConfig, evaluatorsOf } from './evaluators.ts';
import { type GatewayConfig, gatewayOf } from './gateway.ts';
import { type TokenIssuerConfig, tokenIssuerOf } from './identity.ts';
import { type IntrospectionConfig, introspectionOf } from './introspection.ts';
import { type KafkaSourceConfig, kafkaSourceOf } from './kafka.ts';
import { type KafkaSinkConfig, kafkaSinkOf } from './kafka-sink.ts';
import { type MasterKeyConfig, masterKeyOf } from './ledger.ts';
import { type ListenerConfig, listenerOf } from './listeners.ts';
import { type Problem, problemsOfIssues, sortProblems } from './problems.ts';
import {
  type ExternalRecogniserConfig,
  externalRecogniserOf,
  generalPolicy,
  redactionPolicyOf,
} from './redaction.ts';
import type { RedactionChecks } from './redaction-checks.ts';
import { retentionOf } from './retention.ts';
import { detectionOf, type ReadDetection, type RuleFiles, readDetection } from './rule-files.ts';
import { CONFIG_SCHEMA, type ConfigDocument } from './schema.ts';
import type { JsonSchema } from './schema-path.ts';

/** A credential as the process keeps it: only its hash. */ import {
  type SharedSignalsConfig,
  sharedSignalsOf,
} from './shared-signals.ts';

export interface TokenConfig {
  readonly name: string;
  /** Lower-case hex SHA-256 of the token's UTF-8 bytes. */
  readonly sha256: string;
  readonly roles: readonly Role[];
  readonly tenants: readonly string[] | '*';
  readonly trust: Trust;
}

export interface ReceiverConfig {
  readonly name: string;
  readonly url: string;
  readonly tenants: readonly string[] | '*';
  readonly audience: string;
  readonly authorization: string | null;
  /** Event types pushed; null for those that end and restore access. */
  readonly events: readonly string[] | null;
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

/** Everything the process is told from outside. Complete: defaults are filled in. */
export interface TripcoilConfig {
  readonly listen: ListenerConfig;
  readonly otlp: ListenerConfig;
  readonly otlpGrpc: ListenerConfig;
  /** Further attributes of each field, for the OTLP receivers. */
  readonly aliases: FieldAliases;
  readonly audit: AuditConfig;
  /** Relative paths are resolved against the file they stand in. */
  readonly dataDirectory: string;
  readonly anchorFile: string | null;
  readonly publicUrl: string | null;
  readonly tokens: readonly TokenConfig[];
  readonly identity: { readonly issuers: readonly TokenIssuerConfig[] };
  readonly grantsFile: string | null;
  /** Detector settings that hold for every tenant without its own. */
  readonly detectors: TenantConfig['detectors'];
  /** The user's own rules and exceptions, for every tenant. */
  readonly rules: readonly Rule[];
  readonly exceptions: readonly DetectionException[];
  /** Files of detectors of the user's own. */
  readonly detectorModules: readonly string[];
  readonly sources: SourceWatchConfig;
  readonly chains: ChainConfig;
  readonly breakers: BreakerConfig;
  readonly evaluators: EvaluatorsConfig;
  readonly tenants: { readonly [tenant: string]: TenantConfig };
  readonly redaction: {
    /** For every tenant without its own. */
    readonly general: RedactionPolicy;
    readonly tenants: { readonly [tenant: string]: RedactionPolicy };
    /** Tenants in which nobody may be erased. */
    readonly legalHolds: readonly string[];
    readonly external: ExternalRecogniserConfig | null;
  };
  readonly ledger: { readonly masterKey: MasterKeyConfig };
  readonly retention: {
    /** For every tenant without its own. */
    readonly general: RetentionPolicy;
    readonly tenants: { readonly [tenant: string]: RetentionPolicy };
  };
  readonly kafka: { readonly sources: readonly KafkaSourceConfig[] };
  readonly revocation: {
    readonly receivers: readonly ReceiverConfig[];
    readonly actuators: readonly ActuatorConfig[];
    readonly effect: EffectConfig;
    readonly credentials: {
      readonly vault: { readonly address: string; readonly token: string } | null;
    };
    readonly gateway: GatewayConfig;
    readonly introspection: readonly IntrospectionConfig[];
    readonly kafka: readonly KafkaSinkConfig[];
    readonly ssf: SharedSignalsConfig;
  };
  readonly alerts: {
    readonly webhook: { readonly url: string; readonly secret: string | null } | null;
  };
  readonly store: { readonly kind: 'auto' | 'chdb' | 'memory' };
  readonly telemetry: {
    readonly ownTraces: { readonly endpoint: string } | null;
    readonly forward: {
      readonly endpoint: string;
      readonly headers: { readonly [name: string]: string };
    } | null;
  };
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

export interface LoadOptions {
  /** Read through `readFile` unless `text` is given; neither means defaults alone. */
  readonly file?: string;
  readonly text?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Returns the text of a file or throws. */
  readonly readFile: (path: string) => string;
  /** Registered detectors; when given, unknown ids and bad options are problems too. */
  readonly detectors?: readonly DetectorOptions[];
  /** Audit formats; when given, unknown ones and unsound profiles are problems too. */
  readonly audit?: AuditFormats;
  /** How files of rules are found and judged; when not given, rules are not read. */
  readonly rules?: RuleFiles;
  /** The rules of the senders; when given, what they would refuse is a problem too. */
  readonly outgoing?: OutgoingChecks;
  /** The templates of actuators; when given, what they would refuse is a problem too. */
  readonly actuators?: ActuatorCheck;
  /** The rules of the redactor; when given, what it would refuse is a problem too. */
  readonly redaction?: RedactionChecks;
}

export type LoadResult =
  | { readonly config: TripcoilConfig }
  | { readonly problems: readonly Problem[] };

export const CONFIG_JSON_SCHEMA = z.toJSONSchema(CONFIG_SCHEMA, { io: 'input' }) as JsonSchema;

/** Loads the configuration, or lists everything that is wrong with it. Never throws. */
export function loadConfig(options: LoadOptions): LoadResult {
  const base = options.file === undefined ? null : dirname(resolve(options.file));
  const inBase = (path: string) => (base === null ? path : resolve(base, path));
  const text = options.text ?? readText(options);
  if (text === null) {
    const message = 'cannot be read: check that it exists and may be read';
    return { problems: [{ path: '', line: 1, column: 1, message }] };
  }
  const readSecret = (path: string) => secretText(options.readFile, inBase(path));
  const document = parseDocument(text, CONFIG_JSON_SCHEMA, substitution(options.env, readSecret));
  const checked = CONFIG_SCHEMA.safeParse(document.value);
  const { value, locate } = document;
  const detection = readDetection(document, options.rules ?? null, options.detectors ?? [], inBase);
  const problems = [
    ...detection.problems,
    ...document.problems,
    ...problemsOfIssues(checked.error?.issues ?? [], value, CONFIG_JSON_SCHEMA, locate),
    ...crossChecks(
      document,
      options.detectors === undefined ? null : [...options.detectors, ...detection.named],
      readSecret,
      options.audit ?? null,
      options.outgoing ?? null,
      options.redaction ?? null,
    ),
    ...actuatorProblems(value, options.actuators ?? null, inBase, locate),
  ];
  if (problems.length > 0 || !checked.success) return { problems: sortProblems(problems) };
  return { config: toConfig(checked.data, detection, inBase, readSecret) };
}

/** Settings of one tenant: its own keys over the general ones, detector by detector. */
export function tenantConfigOf(config: TripcoilConfig, tenant: string): TenantConfig {
  const own = Object.hasOwn(config.tenants, tenant) ? config.tenants[tenant] : undefined;
  const merged: Record<string, TenantConfig['detectors'][string]> = { ...config.detectors };
  for (const [id, settings] of Object.entries(own?.detectors ?? {})) {
    merged[id] = { ...(Object.hasOwn(merged, id) ? merged[id] : {}), ...settings };
  }
  const sources = { ...config.sources, ...own?.sources };
  const breakers = { ...config.breakers, ...own?.breakers };
  return {
    ...{ detectors: merged, sources, chains: config.chains, breakers },
    ...detectionOf(config.rules, config.exceptions, own),
  };
}

/** The process's configuration for any tenant, then that of each tenant with its own. */
export function tenantConfigsOf(config: TripcoilConfig): ReadonlyMap<string, TenantConfig> {
  const named = Object.keys(config.tenants);
  return new Map([
    [
      SYSTEM_TENANT,
      {
        detectors: config.detectors,
        sources: config.sources,
        chains: config.chains,
        breakers: config.breakers,
        ...detectionOf(config.rules, config.exceptions),
      },
    ],
    ...named.map((tenant) => [tenant, tenantConfigOf(config, tenant)] as const),
  ]);
}

function readText(options: LoadOptions): string | null {
  if (options.file === undefined) return '';
  try {
    return options.readFile(options.file);
  } catch {
    return null;
  }
}

/** A file's text without its final line break; null when it cannot be read. */
function secretText(readFile: LoadOptions['readFile'], path: string): string | null {
  try {
    return readFile(path).replace(/\r?\n$/, '');
  } catch {
    return null;
  }
}

function substitution(
  env: LoadOptions['env'],
  readSecret: (path: string) => string | null,
): Substitute {
  return (scheme, argument) => {
    if (scheme === 'env') {
      const value = Object.hasOwn(env, argument) ? env[argument] : undefined;
      if (value === undefined || value === '') {
        return { problem: `refers to the environment variable ${argument}, which is not set` };
      }
      return { text: value };
    }
    const text = readSecret(argument);
    return text === null ? { problem: `refers to ${argument}, which cannot be read` } : { text };
  };
}

function toConfig(
  document: ConfigDocument,
  detection: ReadDetection,
  inBase: (path: string) => string,
  readSecret: (path: string) => string | null,
): TripcoilConfig {
  const { store, log, alerts, telemetry } = document;
  return {
    listen: listenerOf(document.listen, inBase),
    otlp: listenerOf(document.otlp, inBase),
    otlpGrpc: listenerOf(document.otlp_grpc, inBase),
    aliases: document.aliases,
    audit: auditConfigOf(document.audit, readSecret),
    dataDirectory: inBase(document.data_directory),
    anchorFile: document.anchor_file === undefined ? null : inBase(document.anchor_file),
    publicUrl: document.public_url ?? null,
    tokens: document.tokens.map(({ name, roles, tenants, trust, ...given }) => {
      const token = given.token ?? readSecret(given.token_file ?? '') ?? '';
      const sha256 = given.token_sha256 ?? createHash('sha256').update(token).digest('hex');
      return { name, sha256, roles, tenants: tenantsOf(tenants), trust };
    }),
    identity: {
      issuers: document.identity.issuers.map((issuer) => tokenIssuerOf(issuer, readSecret)),
    },
    grantsFile: document.grants_file === undefined ? null : inBase(document.grants_file),
    detectors: settingsOf(document.detectors),
    ...detection.general,
    detectorModules: (document.detectors.modules ?? []).map(inBase),
    sources: sourcesOf(document.sources),
    chains: { decisionGraceMs: document.chains.decision_grace_ms },
    breakers: breakersOf(document.breakers),
    evaluators: evaluatorsOf(document.evaluators),
    tenants: tenantSettingsOf(document.tenants, detection),
    ledger: { masterKey: masterKeyOf(document.ledger) },
    retention: retentionsOf(document),
    redaction: redactionOf(document, readSecret),
    kafka: {
      sources: document.kafka.sources.map((source) => kafkaSourceOf(source, readSecret)),
    },
    revocation: {
      receivers: document.revocation.receivers.map((receiver) => ({
        name: receiver.name,
        url: receiver.url,
        tenants: tenantsOf(receiver.tenants),
        audience: receiver.audience,
        authorization: receiver.authorization ?? null,
        events: receiver.events ?? null,
        allowLoopback: receiver.allow_loopback,
        allowPrivate: receiver.allow_private,
      })),
      actuators: actuatorsOf(document.revocation, inBase),
      effect: effectOf(document.revocation.effect),
      credentials: { vault: document.revocation.credentials.vault ?? null },
      gateway: gatewayOf(document.revocation.gateway, inBase),
      introspection: document.revocation.introspection.map(introspectionOf),
      kafka: document.revocation.kafka.map((sink) => kafkaSinkOf(sink, readSecret)),
      ssf: sharedSignalsOf(document.revocation.ssf),
    },
    alerts: {
      webhook:
        alerts.webhook === undefined
          ? null
          : { url: alerts.webhook.url, secret: alerts.webhook.secret ?? null },
    },
    store,
    telemetry: { ownTraces: telemetry.own_traces ?? null, forward: telemetry.forward ?? null },
    log,
  };
}

function tenantSettingsOf(
  tenants: ConfigDocument['tenants'],
  detection: ReadDetection,
): TripcoilConfig['tenants'] {
  const settings = Object.entries(tenants).map(([tenant, { detectors, sources, breakers }]) => {
    const watch = {
      ...(sources && { sources: sourcesOf(sources) }),
      ...(breakers && { breakers: breakersOf(breakers) }),
    };
    const own = {
      detectors: settingsOf(detectors),
      ...detectionOf([], [], detection.tenants.get(tenant)),
    };
    return [tenant, { ...own, ...watch }] as const;
  });
  return Object.fromEntries(settings);
}

/** What stands beside the settings of detectors is read by `readDetection`. */
function settingsOf(given: ConfigDocument['detectors']): TenantConfig['detectors'] {
  const { rules: _rules, exceptions: _exceptions, modules: _modules, ...settings } = given;
  return settings as TenantConfig['detectors'];
}

function sourcesOf({
  mode,
  gap_grace_minutes: graceMinutes,
  silence_floor_minutes: floorMinutes,
}: ConfigDocument['sources']): SourceWatchConfig {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(graceMinutes === undefined ? {} : { gapGraceMs: Math.round(graceMinutes * MINUTE_MS) }),
    ...(floorMinutes === undefined ? {} : { silenceFloorMs: Math.round(floorMinutes * MINUTE_MS) }),
  };
}

function retentionsOf({ retention, tenants }: ConfigDocument): TripcoilConfig['retention'] {
  const named = Object.entries(tenants);
  const own = named.map(([tenant, each]) => [tenant, retentionOf(retention, each.retention)]);
  return { general: retentionOf(retention), tenants: Object.fromEntries(own) };
}

function redactionOf(
  { redaction, tenants }: ConfigDocument,
  readFile: (path: string) => string | null,
): TripcoilConfig['redaction'] {
  const general = generalPolicy(redaction, readFile);
  const named = Object.entries(tenants);
  return {
    general,
    tenants: Object.fromEntries(
      named.map(([tenant, own]) => [tenant, redactionPolicyOf(general, own.redaction, readFile)]),
    ),
    legalHolds: named.filter(([, own]) => own.legal_hold).map(([tenant]) => tenant),
    external: externalRecogniserOf(redaction),
  };
}

/** What one tenant wants redacted; the same object every time. */
export function redactionOfTenant(config: TripcoilConfig, tenant: string): RedactionPolicy {
  const { general, tenants } = config.redaction;
  return (Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined) ?? general;
}

function tenantsOf(tenants: readonly string[]): readonly string[] | '*' {
  return tenants.includes('*') ? '*' : tenants;
}
