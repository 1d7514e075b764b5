import { isIP } from 'node:net';
import type { Destination } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { networkClass } from './address.ts';
import { type DestinationKind, kindOfKey } from './destination-keys.ts';
import { hintsOfName, redactName } from './event-fields.ts';
import { HINT } from './hit.ts';
import { policyOfKey } from './key-policy.ts';
import { type Pass, redactString } from './pass.ts';
import { scanText } from './scanner.ts';
import { type PersonalType, tokensIn, typeOfToken, withoutTokens } from './tokens.ts';

/** Values longer than this are content, not addresses. */
const VALUE_CHARS = 2_048;
const NODES = 4_096;
const NAME_CHARS = 128;
const URL_PARTS = /^([a-z][a-z0-9+.-]{1,20}):\/\/([^/?#\s]{1,512})(?:\/([^?#\s]*))?/i;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{1,62}$/i;
/** Registries that give out names below these second labels (`co.uk`, `com.br`). */
const SECOND_LEVEL = /^(?:ac|co|com|edu|gob|gouv|gov|ltd|mil|ne|net|nom|or|org|plc|sch)$/;
const OBJECT_STORES = new Set([
  's3',
  's3a',
  'gs',
  'gcs',
  'az',
  'abfs',
  'abfss',
  'wasb',
  'wasbs',
  'oss',
]);
const POINTING: ReadonlySet<PersonalType> = new Set([
  'email',
  'iban',
  'ip',
  'phone',
  'person',
  'account',
]);

interface Collector {
  readonly pass: Pass;
  readonly found: Destination[];
  readonly seen: Set<string>;
  nodesLeft: number;
}

/**
 * Where the event points outward: the destinations it names, then its resource, then its
 * arguments, by type of value and name of key. Personal values become the same tokens as
 * everywhere; the rest stays plain. Call it before redaction, with a pass whose counts are thrown
 * away; on a redacted event it finds the same again.
 */
export function extractDestinations(
  pass: Pass,
  event: {
    readonly destinations?: unknown;
    readonly resource?: unknown;
    readonly action?: unknown;
  },
): readonly Destination[] {
  const into: Collector = { pass, found: [], seen: new Set(), nodesLeft: NODES };
  if (Array.isArray(event.destinations)) {
    for (const given of event.destinations) addGiven(into, given);
  }
  const resource = memberOf(event.resource, 'id');
  const kind = memberOf(event.resource, 'type');
  if (typeof resource === 'string') {
    addValue(
      into,
      resource,
      typeof kind === 'string' ? kindOfKey(kind) : null,
      hintsOfName(resource),
    );
  }
  collect(into, memberOf(event.action, 'arguments'), '', 0);
  return into.found;
}

/** Every URL in a text, as spans; used to tell how much of a text is one. */
export function urlSpans(
  text: string,
): readonly { readonly start: number; readonly end: number }[] {
  return [...text.matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function collect(into: Collector, value: unknown, key: string, depth: number): void {
  if (--into.nodesLeft < 0 || depth > LIMITS.valueDepth) return;
  if (typeof value === 'string') {
    const policy = policyOfKey(key);
    if (policy.credential === null) addValue(into, value, kindOfKey(key), policy.hints);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(into, item, key, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) collect(into, Reflect.get(value, name), name, depth + 1);
  }
}

function addGiven(into: Collector, given: unknown): void {
  const type = memberOf(given, 'type');
  const value = memberOf(given, 'value');
  const group = memberOf(given, 'group');
  if (typeof type !== 'string' || typeof value !== 'string' || value === '') return;
  const before = into.found.length;
  const kind = kindOfKey(type);
  if (typeOfToken(value) === null) {
    for (const personal of personalIn(into.pass, value, HINT.none, false)) add(into, personal);
    // The sender has already cut what it calls a path or a bucket.
    const raw = value.includes('://') || kind === 'recipient' || kind === 'account';
    if (raw && into.found.length === before) addValue(into, value, kind, HINT.none);
  }
  if (into.found.length > before || into.seen.has(value)) return;
  add(into, {
    type: redactName(into.pass, type),
    value: redactString(into.pass, value, HINT.none),
    ...(typeof group === 'string' ? { group: redactName(into.pass, group) } : {}),
  });
}

function addValue(into: Collector, raw: string, kind: DestinationKind | null, hints: number): void {
  const value = raw.trim();
  if (value === '' || value.length > VALUE_CHARS || kind === 'origin') return;
  if (kind === null && !mayPoint(value)) return;
  const personal = personalIn(into.pass, value, hints, kind !== null);
  if (personal.length > 0 && !value.includes('://')) {
    for (const destination of personal) add(into, destination);
    return;
  }
  const redacted = redactString(into.pass, value, hints);
  const plain = plainDestination(into.pass, value, redacted, kind);
  if (plain !== null) add(into, plain);
}

/** Under a key that says nothing, only a value that is wholly an address counts. */
function mayPoint(value: string): boolean {
  if (value.length > LIMITS.identifierChars || /\s/.test(value)) return false;
  return /@|:\/\/|^\+\d|^[A-Za-z]{2}\d\d|^\[[a-z]/.test(value);
}

function personalIn(
  pass: Pass,
  value: string,
  hints: number,
  parts: boolean,
): readonly Destination[] {
  const scan = scanText(value, hints);
  const found: (Destination & { readonly start: number })[] = [];
  for (const hit of scan.hits) {
    if (hit.type === 'secret' || !POINTING.has(hit.type)) continue;
    if (!parts && (hit.start > 0 || hit.end < scan.text.length)) continue;
    const text = scan.text.slice(hit.start, hit.end);
    const group = groupOf(hit.type, text);
    const token = pass.tokeniser.token(hit.type, text);
    found.push({
      start: hit.start,
      type: hit.type,
      value: token,
      ...(group === null ? {} : { group }),
    });
  }
  for (const token of tokensIn(scan.text)) {
    if (!POINTING.has(token.type) || (!parts && token.text !== scan.text)) continue;
    found.push({ start: token.start, type: typeName(token.type), value: token.text });
  }
  return found
    .sort((one, other) => one.start - other.start)
    .map(({ start: _, ...destination }) => destination);
}

/** A person as a destination is a recipient. */
function typeName(type: PersonalType): string {
  return type === 'person' ? 'recipient' : type;
}

function groupOf(type: PersonalType, value: string): string | null {
  switch (type) {
    case 'email':
      return value
        .slice(value.search(/@(?!.*@)|%40(?!.*%40)/))
        .replace(/^(?:@|%40)/, '')
        .toLowerCase();
    case 'iban':
      return value.slice(0, 2).toUpperCase();
    case 'ip':
      return networkClass(value);
    case 'phone':
      return /^\+|^00/.test(value) ? 'international' : 'national';
    default:
      return null;
  }
}

function plainDestination(
  pass: Pass,
  value: string,
  redacted: string,
  kind: DestinationKind | null,
): Destination | null {
  const url = URL_PARTS.exec(redacted);
  if (url !== null) return urlDestination(value, url, kind);
  switch (kind) {
    case 'host':
      return hostDestination(value, redacted.split('/')[0] ?? '');
    case 'repository':
      return repositoryDestination(redacted.replace(/^git@([^:]+):/, '$1/'));
    case 'path':
      return pathDestination(redacted);
    case 'bucket':
    case 'channel':
      return value.length <= NAME_CHARS ? { type: kind, value: redacted } : null;
    case 'recipient':
      return value.length > NAME_CHARS || redacted !== withoutTokens(value)
        ? null
        : { type: 'recipient', value: pass.tokeniser.token('person', value) };
    case 'account':
      return value.length > NAME_CHARS || redacted !== withoutTokens(value)
        ? null
        : { type: 'account', value: pass.tokeniser.token('account', value) };
    default:
      return null;
  }
}

function urlDestination(
  value: string,
  parts: RegExpExecArray,
  kind: DestinationKind | null,
): Destination | null {
  const scheme = (parts[1] ?? '').toLowerCase();
  const authority = parts[2] ?? '';
  if (OBJECT_STORES.has(scheme)) return { type: 'bucket', value: authority };
  if (scheme === 'file') return pathDestination(`/${parts[3] ?? ''}`);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (kind === 'repository') return repositoryDestination(`${host}/${parts[3] ?? ''}`);
  return hostDestination(value, host);
}

function hostDestination(value: string, authority: string): Destination | null {
  const host = authority.replace(/:\d{1,5}$/, '').replace(/\.$/, '');
  if (/^\[?\[ip:/.test(host)) {
    const token = tokensIn(host)[0];
    const raw = /(?:^|\/\/|@)\[?([0-9a-f:.]{3,45})\]?(?::\d+)?(?:[/?#]|$)/i.exec(value)?.[1];
    if (token === undefined) return null;
    return raw !== undefined && isIP(raw) !== 0
      ? { type: 'ip', value: token.text, group: networkClass(raw) }
      : { type: 'ip', value: token.text };
  }
  if (isIP(host) !== 0) return { type: 'ip', value: host, group: networkClass(host) };
  const name = host.toLowerCase();
  if (name === 'localhost') return { type: 'host', value: name, group: name };
  return HOST.test(name) ? { type: 'host', value: name, group: registrable(name) } : null;
}

/** The name someone registered, as far as its shape tells: the last two labels, or three. */
function registrable(host: string): string {
  const labels = host.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  return labels.slice(top.length === 2 && SECOND_LEVEL.test(second) ? -3 : -2).join('.');
}

function repositoryDestination(text: string): Destination | null {
  const parts = text
    .replace(/\.git$/, '')
    .split('/')
    .filter((part) => part !== '');
  const name = parts.slice(0, 3).join('/');
  if (name === '' || name.length > NAME_CHARS * 2) return null;
  return parts.length > 1
    ? { type: 'repository', value: name, group: parts[0] ?? name }
    : { type: 'repository', value: name };
}

/** The first three directories say where; the file's name is one of thousands. */
function pathDestination(text: string): Destination | null {
  const path = text.replaceAll('\\', '/');
  const absolute = path.startsWith('/') ? '/' : '';
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const directories = parts.slice(0, -1).slice(0, 3);
  if (parts.length === 0) return null;
  const value = `${absolute}${directories.join('/')}` || '.';
  return { type: 'path', value, group: `${absolute}${directories[0] ?? ''}` || '.' };
}

function add(into: Collector, destination: Destination): void {
  if (into.found.length >= LIMITS.destinationsPerEvent) return;
  const { type, value } = destination;
  const name = typeOfToken(value) === null ? `${type} ${value}` : value;
  if (into.seen.has(name)) return;
  into.seen.add(name);
  into.found.push(destination);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
