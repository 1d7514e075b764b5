import type { AccessEvent, Destination } from '../core/access-event.ts';
import type { Redacted } from '../core/redacted.ts';
import type { RedactionPolicy } from '../core/redaction-policy.ts';
import { DEFAULT_REDACTION } from '../core/redaction-policy.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { type Metrics, SILENT_METRICS } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import { extractDestinations } from './destinations.ts';
import { recognisersFor } from './entities/recognisers.ts';
import { redactFields, redactIdentifier, redactName } from './event-fields.ts';
import {
  gazetteerOf,
  lookupOf,
  type NameLookup,
  NameMemory,
  namesAmong,
  replaceNames,
} from './names.ts';
import { fail, type Pass, startPass } from './pass.ts';
import type { PersonalFindingLog } from './personal-findings.ts';
import { type RenderWork, renderContent } from './render.ts';
import { changeContent, type Members, mapTexts } from './texts.ts';
import { createTokenisers } from './tokeniser.ts';
import { REDACTION_FAILED } from './tokens.ts';

/** An event without a tenant has no key of its own; its pseudonyms meet nobody else's. */
const UNKNOWN_TENANT = '_unknown';
const REDACTION_TYPE = /^[a-z_]{2,20}(?::[a-z_]{2,32})?$/;

/** What the redactor needs: the tenants' pseudonym keys; the rest has a default that keeps none. */
export interface RedactorOptions {
  readonly keys: Pick<KeyRing, 'pseudonymKey'>;
  readonly metrics?: Metrics;
  /** What each tenant wants; the same object for the same policy, or its names are read again. */
  readonly policyOf?: (tenant: string) => RedactionPolicy;
  /** Told where personal data stood. */
  readonly findings?: PersonalFindingLog;
}

/** Builds the one redactor of the process. Its memory of pseudonyms and names is bounded. */
export function createRedactor(options: RedactorOptions): Redactor {
  const { findings } = options;
  const tokenisers = createTokenisers(options.keys);
  const metrics = options.metrics ?? SILENT_METRICS;
  const policyOf = options.policyOf ?? (() => DEFAULT_REDACTION);
  const memory = new NameMemory();

  return {
    redact(event) {
      const tenant = tenantOf(event);
      const pass = startPass(tokenisers.of(tenant), recognisersFor(policyOf(tenant).regions));
      const work = { pass, event, tenant, policy: policyOf(tenant), memory };
      const members = redactEvent({
        ...work,
        secret: () => options.keys.pseudonymKey(tenant).secret,
      });
      if (pass.counts.size > 0) findings?.note(event, members);
      report(metrics, pass);
      return mint(members);
    },
    redactText(tenant, text) {
      const pass = startPass(tokenisers.of(tenant), recognisersFor(policyOf(tenant).regions));
      const redacted = typeof text === 'string' ? redactName(pass, text) : REDACTION_FAILED;
      report(metrics, pass);
      return redacted;
    },
    redactIdentifier(tenant, text) {
      const pass = startPass(tokenisers.of(tenant), recognisersFor(policyOf(tenant).regions));
      const redacted = typeof text === 'string' ? redactIdentifier(pass, text) : REDACTION_FAILED;
      report(metrics, pass);
      return redacted;
    },
  };
}

/** The only place where an event becomes `Redacted`. */
function mint(members: Readonly<Record<string, unknown>>): Redacted<AccessEvent> {
  return members as unknown as Redacted<AccessEvent>;
}

/** One event on its way through, with everything that has a say in it. */
interface Work extends RenderWork {
  readonly memory: NameMemory;
}

function redactEvent(work: Work): Members {
  const { pass, event } = work;
  let out: Members;
  try {
    out = redactFields(pass, event);
  } catch {
    pass.failures++;
    return {};
  }
  withinContent(pass, out, () => hideNames(work, out));
  const destinations = destinationsOf(pass, event, out);
  withinContent(pass, out, () => renderContent(work, out));
  if (destinations.length > 0) out['destinations'] = destinations;
  const redactions = redactionsOf(pass, event);
  if (redactions !== null) out['redactions'] = redactions;
  return out;
}

/** A fault in one of these steps costs the content, never lets it through. */
function withinContent(pass: Pass, out: Members, step: () => void): void {
  try {
    step();
  } catch {
    changeContent(out, (_value, path) => (path === 'attrs' ? { content: fail(pass) } : fail(pass)));
  }
}

/** Replaces names in the words of a record that the record, its chain or the gazetteer knows. */
function hideNames({ pass, event, policy, memory }: Work, out: Members): void {
  const { propagate, gazetteer } = policy.names;
  const lookups: NameLookup[] = [];
  if (propagate) {
    const known = lookupOf(memory.namesOf(event, namesAmong(pass.replaced)));
    if (known !== null) lookups.push(known);
  }
  if (gazetteer.length > 0) {
    lookups.push(gazetteerFor(gazetteer)((name) => pass.tokeniser.token('person', name)));
  }
  if (lookups.length === 0) return;
  const count = () => void pass.counts.set('person', (pass.counts.get('person') ?? 0) + 1);
  const replace = (text: string) =>
    lookups.reduce((rest, lookup) => replaceNames(rest, lookup, count), text);
  changeContent(out, (value) => mapTexts(value, replace));
}

const gazetteers = new WeakMap<readonly string[], ReturnType<typeof gazetteerOf>>();

function gazetteerFor(names: readonly string[]): ReturnType<typeof gazetteerOf> {
  const made = gazetteers.get(names) ?? gazetteerOf(names);
  gazetteers.set(names, made);
  return made;
}

function destinationsOf(
  pass: Pass,
  event: AccessEvent,
  redacted: Readonly<Record<string, unknown>>,
): readonly Destination[] {
  try {
    return extractDestinations(pass, event.destinations, redacted);
  } catch {
    pass.failures++;
    return [];
  }
}

/** What was replaced now, on top of what an earlier pass over the same event replaced. */
function redactionsOf(pass: Pass, event: AccessEvent): Readonly<Record<string, number>> | null {
  const counts = new Map(pass.counts);
  try {
    for (const [type, count] of Object.entries(event.redactions ?? {})) {
      if (!REDACTION_TYPE.test(type) || !Number.isSafeInteger(count) || count < 1) continue;
      counts.set(type, (counts.get(type) ?? 0) + count);
    }
  } catch {
    pass.failures++;
  }
  if (counts.size === 0) return null;
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function tenantOf(event: AccessEvent): string {
  try {
    return String(event.tenant.id);
  } catch {
    return UNKNOWN_TENANT;
  }
}

function report(metrics: Metrics, pass: Pass): void {
  for (const [type, count] of pass.counts) {
    metrics.count('tripcoil_redactions_total', { type }, count);
  }
  if (pass.failures > 0) metrics.count('tripcoil_redaction_failures_total', {}, pass.failures);
}
