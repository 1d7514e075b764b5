import type { ReceivedEvent } from '../../src/core/access-event.ts';
import { isReject } from '../../src/receivers/audit/format.ts';
import { AUDIT_FORMATS, detectAuditFormat } from '../../src/receivers/audit/formats.ts';
import { fixtureRecords } from '../../src/receivers/audit/testing/fixtures.ts';
import { KINDS, type Kind, type Planter } from './planted-values.ts';

/** Records of one audit format with a value in every text that takes one. */
export interface PlantedRecords {
  readonly format: string;
  /** Every one of them maps to events. */
  readonly good: readonly unknown[];
  /** Each has one value, in a place where the format wants something else. */
  readonly bad: readonly unknown[];
}

type Path = readonly (string | number)[];

/** What a place in a record is good for. */
type Place = 'text' | 'fixed';

const KINDS_PER_RECORD = 3;

const NOW = Date.now();

/** The records of every audit format, with values of some kinds in each text of each record. */
export function recordsFullOf(planter: Planter): readonly PlantedRecords[] {
  const formats = new Map<string, { readonly good: unknown[]; readonly bad: unknown[] }>();
  for (const [index, { name, record }] of fixtureRecords().entries()) {
    const own = formats.get(name) ?? { good: [], bad: [] };
    formats.set(name, own);
    const places = textsIn(record).map((path) => ({ path, place: placeOf(name, record, path) }));
    for (let turn = 0; turn < KINDS_PER_RECORD; turn++) {
      const kind = KINDS[(index * KINDS_PER_RECORD + turn) % KINDS.length] as Kind;
      const here = (path: Path) => `${name} record ${index} ${path.join('.')}`;
      const texts = places.filter(({ place }) => place === 'text');
      const full = texts.reduce((all, { path }) => {
        if (isMeantOtherwise(name, kind, String(path.at(-1)))) return all;
        return replaced(all, path, planter.plant(kind, here(path)));
      }, record);
      own.good.push(withMore(full, (place) => planter.plant(kind, `${name} record ${place}`)));
    }
    for (const [at, { path, place }] of places.entries()) {
      if (place !== 'fixed') continue;
      const kind = KINDS[at % KINDS.length] as Kind;
      const value = planter.plant(kind, `${name} bad record ${path.join('.')}`);
      own.bad.push(replaced(record, path, value));
    }
  }
  return [...formats].map(([format, records]) => ({ format, ...records }));
}

/**
 * Sixteen digits in a row are a span id, dotted numbers a version where one is expected, and the
 * type of an event of OpenAI is a name with dots, taken apart there.
 */
function isMeantOtherwise(name: string, kind: Kind, member: string): boolean {
  if (kind === 'card') return /span_?id$/i.test(member);
  return kind === 'ipv4' ? /version$/i.test(member) : name === 'openai' && member === 'type';
}

function mappedBy(name: string, record: unknown): readonly ReceivedEvent[] {
  const mapped = AUDIT_FORMATS.get(name)?.map(record, { position: 0, receivedAt: NOW }) ?? [];
  return mapped.flatMap((one) => (isReject(one) ? [] : [one]));
}

/** Names that no format knows, as a key and as a value, beside those that it does. */
function withMore(record: unknown, plant: (place: string) => string): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return record;
  return { ...record, [plant('unknown key')]: { note: plant('unknown value') } };
}

const MARK = 'qxzmarker';

/**
 * Tries each place with a word: where the record is refused, is no longer known or belongs to
 * another tenant, the place is fixed.
 */
function placeOf(name: string, record: unknown, path: Path): Place {
  const tried = replaced(record, path, MARK);
  if (detectAuditFormat(tried)?.name !== name) return 'fixed';
  const mapped = AUDIT_FORMATS.get(name)?.map(tried, { position: 0, receivedAt: NOW }) ?? [];
  const isTaken = mapped.length > 0 && !mapped.some(isReject);
  const claims = mappedBy(name, tried).some(({ tenantClaimed }) => tenantClaimed?.includes(MARK));
  return isTaken && !claims ? 'text' : 'fixed';
}

function textsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one, index) => textsIn(one, [...path, index]));
  return Object.entries(value).flatMap(([key, one]) => textsIn(one, [...path, key]));
}

function replaced(value: unknown, path: Path, by: string): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((one, index) => (index === first ? replaced(one, rest, by) : one));
  }
  const members = value as Readonly<Record<string, unknown>>;
  return { ...members, [first]: replaced(members[first], rest, by) };
}
