import * as z from 'zod';
import { EVENT_FIELDS } from '../core/event-field.ts';
import { auditProblems, type CheckProfile, profileNames } from './audit.ts';
import { isLoopback, listOf, type Report, recordOf, repeated } from './checking.ts';
import type { ParsedDocument } from './document.ts';
import { identityProblems } from './identity.ts';
import { kafkaProblems } from './kafka.ts';
import { kafkaSinkProblems } from './kafka-sink.ts';
import { type Problem, pathText, problemsOfIssues, unknownKey } from './problems.ts';
import { type RedactionChecks, redactionProblems } from './redaction-checks.ts';
import type { JsonSchema, Path } from './schema-path.ts';

/** What the configuration needs to know of a registered detector. */
export interface DetectorOptions {
  readonly id: string;
  readonly config: z.ZodType;
}

/** Rules of what is sent out, which belong to the senders: what is wrong, or null. */
export interface OutgoingChecks {
  readonly address: (
    url: URL,
    reach: { readonly allowLoopback: boolean; readonly allowPrivate: boolean },
  ) => string | null;
  readonly webhookSecret: (secret: string) => string | null;
}

/** What the configuration needs to know of audit formats: the built-in names, and profiles. */
export interface AuditFormats {
  readonly formats: readonly string[];
  readonly checkProfile: CheckProfile;
}

/**
 * Checks that span keys. They read the plain values, tolerant of anything, so that they speak up
 * in the same run as the schema does.
 */
export function crossChecks(
  document: ParsedDocument,
  detectors: readonly DetectorOptions[] | null,
  readSecret: (path: string) => string | null,
  audit: AuditFormats | null,
  outgoing: OutgoingChecks | null,
  redaction: RedactionChecks | null,
): readonly Problem[] {
  const root = recordOf(document.value);
  const tokens = listOf(root['tokens']).map(recordOf);
  const formats = audit && [...audit.formats, ...profileNames(root, readSecret)];
  const receivers = listOf(recordOf(root['revocation'])['receivers']).map(recordOf);
  const at = (path: Path, message: string, add?: string): Problem => ({
    path: pathText(path),
    ...document.locate(path, 'value'),
    message,
    ...(add === undefined ? {} : { add }),
  });
  return [
    ...tokens.flatMap((token, index) => tokenProblems(token, ['tokens', index], readSecret, at)),
    ...repeated(tokens, ['tokens'], at),
    ...receivers.flatMap((receiver, index) =>
      urlProblems(
        receiver['url'],
        ['revocation', 'receivers', index, 'url'],
        {
          http: receiver['allow_loopback'] === true,
          loopback: receiver['allow_loopback'] === true,
        },
        at,
      ),
    ),
    ...repeated(receivers, ['revocation', 'receivers'], at),
    ...introspectionProblems(root, outgoing, at),
    ...(outgoing === null ? [] : outgoingProblems(root, outgoing, at)),
    ...urlProblems(
      recordOf(recordOf(root['alerts'])['webhook'])['url'],
      ['alerts', 'webhook', 'url'],
      { http: true, loopback: true },
      at,
    ),
    ...urlProblems(
      recordOf(recordOf(root['redaction'])['external'])['url'],
      ['redaction', 'external', 'url'],
      { http: true, loopback: true },
      at,
    ),
    ...identityProblems(
      root,
      readSecret,
      (value, path, local) => urlProblems(value, path, { http: local, loopback: local }, at),
      at,
    ),
    ...(audit === null ? [] : auditProblems(root, audit, readSecret, document, at)),
    ...kafkaProblems(root, readSecret, formats, at),
    ...kafkaSinkProblems(root, readSecret, at),
    ...exposureProblems(root, tokens, at),
    ...redactionProblems(root, readSecret, redaction, at),
    ...aliasProblems(root, document),
    ...(detectors === null ? [] : detectorProblems(root, detectors, document)),
  ];
}

function tokenProblems(
  token: Record<string, unknown>,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  const problems: Problem[] = [];
  const given = ['token', 'token_file', 'token_sha256'].filter((key) => Object.hasOwn(token, key));
  if (given.length !== 1) {
    problems.push(at(path, 'needs exactly one of token, token_file, token_sha256'));
  }
  const file = token['token_file'];
  if (typeof file === 'string' && file !== '') {
    const text = readSecret(file);
    if (text === null) problems.push(at([...path, 'token_file'], 'cannot be read'));
    else if (text.length < 16) {
      problems.push(at([...path, 'token_file'], 'holds a token shorter than 16 characters'));
    }
  }
  const serves = listOf(token['roles']).some((role) => role === 'ingest' || role === 'broker');
  if (serves && listOf(token['tenants']).includes('*')) {
    const message = 'may not be * for the roles ingest and broker: name the tenants';
    problems.push(at([...path, 'tenants'], message));
  }
  return problems;
}

/** Addresses that would be refused at the first delivery, and secrets that cannot sign. */
function outgoingProblems(
  root: Record<string, unknown>,
  { address, webhookSecret }: OutgoingChecks,
  at: Report,
): readonly Problem[] {
  const receivers = listOf(recordOf(root['revocation'])['receivers']).map(recordOf);
  const webhook = recordOf(recordOf(root['alerts'])['webhook']);
  const told = (path: Path, url: unknown, allowLoopback: boolean, allowPrivate: boolean) => {
    if (typeof url !== 'string' || !URL.canParse(url)) return [];
    const target = new URL(url);
    // Loopback without leave is told of by its name too, elsewhere.
    if (isLoopback(target.hostname)) return [];
    const problem = address(target, { allowLoopback, allowPrivate });
    return problem === null ? [] : [at(path, problem)];
  };
  const secret = webhook['secret'];
  const unsigned = typeof secret === 'string' && secret !== '' ? webhookSecret(secret) : null;
  return [
    ...receivers.flatMap(({ url, allow_loopback, allow_private }, index) =>
      told(
        ['revocation', 'receivers', index, 'url'],
        url,
        allow_loopback === true,
        allow_private === true,
      ),
    ),
    ...told(['alerts', 'webhook', 'url'], webhook['url'], true, true),
    ...told(
      ['redaction', 'external', 'url'],
      recordOf(recordOf(root['redaction'])['external'])['url'],
      true,
      true,
    ),
    ...(unsigned === null ? [] : [at(['alerts', 'webhook', 'secret'], unsigned)]),
  ];
}

/** Upstreams that a guarded POST would refuse. */
function introspectionProblems(
  root: Record<string, unknown>,
  outgoing: OutgoingChecks | null,
  at: Report,
): readonly Problem[] {
  const upstreams = listOf(recordOf(root['revocation'])['introspection']).map(recordOf);
  return upstreams.flatMap(({ url, allow_loopback, allow_private }, index) => {
    const path: Path = ['revocation', 'introspection', index, 'url'];
    const local = allow_loopback === true;
    const problems = urlProblems(url, path, { http: local, loopback: local }, at);
    if (problems.length > 0 || outgoing === null || typeof url !== 'string') return problems;
    if (!URL.canParse(url) || isLoopback(new URL(url).hostname)) return [];
    const reach = { allowLoopback: local, allowPrivate: allow_private === true };
    const refusal = outgoing.address(new URL(url), reach);
    return refusal === null ? [] : [at(path, refusal)];
  });
}

/** `http` is allowed towards this machine only; `loopback` says whether this machine is. */
function urlProblems(
  value: unknown,
  path: Path,
  allow: { readonly http: boolean; readonly loopback: boolean },
  at: Report,
): readonly Problem[] {
  if (typeof value !== 'string' || !URL.canParse(value)) return [];
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return [at(path, 'must not carry credentials')];
  const local = isLoopback(hostname);
  if (local && !allow.loopback) {
    return [at(path, 'points at this machine: set allow_loopback: true if it is meant to')];
  }
  if (protocol === 'http:' && !(local && allow.http)) return [at(path, 'must be https')];
  return [];
}

/** Listening beyond this machine without credentials would let anyone read, send and trip. */
function exposureProblems(
  root: Record<string, unknown>,
  tokens: readonly Record<string, unknown>[],
  at: Report,
): readonly Problem[] {
  const has = (...roles: readonly string[]) =>
    tokens.some((token) => listOf(token['roles']).some((role) => roles.includes(String(role))));
  const beyond = (section: string) => {
    const host = recordOf(root[section])['host'];
    return typeof host === 'string' && host !== '' && !isLoopback(host);
  };
  const problems: Problem[] = [];
  if (beyond('listen') && !has('operator', 'viewer')) {
    const message = 'is reachable from other machines, so an operator or viewer token is needed';
    problems.push(
      at(['listen', 'host'], message, tokenLines('operator', 'operator, viewer', "'*'", tokens)),
    );
  }
  for (const section of ['otlp', 'otlp_grpc']) {
    if (!beyond(section) || has('ingest')) continue;
    const message = 'is reachable from other machines, so an ingest token is needed';
    problems.push(
      at([section, 'host'], message, tokenLines('sender', 'ingest', 'default', tokens)),
    );
  }
  return problems;
}

/** An attribute may mean two fields, but a name that is no field would be read by nobody. */
function aliasProblems(
  root: Record<string, unknown>,
  { locate }: ParsedDocument,
): readonly Problem[] {
  return Object.keys(recordOf(root['aliases'])).flatMap((name) =>
    (EVENT_FIELDS as readonly string[]).includes(name)
      ? []
      : [unknownKey(['aliases', name], name, EVENT_FIELDS, locate)],
  );
}

function tokenLines(
  name: string,
  roles: string,
  tenant: string,
  tokens: readonly unknown[],
): string {
  const entry = [
    `  - name: ${name}`,
    `    token: \${env:TRIPCOIL_${name.toUpperCase()}_TOKEN}`,
    `    roles: [${roles}]`,
    `    tenants: [${tenant}]`,
  ];
  return [tokens.length === 0 ? 'tokens:' : 'tokens: # add to the list', ...entry].join('\n');
}

const BESIDE_SETTINGS: ReadonlySet<string> = new Set(['rules', 'exceptions', 'modules']);

function detectorProblems(
  root: Record<string, unknown>,
  detectors: readonly DetectorOptions[],
  { value, locate }: ParsedDocument,
): readonly Problem[] {
  const places: (readonly [Path, unknown])[] = [[['detectors'], root['detectors']]];
  for (const [tenant, settings] of Object.entries(recordOf(root['tenants']))) {
    places.push([['tenants', tenant, 'detectors'], recordOf(settings)['detectors']]);
  }
  const ids = detectors.map((detector) => detector.id);
  return places.flatMap(([path, settings]) =>
    Object.entries(recordOf(settings)).flatMap(([id, each]) => {
      if (BESIDE_SETTINGS.has(id)) return [];
      const detector = detectors.find((candidate) => candidate.id === id);
      if (detector === undefined) return [unknownKey([...path, id], id, ids, locate)];
      const checked = detector.config.safeParse(recordOf(recordOf(each)['options']));
      if (checked.success) return [];
      const schema = z.toJSONSchema(detector.config, {
        io: 'input',
        unrepresentable: 'any',
      }) as JsonSchema;
      const prefix = [...path, id, 'options'];
      return problemsOfIssues(checked.error.issues, value, schema, locate, prefix);
    }),
  );
}
