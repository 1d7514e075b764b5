import { isIP } from 'node:net';
import type { Destination } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import { networkClass } from './address.ts';
import { parseNested } from './content.ts';
import { type DestinationKind, kindOfKey } from './destination-keys.ts';
import { redactName } from './event-fields.ts';
import { type Pass, startPass } from './pass.ts';
import { type PersonalType, tokensIn, typeOfToken, withoutTokens } from './tokens.ts';

/** Values longer than this are content, not addresses. */
const VALUE_CHARS = 2_048;
const NODES = 4_096;
const NAME_CHARS = 128;
/** A template that was never filled in (`$repo`, `<owner>/x`) names none. */
const REPOSITORY = /^[\w.@:~+/-]{1,256}$/;
const OBJECT_KEY_CHARS = 32;
const URL_PARTS = /^([a-z][a-z0-9+.-]{1,20}):\/\/([^/?#\s]{1,512})(?:\/([^?#\s]*))?/i;
/** Underscores are no part of host names (RFC 1123), but of names in the DNS, and are resolved. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,8}[a-z][a-z0-9_-]{1,62}$/i;
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

/** A name by itself is as often somebody talked about. */
const POINTING_ALONE: ReadonlySet<PersonalType> = new Set(['email', 'iban', 'ip', 'phone']);

interface Collector {
  readonly pass: Pass;
  readonly found: Destination[];
  readonly seen: Set<string>;
  nodesLeft: number;
}

/**
 * Where the event points outward: the destinations it names, then its resource, then its
 * arguments, by type of value and name of key. `given` is what the sender called destinations;
 * `redacted` is the event as far as it is redacted: personal values are tokens already, and `pass`
 * still knows their non-personal part. On a redacted event it finds the same again.
 */
export function extractDestinations(
  pass: Pass,
  given: unknown,
  redacted: Readonly<Record<string, unknown>>,
): readonly Destination[] {
  const into: Collector = { pass, found: [], seen: new Set(), nodesLeft: NODES };
  if (Array.isArray(given)) {
    for (const destination of given.slice(0, LIMITS.destinationsPerEvent)) {
      addGiven(into, destination);
    }
  }
  const resource = memberOf(redacted['resource'], 'id');
  const kind = memberOf(redacted['resource'], 'type');
  if (typeof resource === 'string') {
    addValue(into, resource, typeof kind === 'string' ? kindOfKey(kind) : null);
  }
  collect(into, memberOf(redacted['action'], 'arguments'), '', 0);
  return into.found;
}

function collect(into: Collector, value: unknown, key: string, depth: number): void {
  if (--into.nodesLeft < 0 || depth > LIMITS.valueDepth) return;
  if (typeof value === 'string') {
    const nested = parseNested(value);
    if (nested === undefined) addArgument(into, value, key);
    else collect(into, nested, key, depth + 1);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(into, item, key, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) {
      collect(into, Reflect.get(value, name), withoutTokens(name), depth + 1);
    }
  }
}

function addArgument(into: Collector, value: string, key: string): void {
  const kind = kindOfKey(key);
  if (kind === 'object') addObject(into, value.trim(), key);
  else addValue(into, value, kind);
}

/**
 * What is acted on by its own number or title, as a keyed token: a title may say anything. Under a
 * key of identifiers only what has a digit is one.
 */
function addObject(into: Collector, value: string, key: string): void {
  if (value === '' || value.length > NAME_CHARS) return;
  const type = typeOfToken(value);
  if (type !== null) {
    addValue(into, value, null);
    return;
  }
  if (/ids?$/i.test(key) && !/\d/.test(value)) return;
  const group = key.toLowerCase().slice(0, OBJECT_KEY_CHARS);
  add(into, { type: 'object', value: into.pass.tokeniser.token('id', value), group });
}

function addGiven(into: Collector, given: unknown): void {
  const type = memberOf(given, 'type');
  const raw = memberOf(given, 'value');
  const group = memberOf(given, 'group');
  if (typeof type !== 'string' || typeof raw !== 'string' || raw === '') return;
  const before = into.found.length;
  const kind = kindOfKey(type);
  const value = redactName(into.pass, raw);
  if (raw !== value || typeOfToken(raw) === null) {
    // The sender has already cut what it calls a path or a bucket.
    const raw = value.includes('://') || kind === 'recipient' || kind === 'account';
    addValue(into, value, raw ? kind : null);
  }
  if (into.found.length > before || into.seen.has(value)) return;
  add(into, {
    type,
    value,
    ...(typeof group === 'string' ? { group } : {}),
  });
}

/** `text` is redacted. Under a key that says nothing, only a whole address counts. */
function addValue(into: Collector, text: string, kind: DestinationKind | null): void {
  const value = text.trim();
  if (value === '' || value.length > VALUE_CHARS || kind === 'origin') return;
  const whole = typeOfToken(value);
  if (whole !== null) {
    const pointing = kind === null ? POINTING_ALONE : POINTING;
    if (whole !== 'secret' && pointing.has(whole)) add(into, personal(into.pass, whole, value));
    return;
  }
  if (!value.includes('://') && kind !== null) {
    const tokens = tokensIn(value).filter(({ type }) => POINTING.has(type));
    for (const token of tokens) add(into, personal(into.pass, token.type, token.text));
    if (tokens.length > 0) return;
  }
  const plain = plainDestination(into.pass, value, kind);
  if (plain !== null) add(into, plain);
}

function personal(pass: Pass, type: PersonalType, token: string): Destination {
  const value = pass.replaced.get(token);
  const group = value === undefined ? null : groupOf(type, value);
  return { type: typeName(type), value: token, ...(group === null ? {} : { group }) };
}

/** A person as a destination is a recipient. */
function typeName(type: PersonalType): string {
  return type === 'person' ? 'recipient' : type;
}

function groupOf(type: PersonalType, value: string): string | null {
  switch (type) {
    case 'email':
      return value.toLowerCase().split(/@|%40/).at(-1) ?? null;
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
  kind: DestinationKind | null,
): Destination | null {
  const url = URL_PARTS.exec(value);
  if (url !== null) return urlDestination(pass, url, kind);
  switch (kind) {
    case 'host':
      return hostDestination(pass, value.split('/')[0] ?? '');
    case 'repository':
      return repositoryDestination(value.replace(/^git@([^:]+):/, '$1/'));
    case 'path':
      return pathDestination(value);
    case 'bucket':
    case 'channel':
      return value.length <= NAME_CHARS ? { type: kind, value } : null;
    case 'recipient':
      return nameDestination(pass, 'recipient', 'person', value);
    case 'account':
      return nameDestination(pass, 'account', 'account', value);
    default:
      return null;
  }
}

function nameDestination(
  pass: Pass,
  type: string,
  token: PersonalType,
  name: string,
): Destination | null {
  if (name.length > NAME_CHARS || withoutTokens(name) !== name) return null;
  return { type, value: pass.tokeniser.token(token, name) };
}

function urlDestination(
  pass: Pass,
  parts: RegExpExecArray,
  kind: DestinationKind | null,
): Destination | null {
  const scheme = (parts[1] ?? '').toLowerCase();
  const authority = parts[2] ?? '';
  if (OBJECT_STORES.has(scheme)) return { type: 'bucket', value: authority };
  if (scheme === 'file') return pathDestination(`/${parts[3] ?? ''}`);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (kind === 'repository') return repositoryDestination(`${host}/${parts[3] ?? ''}`);
  return hostDestination(pass, host);
}

function hostDestination(pass: Pass, authority: string): Destination | null {
  const host = authority.replace(/:\d{1,5}$/, '').replace(/\.$/, '');
  if (/^\[?\[ip:/.test(host)) {
    const token = tokensIn(host)[0];
    return token === undefined ? null : personal(pass, 'ip', token.text);
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
  if (!REPOSITORY.test(name)) return null;
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
  const type = clean(into.pass, destination.type);
  const value = clean(into.pass, destination.value);
  const name = typeOfToken(value) === null ? `${type} ${value}` : value;
  if (into.seen.has(name)) return;
  into.seen.add(name);
  const group = destination.group === undefined ? null : clean(into.pass, destination.group);
  into.found.push({ type, value, ...(group === null ? {} : { group }) });
}

/** What was cut out of a clean text may be none; it is not counted, having stood elsewhere. */
function clean(pass: Pass, text: string): string {
  return redactName(startPass(pass.tokeniser, pass.recognisers, pass.clean), text);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
