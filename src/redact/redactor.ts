import type { AccessEvent, Destination } from '../core/access-event.ts';
import { assert } from '../core/errors.ts';
import type { Redacted } from '../core/redacted.ts';
import type { RedactionPolicy } from '../core/redaction-policy.ts';
import { DEFAULT_REDACTION } from '../core/redaction-policy.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { type Metrics, SILENT_METRICS } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import { CleanTextMemory } from './clean-texts.ts';
import { extractDestinations } from './destinations.ts';
import { type RecogniserSet, recognisersFor } from './entities/recognisers.ts';
import { redactFields, redactIdentifier, redactName } from './event-fields.ts';
import { mapFreeTexts, replaceSpans } from './external/free-text.ts';
import type { ExternalRecogniser } from './external/recogniser.ts';
import type { IdentifierDirectory } from './identifier-directory.ts';
import { injectionMarkersOf } from './injection.ts';
import { modeOf, rulesDates } from './modes.ts';
import {
  gazetteerOf,
  lookupOf,
  type NameLookup,
  NameMemory,
  namesAmong,
  replaceNames,
} from './names.ts';
import { fail, type Pass, refill, replacePersonal, startPass } from './pass.ts';
import type { PersonalFindingLog } from './personal-findings.ts';
import { fixedPseudonymKeys, type PseudonymKeys } from './pseudonym-keys.ts';
import { type RenderWork, renderContent, subjectOf } from './render.ts';
import type { SubjectStore } from './subject-store.ts';
import { changeContent, type Members, mapTexts } from './texts.ts';
import { createTokenisers, type Tokenisers } from './tokeniser.ts';
import { PERSONAL_TYPES, REDACTION_FAILED, tokensIn, typeOfToken } from './tokens.ts';

/** An event without a tenant has no key of its own; its pseudonyms meet nobody else's. */
const UNKNOWN_TENANT = '_unknown';
const REDACTION_TYPE = /^[a-z_]{2,32}(?::[a-z_]{2,32})?$/;

/** What the redactor needs: the tenants' pseudonym keys; the rest has a default that keeps none. */
export interface RedactorOptions {
  readonly keys: Pick<KeyRing, 'pseudonymKey'>;
  readonly metrics?: Metrics;
  /** What each tenant wants; the same object for the same policy, or its names are read again. */
  readonly policyOf?: (tenant: string) => RedactionPolicy;
  /** Told where personal data stood. */
  readonly findings?: PersonalFindingLog;
  /** Keys that rotate; without them the key ring's own, for good. */
  readonly pseudonymKeys?: PseudonymKeys;
  /** Takes the values of entities in mode `vault`; without it they are tokens and no more. */
  readonly vault?: Pick<SubjectStore, 'seal' | 'flush'>;
  /** Takes the plain form of identifiers needed to revoke; else they are tokens and no more. */
  readonly directory?: IdentifierDirectory;
  /** Judges free text in content once more, after this redactor. */
  readonly external?: ExternalRecogniser;
}

/** The redactor with what orders about single persons need of it. */
export interface SubjectRedactor extends Redactor {
  /** See `Subjects`. */
  tokensOf(tenant: string, identifier: string): readonly string[];
  /** Forgets every raw value in memory. */
  forget(): void;
}

/** Builds the one redactor of the process. Its memory of what it met is bounded. */
export function createRedactor(options: RedactorOptions): SubjectRedactor {
  const { findings, vault } = options;
  const tokenisers = createTokenisers(options.pseudonymKeys ?? fixedPseudonymKeys(options.keys));
  const metrics = options.metrics ?? SILENT_METRICS;
  const policyOf = options.policyOf ?? (() => DEFAULT_REDACTION);
  const memory = new NameMemory();
  const clean = new CleanTextMemory();
  const passOf = (tenant: string, policy: RedactionPolicy): Pass => {
    const recognisers = recognisersFor(policy);
    return startPass(tokenisers.of(tenant), recognisers, clean.of(recognisers), rulesDates(policy));
  };
  const workOn = (event: AccessEvent): Work => {
    const tenant = tenantOf(event);
    const policy = policyOf(tenant);
    const pass = passOf(tenant, policy);
    const secret = () => options.keys.pseudonymKey(tenant).secret;
    return { pass, event, tenant, policy, memory, secret, vault };
  };
  const { external, directory } = options;
  const redactOne = (tenant: string, text: unknown, redact: typeof redactName): string => {
    const pass = passOf(tenant, policyOf(tenant));
    const redacted = typeof text === 'string' ? redact(pass, text) : REDACTION_FAILED;
    report(metrics, pass);
    return redacted;
  };
  const keep = (pass: Pass, tenant: string) => keepIdentifiers(directory, tokenisers, pass, tenant);

  return {
    redact(event) {
      const work = workOn(event);
      const { pass } = work;
      const members = redactEvent(work);
      keep(pass, work.tenant);
      if (pass.counts.size > 0) findings?.note(event, members);
      report(metrics, pass);
      return mint(members);
    },
    redactText: (tenant, text) => redactOne(tenant, text, redactName),
    redactIdentifier: (tenant, text) => redactOne(tenant, text, redactIdentifier),
    keepIdentifier: (tenant, text) =>
      redactOne(tenant, text, (pass, given) => {
        const redacted = redactIdentifier(pass, given);
        keep(pass, tenant);
        return redacted;
      }),
    ...(external !== undefined && {
      complete: (events: readonly Redacted<AccessEvent>[]) =>
        Promise.all(
          events.map(async (event) => {
            const work = workOn(event);
            const { members, told } = await completeEvent(work, external);
            if (work.pass.counts.size > 0) findings?.note(event, told);
            report(metrics, work.pass);
            return mint(members);
          }),
        ),
    }),
    flush: () => flush(options),
    tokensOf: (tenant, identifier) =>
      everyTokenOf(tokenisers, recognisersFor(policyOf(tenant)), tenant, identifier),
    forget() {
      memory.clear();
      tokenisers.forget();
      clean.clear();
      directory?.forget();
    },
  };
}

/** What was not written must be kept anew when the event comes again. */
function flush({ vault, directory }: RedactorOptions): void {
  try {
    vault?.flush();
  } catch (error) {
    directory?.forget();
    throw error;
  }
}

function everyTokenOf(
  tokenisers: Tokenisers,
  recognisers: RecogniserSet,
  tenant: string,
  identifier: string,
): readonly string[] {
  if (typeOfToken(identifier) !== null) return [identifier];
  const found = redactName(startPass(tokenisers.of(tenant), recognisers), identifier);
  const named = redactIdentifier(startPass(tokenisers.of(tenant), recognisers), identifier);
  const own = recognisers.custom.flatMap(({ type }) => (type === 'secret' ? [] : type));
  const types = new Set([...PERSONAL_TYPES, ...own]);
  const tokens = [...types].flatMap((type) => tokenisers.every(tenant, type, identifier));
  return [...new Set([...tokens, ...tokensIn(`${found}${named}`).map(({ text }) => text)])];
}

/** A plain form that cannot be sealed leaves a token that only `/v1/check` answers for. */
function keepIdentifiers(
  directory: IdentifierDirectory | undefined,
  tokenisers: Tokenisers,
  pass: Pass,
  tenant: string,
): void {
  if (directory === undefined) return;
  for (const [token, plain] of pass.identifiers) {
    if (directory.knows(tenant, token)) continue;
    try {
      const subjects = tokensIn(token).map(({ type, text }) => {
        // The first key is the one that never rotates.
        const [canonical = text] = tokenisers.every(tenant, type, pass.replaced.get(text) ?? '');
        return canonical;
      });
      directory.keep(tenant, token, subjects, plain);
    } catch {
      pass.failures++;
    }
  }
}

/** The only place where an event becomes `Redacted`. */
function mint(members: Readonly<Record<string, unknown>>): Redacted<AccessEvent> {
  return members as unknown as Redacted<AccessEvent>;
}

/** One event on its way through, with everything that has a say in it. */
interface Work extends RenderWork {
  readonly memory: NameMemory;
  readonly vault: RedactorOptions['vault'];
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
  out = withoutNames(work, out);
  const destinations = destinationsOf(pass, event, out);
  sealValues(work, out);
  withinContent(pass, out, () => renderContent(work, out));
  if (destinations.length > 0) out['destinations'] = destinations;
  const redactions = redactionsOf(pass, event);
  if (redactions !== null) out['redactions'] = redactions;
  const markers = markersOf(pass, event);
  if (markers !== null) out['injectionMarkers'] = markers;
  const { aliases } = pass.tokeniser;
  if (aliases.size > 0) out['tokenAliases'] = Object.fromEntries([...aliases].sort());
  return out;
}

/** The event with what the recogniser found replaced, and where that stood. */
async function completeEvent(
  work: Work,
  external: ExternalRecogniser,
): Promise<{ readonly members: Members; readonly told: Members }> {
  const { pass, event } = work;
  const members: Members = { ...event };
  const told: Members = { agent: event.agent };
  try {
    const texts = new Set<string>();
    mapFreeTexts({ ...event }, (text) => {
      texts.add(text);
      return text;
    });
    const judged = new Map(
      await Promise.all([...texts].map(async (text) => [text, await external(text)] as const)),
    );
    mapFreeTexts(members, (text, path) => {
      const spans = judged.get(text) ?? null;
      if (spans === null) return fail(pass);
      const found: string[] = [];
      const out = replaceSpans(text, spans, (type, value) => {
        found.push(replacePersonal(pass, type, value));
        return found.at(-1) ?? '';
      });
      if (found.length > 0) told[path] = `${told[path] ?? ''}${found.join('')}`;
      return out;
    });
    sealValues(work, members);
    renderContent(work, members);
  } catch {
    failContent(pass, members);
  }
  const redactions = redactionsOf(pass, event);
  if (redactions !== null) members['redactions'] = redactions;
  return { members, told };
}

/** As often may a name uncover a find in which there is another name; none does it twice. */
const NAME_ROUNDS = 5;

/**
 * The record without the names that it, its chain or the gazetteer knows. A word may have spoken
 * for or against its neighbour (`Chrome/126.0.6478.1`), so a record that loses one is read again.
 */
function withoutNames(work: Work, redacted: Members): Members {
  const { pass } = work;
  let out = redacted;
  try {
    for (let round = 0; hideNames(work, out); round++) {
      assert(round < NAME_ROUNDS, 'names settle');
      refill(pass);
      out = redactFields(pass, out);
    }
  } catch {
    failContent(pass, out);
  }
  return out;
}

/** A fault in one of these steps costs the content, never lets it through. */
function withinContent(pass: Pass, out: Members, step: () => void): void {
  try {
    step();
  } catch {
    failContent(pass, out);
  }
}

function failContent(pass: Pass, out: Members): void {
  changeContent(out, (_value, path) => (path === 'attrs' ? { content: fail(pass) } : fail(pass)));
}

/** What says who somebody is has its own key; what somebody has goes with the record's person. */
const IDENTIFYING: ReadonlySet<string> = new Set(['email', 'phone', 'person', 'id']);

/** A value that cannot be sealed stays a token that nobody can reveal. */
function sealValues({ pass, policy, tenant, vault }: Work, out: Members): void {
  if (vault === undefined || !Object.values(policy.modes).includes('vault')) return;
  const person = subjectOf(out);
  for (const [token, value] of pass.replaced) {
    const type = typeOfToken(token);
    if (type === null || type === 'secret' || modeOf(policy, type) !== 'vault') continue;
    const subject = person === '' || IDENTIFYING.has(type) ? token : person;
    try {
      vault.seal(tenant, subject, token, value);
    } catch {
      pass.failures++;
    }
  }
}

/** Replaces the names in the content; whether there were any, or texts that wrap some. */
function hideNames({ pass, event, policy, memory }: Work, out: Members): boolean {
  const { propagate, gazetteer } = policy.names;
  const lookups: NameLookup[] = [];
  if (propagate) {
    const known = lookupOf(memory.namesOf(event, namesAmong(pass.replaced)));
    if (known !== null) lookups.push(known);
  }
  if (gazetteer.length > 0) {
    lookups.push(gazetteerFor(gazetteer)((name) => pass.tokeniser.token('person', name)));
  }
  if (lookups.length === 0) return false;
  const { counts } = pass;
  const before = counts.get('person') ?? 0;
  const count = () => void counts.set('person', (counts.get('person') ?? 0) + 1);
  const replace = (text: string) =>
    lookups.reduce((rest, lookup) => replaceNames(rest, lookup, count), text);
  changeContent(out, (value) => mapTexts(value, replace));
  const isUnread = pass.isWrapped && pass.withoutNames === null;
  pass.withoutNames = replace;
  return isUnread || (counts.get('person') ?? 0) > before;
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

/** Looked for in the raw event: content may be dropped further down. */
function markersOf(pass: Pass, event: AccessEvent): Readonly<Record<string, number>> | null {
  try {
    const { action, attrs, reasoning, injectionMarkers } = event;
    return injectionMarkersOf([action.arguments, attrs, reasoning], injectionMarkers);
  } catch {
    pass.failures++;
    return null;
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
