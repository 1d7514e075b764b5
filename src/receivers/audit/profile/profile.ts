import type * as z from 'zod';
import type { EventKind, Operation, OutcomeStatus, Verdict } from '../../../core/access-event.ts';
import { EVENT_KINDS, OPERATIONS, OUTCOMES, VERDICTS } from '../../../core/access-event.ts';
import { TripcoilError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Draft, DraftParty } from '../draft.ts';
import { mapParts } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { at, firstAt } from '../json-pointer.ts';
import { hostOf } from '../network-host.ts';
import { type Reading, readingOf, testOf } from './evaluate.ts';
import { type ProfileDocument, profileSchema, type Source } from './schema.ts';

/** An audit format that is described by a document. */
export interface ProfileFormat extends AuditFormat {
  readonly document: ProfileDocument;
}

/** Everything wrong with a profile: where it stands, and what should stand there. */
export function profileFaults(
  document: unknown,
): readonly { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const issues = profileSchema.safeParse(document).error?.issues ?? [];
  return issues.flatMap(deepest).map(({ path, message, ...issue }) => ({
    path: path.filter((part) => typeof part !== 'symbol'),
    message:
      issue.code === 'unrecognized_keys'
        ? `knows no ${issue.keys.join(', ')}`
        : message.replace(/^Invalid input: /, ''),
  }));
}

type Issue = z.core.$ZodIssue;

/** Of the forms a value may have, the faults of the one that it comes nearest to. */
function deepest(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const forms = issue.errors.map((errors) => errors.flatMap(deepest));
  const depth = (form: readonly Issue[]) => Math.max(0, ...form.map(({ path }) => path.length));
  const isOther = (form: readonly Issue[]) =>
    form.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const [best] = forms
    .filter((form) => !isOther(form))
    .sort((left, right) => depth(right) - depth(left));
  if (best === undefined) {
    return [{ ...issue, message: 'expected a JSON pointer, a step, or a list of them' }];
  }
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** @throws TripcoilError `config_invalid`, naming the first key that is wrong. */
export function compileProfile(document: ProfileDocument): ProfileFormat {
  const [fault] = profileFaults(document);
  if (fault !== undefined) {
    throw new TripcoilError('config_invalid', `profile ${fault.path.join('.')}: ${fault.message}`);
  }
  const checked = profileSchema.parse(document);
  const { profile, title, recognise, container, each } = checked;
  const all = (recognise.all ?? []).map(testOf);
  const any = (recognise.any ?? []).map(testOf);
  const none = (recognise.none ?? []).map(testOf);
  const isRecord = (value: unknown): boolean =>
    isObject(value) &&
    all.every((test) => test(value)) &&
    (any.length === 0 || any.some((test) => test(value))) &&
    !none.some((test) => test(value));
  const listOf = (value: unknown): readonly unknown[] | null => {
    const list = container === undefined ? undefined : at(value, container);
    return Array.isArray(list) ? list : null;
  };
  const drafted = drafter(checked);
  return {
    name: profile,
    title,
    tenantIs: checked.tenantIs ?? 'account',
    document: checked,
    recognises: (value) => isRecord(value) || isRecord(listOf(value)?.[0]),
    recordsOf: (value) => (isRecord(value) ? null : listOf(value)),
    map: (value, context) =>
      (isRecord(value) ? [value] : (listOf(value) ?? [value])).flatMap((record) =>
        mapParts(itemsOf(record, each), context, each ?? '', ({ item, part }) =>
          drafted(item, part),
        ),
      ),
  };
}

interface Item {
  readonly item: unknown;
  readonly part: string | undefined;
}

/** The record, once for each item of its list; the item stands at `/@item`. */
function itemsOf(record: unknown, each: string | undefined): readonly Item[] {
  const list = each === undefined ? undefined : at(record, each);
  if (!Array.isArray(list) || list.length === 0 || !isObject(record)) {
    return [{ item: record, part: undefined }];
  }
  return list.map((item, index) => ({
    item: { ...record, '@item': item },
    part: list.length === 1 ? undefined : String(index),
  }));
}

type Checked = ReturnType<typeof profileSchema.parse>;

function drafter(profile: Checked): (record: unknown, part: string | undefined) => Draft {
  const blank = new Set(profile.blank ?? ['-']);
  const { read, single } = compiled(profile, blank);
  const wanted = {
    time: firstPointer(profile.time),
    agent: firstPointer(profile.agent.id),
    action: firstPointer(profile.action.name),
  };
  return (record, part) => {
    const { id: agentId, name, version } = read.agent(record);
    const action = read.action(record);
    const decision = read.decision(record);
    const outcome = read.outcome(record);
    return {
      ...{ format: profile.profile, record, wanted, part },
      id: single.id(record),
      time: single.time(record),
      kind: word<EventKind>(single.kind(record), EVENT_KINDS) ?? 'admin',
      phase: single.phase(record) === 'proposed' ? 'proposed' : 'executed',
      tenant: single.tenant(record),
      agent: { id: agentId, name, version },
      action: { ...action, name: action['name'], op: word<Operation>(action['op'], OPERATIONS) },
      session: read.session(record),
      trace: read.trace(record),
      principal: read.principal(record) as unknown as DraftParty,
      delegation: delegationOf(profile.delegation, record),
      resource: read.resource(record),
      scopes: read.scopes(record),
      volume: read.volume(record),
      decision: {
        ...decision,
        verdict: word<Verdict>(decision['verdict'], VERDICTS),
        policy: { id: decision['policyId'], version: decision['policyVersion'] },
      },
      approval: { status: undefined, ...read.approval(record) },
      token: read.token(record),
      outcome: {
        status: word<OutcomeStatus>(outcome['status'], OUTCOMES),
        errorType: outcome['errorType'],
      },
      latencyMs: single.latencyMs(record),
      clientIp: hostOf(single.clientIp(record)),
      attrs: read.attrs(record),
    };
  };
}

const SINGLE = ['id', 'time', 'kind', 'phase', 'tenant', 'latencyMs', 'clientIp'] as const;
const GROUPS = [
  ...(['agent', 'action', 'session', 'trace', 'principal', 'resource', 'scopes'] as const),
  ...(['volume', 'decision', 'approval', 'token', 'outcome', 'attrs'] as const),
] as const;
type GroupReading = (record: unknown) => Readonly<Record<string, unknown>>;

function compiled(
  profile: Checked,
  blank: ReadonlySet<string>,
): {
  readonly single: Readonly<Record<(typeof SINGLE)[number], Reading>>;
  readonly read: Readonly<Record<(typeof GROUPS)[number], GroupReading>>;
} {
  const reading = (source: Source | undefined): Reading =>
    source === undefined ? () => undefined : readingOf(source, blank);
  const single = SINGLE.map((name) => [name, reading(profile[name])] as const);
  const groups = GROUPS.map((name) => [name, groupReading(profile[name], reading)] as const);
  return {
    single: Object.fromEntries(single) as Record<(typeof SINGLE)[number], Reading>,
    read: Object.fromEntries(groups) as Record<(typeof GROUPS)[number], GroupReading>,
  };
}

function groupReading(
  sources: Readonly<Record<string, Source | undefined>> | undefined,
  reading: (source: Source | undefined) => Reading,
): GroupReading {
  const readings = Object.entries(sources ?? {}).map(
    ([name, source]) => [name, reading(source)] as const,
  );
  return (record) => {
    const read = Object.create(null) as Record<string, unknown>;
    for (const [name, from] of readings) read[name] = from(record);
    return read;
  };
}

function delegationOf(
  delegation: Checked['delegation'],
  record: unknown,
): readonly DraftParty[] | undefined {
  const list = delegation && at(record, delegation.in);
  if (!Array.isArray(list) || delegation === undefined) return undefined;
  return list.slice(0, LIMITS.listItems).map((item) => ({ sub: firstAt(item, ...delegation.sub) }));
}

function word<Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((known) => known === value);
}

/** Where a reject says the field should have stood: the pointer of first preference. */
function firstPointer(source: Source): string {
  const singles = Array.isArray(source) ? source : [source];
  for (const single of singles) {
    if (typeof single === 'string') return single;
    const pointer = single.at ?? single.join?.[0] ?? single.find?.in;
    if (pointer !== undefined) return pointer;
  }
  return '';
}
