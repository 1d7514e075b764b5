import { hash } from 'node:crypto';
import type { AccessEvent } from '../core/access-event.ts';
import type { Finding, FindingLevel } from '../core/finding.ts';
import { type ExportedEntry, eventOf, findingOf, transitionOf } from './exported-entry.ts';

type Json = Readonly<Record<string, unknown>>;

/** Namespace of our own identifiers, and that of STIX 2.1 section 2.9 for observables. */
const OWN_NAMESPACE = '6f2b1a52-8f0e-5d0b-9c4e-2f6d1b7a9e10';
const OBSERVABLE_NAMESPACE = '00abedb4-aa42-466c-9c01-fed23315a9b7';

/** What is told of the whole export. */
export interface StixSubject {
  readonly title: string;
  readonly madeAt: number;
  readonly software: string;
}

/**
 * A STIX 2.1 bundle: an incident, an indicator for each finding, observed data for each action, and
 * how they belong together. Ids follow from the ledger, so that the same entries are the same
 * objects in every export.
 */
export function stixOf(entries: readonly ExportedEntry[], subject: StixSubject): string {
  const objects = new Map<string, Json>();
  const add = (object: Json & { readonly id: string }): string => {
    objects.set(object.id, object);
    return object.id;
  };
  const author = add(identityOf());
  const own = { created_by_ref: author, object_marking_refs: [TLP_AMBER] };
  const observed = new Map<string, string>();
  for (const entry of entries) {
    const event = eventOf(entry);
    if (event) observed.set(event.id, addObserved(add, entry, event, own));
  }
  const indicators = new Map<string, string>();
  for (const entry of entries) {
    const finding = findingOf(entry);
    if (!finding) continue;
    const id = add({ ...indicatorOf(entry, finding), ...own });
    indicators.set(finding.id, id);
    for (const evidence of finding.evidence.events) {
      const target = observed.get(evidence);
      if (target) add({ ...relation(id, 'based-on', target, stampOf(entry)), ...own });
    }
  }
  const incident = add({ ...incidentOf(entries, subject), ...own });
  for (const id of indicators.values()) {
    add({ ...relation(id, 'indicates', incident, at(lastTime(entries))), ...own });
  }
  for (const entry of entries) {
    if (entry.kind === 'transition') add({ ...noteOf(entry, incident), ...own });
  }
  add(TLP_AMBER_MARKING);
  add({ ...EXTENSION_DEFINITION, ...own });
  const all = [...objects.values()];
  const id = `bundle--${uuid5(OWN_NAMESPACE, all.map((object) => object['id']).join('\n'))}`;
  return `${JSON.stringify({ type: 'bundle', id, objects: all }, null, 1)}\n`;
}

/** STIX 2.1 section 7.2.1.4: predefined, so that every tool knows it. */
const TLP_AMBER = 'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82';
const TLP_AMBER_MARKING = {
  ...{ type: 'marking-definition', spec_version: '2.1', id: TLP_AMBER },
  ...{ created: '2017-01-20T00:00:00.000Z', definition_type: 'tlp', name: 'TLP:AMBER' },
  definition: { tlp: 'amber' },
} as const;

function identityOf() {
  const time = '2026-01-01T00:00:00.000Z';
  return {
    ...{ type: 'identity', spec_version: '2.1', id: ownId('identity', 'tripcoil') },
    ...{ created: time, modified: time, name: 'Tripcoil', identity_class: 'system' },
  };
}

type Add = (object: Json & { readonly id: string }) => string;

/** The agent is software, the principal an account; what was done stands in an extension. */
function addObserved(add: Add, entry: ExportedEntry, event: AccessEvent, own: Json): string {
  const { agent, principal } = event;
  const software = {
    ...{ name: agent.id, vendor: entry.tenant },
    ...(agent.version === undefined ? {} : { version: agent.version }),
  };
  const refs = [add(observable('software', software))];
  if (principal) {
    const account = { user_id: principal.sub, account_type: principal.type ?? 'unknown' };
    refs.push(add(observable('user-account', account)));
  }
  const time = at(event.time);
  return add({
    ...object('observed-data', `event ${entry.tenant} ${entry.seq}`, stampOf(entry)),
    ...{ first_observed: time, last_observed: time, number_observed: 1, object_refs: refs },
    ...own,
    external_references: references(entry),
    extensions: {
      [EXTENSION]: {
        extension_type: 'property-extension',
        ...{ event_id: event.id, action: event.action.name, operation: event.action.op },
        ...{ outcome: event.outcome.status, tenant: entry.tenant },
        ...(event.decision ? { decision: event.decision.verdict } : {}),
        ...(event.resource?.id === undefined ? {} : { resource: event.resource.id }),
      },
    },
  });
}

const EXTENSION = `extension-definition--${uuid5(OWN_NAMESPACE, 'extension action')}`;

const EXTENSION_DEFINITION = {
  ...{ type: 'extension-definition', spec_version: '2.1', id: EXTENSION },
  ...{ created: '2026-01-01T00:00:00.000Z', modified: '2026-01-01T00:00:00.000Z' },
  ...{ name: 'What an agent did', version: '1.0.0', extension_types: ['property-extension'] },
  schema: 'Action, operation, outcome, decision and resource of one event of an agent, as text.',
} as const;

const SEVERITY: Readonly<Record<FindingLevel, number>> = {
  informational: 10,
  low: 30,
  medium: 50,
  high: 75,
  critical: 95,
};

function indicatorOf(entry: ExportedEntry, finding: Finding) {
  const agent = finding.agent || finding.subject?.id || '';
  return {
    ...object('indicator', `finding ${entry.tenant} ${finding.id}`, stampOf(entry)),
    name: finding.title,
    description: finding.explanation,
    indicator_types: ['anomalous-activity'],
    pattern: `[software:name = '${agent.replaceAll(/['\\]/g, '\\$&')}']`,
    ...{ pattern_type: 'stix', pattern_version: '2.1', valid_from: at(finding.time) },
    confidence: Math.max(0, Math.min(100, Math.round(finding.score))),
    labels: [finding.detector, finding.family, finding.level],
    external_references: references(entry),
  };
}

function incidentOf(entries: readonly ExportedEntry[], { title, madeAt, software }: StixSubject) {
  const levels = entries.flatMap((entry) => findingOf(entry)?.level ?? []);
  const worst = Math.max(0, ...levels.map((level) => SEVERITY[level]));
  const first = entries[0];
  const name = first === undefined ? title : `${first.tenant} ${first.seq} ${title}`;
  return {
    ...object('incident', `incident ${name}`, at(lastTime(entries) || madeAt)),
    name: title,
    description: `${entries.length} entries of the ledger, exported by Tripcoil ${software}.`,
    ...(worst > 0 ? { confidence: worst } : {}),
  };
}

function noteOf(entry: ExportedEntry, incident: string) {
  const transition = transitionOf(entry);
  const { key, from, to, level, reason } = transition ?? {};
  return {
    ...object('note', `transition ${entry.tenant} ${entry.seq}`, stampOf(entry)),
    abstract: `${key?.kind} ${key?.id}: ${from} to ${to}, level ${level}`,
    content: reason ?? '',
    object_refs: [incident],
    external_references: references(entry),
  };
}

function relation(source: string, type: string, target: string, time: string) {
  return {
    ...object('relationship', `${source} ${type} ${target}`, time),
    ...{ relationship_type: type, source_ref: source, target_ref: target },
  };
}

function references({ tenant, seq, commitment }: ExportedEntry): readonly Json[] {
  const description = `SHA-256 ${commitment} of salt and text`;
  return [{ source_name: 'tripcoil-ledger', external_id: `${tenant}/${seq}`, description }];
}

function object(type: string, name: string, time: string) {
  return {
    ...{ type, spec_version: '2.1', id: ownId(type, name) },
    ...{ created: time, modified: time },
  };
}

/** Observables have the id that section 2.9 gives them, so that those of others are the same. */
function observable(type: string, properties: Json) {
  const contributing = CONTRIBUTING[type] ?? [];
  const chosen = contributing.filter((name) => properties[name] !== undefined);
  const text = JSON.stringify(
    Object.fromEntries([...chosen].sort().map((name) => [name, properties[name]])),
  );
  const id = `${type}--${uuid5(OBSERVABLE_NAMESPACE, text)}`;
  return { type, spec_version: '2.1', id, ...properties };
}

const CONTRIBUTING: Readonly<Record<string, readonly string[]>> = {
  software: ['name', 'cpe', 'swid', 'vendor', 'version'],
  'user-account': ['account_type', 'user_id', 'account_login'],
};

function ownId(type: string, name: string): string {
  return `${type}--${uuid5(OWN_NAMESPACE, name)}`;
}

/** RFC 9562 section 5.5. */
export function uuid5(namespace: string, name: string): string {
  const space = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const bytes = hash('sha1', Buffer.concat([space, Buffer.from(name)]), 'buffer').subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function stampOf({ loggedAt }: ExportedEntry): string {
  return at(loggedAt);
}

function lastTime(entries: readonly ExportedEntry[]): number {
  return entries.at(-1)?.loggedAt ?? 0;
}

function at(time: number): string {
  return new Date(Math.trunc(time)).toISOString();
}
