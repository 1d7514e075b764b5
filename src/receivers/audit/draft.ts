import { hash } from 'node:crypto';
import type {
  EventKind,
  JsonValue,
  Operation,
  OutcomeStatus,
  Party,
  ReceivedEvent,
  Verdict,
} from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { NO_ACTOR, type Reject, type RejectCode } from '../../core/reject.ts';
import { spiffeIdIn } from '../../core/spiffe.ts';
import { boundedId } from '../identifier.ts';
import { isDeeperThan } from '../json-body.ts';
import { operationOfName } from '../operation.ts';
import { presentedJwt } from '../presented-jwt.ts';
import { isObject } from './field-reader.ts';
import type { MapContext, Mapped } from './format.ts';
import { recordTime } from './record-time.ts';
import { withoutSecrets } from './secret-members.ts';

/**
 * An event as a mapper found it, before anything was checked: values of whatever type the record
 * held. `finish` keeps what has the right type and refuses what lacks an actor, action or time.
 */
export interface Draft {
  readonly format: string;
  /** The whole record: hashed into an id where it states none. */
  readonly record: unknown;
  /** Where the required fields were looked for, as JSON pointers, for the reject. */
  readonly wanted: { readonly time: string; readonly agent: string; readonly action: string };
  readonly id?: unknown;
  /** Tells apart several events of one record that states one id. */
  readonly part?: string | undefined;
  readonly time: unknown;
  readonly kind: EventKind;
  readonly phase?: 'proposed' | 'executed' | undefined;
  readonly source?: { readonly name?: unknown; readonly seq?: unknown };
  readonly tenant?: unknown;
  readonly agent: { readonly id: unknown; readonly name?: unknown; readonly version?: unknown };
  readonly session?: { readonly id?: unknown; readonly conversationId?: unknown };
  readonly trace?: {
    readonly traceId?: unknown;
    readonly spanId?: unknown;
    readonly parentSpanId?: unknown;
    readonly requestId?: unknown;
  };
  readonly principal?: DraftParty | undefined;
  readonly delegation?: readonly DraftParty[] | undefined;
  readonly action: {
    readonly name: unknown;
    readonly op?: Operation | undefined;
    readonly toolCallId?: unknown;
    readonly arguments?: unknown;
  };
  readonly resource?: {
    readonly type?: unknown;
    readonly id?: unknown;
    readonly tenant?: unknown;
    readonly server?: unknown;
    readonly region?: unknown;
  };
  readonly scopes?: { readonly granted?: unknown; readonly required?: unknown };
  readonly volume?: {
    readonly records?: unknown;
    readonly bytesIn?: unknown;
    readonly bytesOut?: unknown;
    readonly tokensIn?: unknown;
    readonly tokensOut?: unknown;
    readonly costUsd?: unknown;
  };
  readonly decision?:
    | {
        readonly verdict: Verdict | undefined;
        readonly id?: unknown;
        readonly reason?: unknown;
        readonly policy?: { readonly id?: unknown; readonly version?: unknown };
        readonly constraints?: unknown;
        readonly expires?: unknown;
      }
    | undefined;
  readonly approval?: {
    readonly status: unknown;
    readonly id?: unknown;
    readonly approver?: unknown;
  };
  readonly token?: {
    readonly jti?: unknown;
    readonly txn?: unknown;
    readonly iss?: unknown;
    readonly sub?: unknown;
    readonly aud?: unknown;
    readonly exp?: unknown;
    /** The token itself, or the `Authorization` header with it. */
    readonly jwt?: unknown;
  };
  readonly intent?: { readonly scope?: unknown };
  readonly outcome?: { readonly status?: OutcomeStatus | undefined; readonly errorType?: unknown };
  readonly latencyMs?: unknown;
  readonly clientIp?: unknown;
  readonly attrs?: { readonly [name: string]: unknown };
}

export interface DraftParty {
  readonly sub: unknown;
  readonly iss?: unknown;
  readonly type?: unknown;
  readonly roles?: unknown;
}

/** Checks and bounds a draft. A denied outcome and a verdict of deny imply each other. */
export function finish(draft: Draft, context: MapContext): Mapped {
  const { wanted } = draft;
  const agentId = identifier(draft.agent.id);
  if (agentId === undefined) return lacks(context, wanted.agent, NO_ACTOR);
  const name = identifier(draft.action.name);
  if (name === undefined) return lacks(context, wanted.action, 'the record names no action');
  const stated = recordTime(draft.time);
  const time = stated ?? context.receivedAt;
  if (time === undefined) {
    return draft.time === undefined
      ? lacks(context, wanted.time, 'the record states no time')
      : refusal(context, 'wrong_type', wanted.time, 'expected a time');
  }
  const { decision, outcome } = judged(draft);
  return present({
    v: 1,
    id: idOf(draft),
    time,
    kind: draft.kind,
    phase: draft.phase ?? 'executed',
    source: present({
      format: draft.format,
      name: identifier(draft.source?.name),
      seq: amount(draft.source?.seq),
    }),
    agent: present({
      id: agentId,
      name: identifier(draft.agent.name),
      version: identifier(draft.agent.version),
      workloadId: spiffeIdIn(agentId) ?? undefined,
    }),
    action: present({
      name,
      op: draft.action.op ?? operationOfName(name),
      toolCallId: identifier(draft.action.toolCallId),
      arguments: content(draft.action.arguments),
    }),
    outcome,
    tenantClaimed: identifier(draft.tenant),
    session: members(draft.session, identifier),
    trace: members(draft.trace, identifier),
    principal: principalOf(draft, agentId),
    delegation: parties(draft.delegation),
    resource: members(draft.resource, identifier),
    scopes: members(draft.scopes, textList),
    volume: members(draft.volume, amount),
    decision,
    approval: approvalOf(draft),
    token: tokenOf(draft),
    jwt: presentedJwt(draft.token?.jwt),
    intent: members(draft.intent, identifier),
    latencyMs: amount(draft.latencyMs),
    clientIp: identifier(draft.clientIp),
    attrs: attrsOf(draft, stated === undefined),
  }) as ReceivedEvent;
}

function lacks(context: MapContext, path: string, message: string): Reject {
  return refusal(context, 'missing_field', path, message);
}

/** A reject of the record that is being mapped. */
export function refusal(
  { position }: MapContext,
  code: RejectCode,
  path: string,
  message: string,
): Reject {
  return { position, code, path, message };
}

/**
 * The first `LIMITS.listItems` parts of one record mapped, and a reject that tells of the others: a
 * decision that is left out unsaid would be one that nobody judges.
 */
export function mapParts<Part>(
  parts: readonly Part[],
  context: MapContext,
  path: string,
  map: (part: Part) => Draft,
): readonly Mapped[] {
  const mapped = parts.slice(0, LIMITS.listItems).map((part) => finish(map(part), context));
  if (parts.length <= LIMITS.listItems) return mapped;
  const message = `one record is at most ${LIMITS.listItems} events`;
  return [...mapped, refusal(context, 'too_large', path, message)];
}

/** A text or whole number as an identifier within `LIMITS.identifierChars`; blank is none. */
export function identifier(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const text = value.trim();
    return text === '' ? undefined : boundedId(text);
  }
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** A number, or a text that is one, from 0 to `LIMITS.volumeMax`. */
export function amount(value: unknown): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 0 && number <= LIMITS.volumeMax)) return undefined;
  return number;
}

const DECIMAL = /^\d{1,18}(?:\.\d{1,9})?$/;

/**
 * Texts of a list, of a list of objects with a name, or of a text with blanks between. What begins
 * with no letter is no scope and no role: a phone number stays whole, so that redaction knows it.
 */
function textList(value: unknown): readonly string[] | undefined {
  const words = text(value)?.split(/\s+/);
  const isOne = words !== undefined && !words.every((word) => /^["'*\p{L}]/u.test(word));
  const items = isOne ? [value] : (words ?? value);
  if (!Array.isArray(items)) return undefined;
  const texts = items.slice(0, LIMITS.listItems).flatMap((item) => identifier(item) ?? []);
  return texts.length === 0 ? undefined : texts;
}

/** Half a card number would hide from redaction, so a longer text is left out, not cut. */
function text(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length > LIMITS.attrChars ? undefined : value;
}

function party(from: DraftParty | undefined): Party | undefined {
  const sub = identifier(from?.sub);
  if (from === undefined || sub === undefined) return undefined;
  return present({
    sub,
    iss: text(from.iss),
    type: identifier(from.type),
    roles: textList(from.roles),
  });
}

/** An agent on nobody's behalf has no principal beside itself. */
function principalOf(draft: Draft, agentId: string): Party | undefined {
  const principal = party(draft.principal);
  return principal?.sub === agentId ? undefined : principal;
}

function parties(from: readonly DraftParty[] | undefined): readonly Party[] | undefined {
  const read = from?.slice(0, LIMITS.listItems).flatMap((each) => party(each) ?? []);
  return read === undefined || read.length === 0 ? undefined : read;
}

function judged(draft: Draft): Pick<ReceivedEvent, 'decision' | 'outcome'> {
  const said = draft.outcome?.status;
  const verdict = draft.decision?.verdict ?? (said === 'denied' ? 'deny' : undefined);
  const isUndone = said === undefined || said === 'failure' || said === 'unknown';
  const status = verdict === 'deny' && isUndone ? 'denied' : (said ?? 'unknown');
  const outcome = present({ status, errorType: identifier(draft.outcome?.errorType) });
  if (verdict === undefined) return { outcome };
  const from = draft.decision;
  const decision = present({
    verdict,
    id: identifier(from?.id),
    reason: text(from?.reason),
    policy: members(from?.policy, identifier),
    constraints: content(from?.constraints),
    expires: recordTime(from?.expires),
  });
  return { decision, outcome };
}

function approvalOf({ approval }: Draft): ReceivedEvent['approval'] {
  const status = identifier(approval?.status);
  if (status === undefined) return undefined;
  return present({
    status,
    id: identifier(approval?.id),
    approver: identifier(approval?.approver),
  });
}

function tokenOf({ token }: Draft): ReceivedEvent['token'] {
  if (token === undefined) return undefined;
  const { aud, exp, iss, jwt: _jwt, ...ids } = token;
  const audience = typeof aud === 'string' ? [aud] : aud;
  const read = present({
    ...members(ids, identifier),
    iss: text(iss),
    aud: textList(audience),
    exp: recordTime(exp),
  });
  return Object.keys(read).length === 0 ? undefined : read;
}

function idOf(draft: Draft): string {
  const stated = identifier(draft.id);
  const id = stated ?? hash('sha256', JSON.stringify(draft.record) ?? '').slice(0, 32);
  return draft.part === undefined ? id : boundedId(`${id}:${draft.part}`);
}

/** Free-form content within the bounds of one event; beyond them it is left out. */
function content(value: unknown): JsonValue | undefined {
  if (value === undefined || value === null || typeof value === 'function') return undefined;
  if (isDeeperThan(value, LIMITS.valueDepth - 2)) return undefined;
  const size = typeof value === 'object' ? JSON.stringify(value).length : String(value).length;
  return size > LIMITS.argumentsChars ? undefined : withoutSecrets(value);
}

function attrsOf(draft: Draft, timeWasReceived: boolean): ReceivedEvent['attrs'] {
  const attrs = Object.create(null) as Record<string, JsonValue>;
  let room: number = LIMITS.attrsPerEvent;
  for (const [name, value] of Object.entries(draft.attrs ?? {})) {
    const kept = typeof value === 'string' ? text(value) : content(value);
    if (kept !== undefined && --room > 0) attrs[name] = kept;
  }
  if (timeWasReceived) attrs['time_source'] = 'received';
  return attrs;
}

/** The members that read as something; undefined where none does. */
function members<T extends object, V>(
  from: T | undefined,
  read: (value: unknown) => V | undefined,
): { [Key in keyof T]?: V } | undefined {
  if (from === undefined) return undefined;
  const kept: { [Key in keyof T]?: V } = {};
  for (const key of Object.keys(from) as (keyof T)[]) {
    const value = read(from[key]);
    if (value !== undefined) kept[key] = value;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

type Present<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the members that are undefined, which `exactOptionalPropertyTypes` keeps apart. */
function present<T extends object>(of: T): Present<T> {
  for (const key of Object.keys(of) as (keyof T)[]) if (of[key] === undefined) delete of[key];
  return of as Present<T>;
}

/** An object of the record, or an empty one, so that reading its members needs no check. */
export function objectAt(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : NOTHING;
}

const NOTHING = {};
