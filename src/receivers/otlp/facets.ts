import type { AccessEvent, JsonValue, OutcomeStatus, Verdict } from '../../core/access-event.ts';
import { OUTCOMES, VERDICTS } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { boundedId } from '../identifier.ts';
import type { Slot } from './attribute-table.ts';
import { FIELD } from './attribute-table.ts';
import type { Classified } from './classify.ts';
import { pathOf } from './classify.ts';
import { parsed } from './content.ts';
import type { FieldValues } from './field-values.ts';
import { byteSize } from './field-values.ts';

// One function per part of an AccessEvent. Each returns undefined when nothing was said.

/** An object under construction. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Sets a member unless there is nothing to set; spreading or copying costs several times more. */
export function put<T extends object, Key extends keyof T>(
  on: T,
  key: Key,
  value: T[Key] | undefined,
): void {
  if (value !== undefined) on[key] = value;
}

export function decisionOf(fields: FieldValues): AccessEvent['decision'] {
  const said = fields.text(FIELD.verdict) ?? fields.peek(FIELD.disposition);
  const verdict = said === undefined ? gatewayVerdict(fields) : VERDICT_WORDS.get(lower(said));
  if (verdict === undefined) return undefined;
  const decision: Mutable<NonNullable<AccessEvent['decision']>> = { verdict };
  put(decision, 'id', identifier(fields, FIELD.decisionId));
  put(
    decision,
    'reason',
    shortText(fields, FIELD.decisionReason) ?? fields.peek(FIELD.decisionSource),
  );
  const id = identifier(fields, FIELD.policyId);
  const version = identifier(fields, FIELD.policyVersion);
  if (id !== undefined || version !== undefined) {
    const policy: Mutable<{ readonly id?: string; readonly version?: string }> = {};
    put(policy, 'id', id);
    put(policy, 'version', version);
    decision.policy = policy;
  }
  return decision;
}

/** agentgateway answers by itself for these reasons; others come from upstream. */
function gatewayVerdict(fields: FieldValues): Verdict | undefined {
  const reason = fields.peek(FIELD.gatewayReason);
  return reason !== undefined && GATEWAY_DENIALS.has(reason) ? 'deny' : undefined;
}

const GATEWAY_DENIALS: ReadonlySet<string> = new Set([
  'Authorization',
  'JwtAuth',
  'Oidc',
  'BasicAuth',
  'APIKeyAuth',
  'ExtAuth',
  'Guardrail',
  'RateLimit',
]);

/** Guardrails modify and warn while letting through; escalation asks a person. */
const VERDICT_WORDS: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ...VERDICTS.map((verdict): [string, Verdict] => [verdict, verdict]),
  ['accept', 'allow'],
  ['approved', 'allow'],
  ['approved_for_session', 'allow'],
  ['approved_execpolicy_amendment', 'allow'],
  ['passed', 'allow'],
  ['modify', 'allow'],
  ['warn', 'allow'],
  ['simulate', 'allow'],
  ['reject', 'deny'],
  ['denied', 'deny'],
  ['abort', 'deny'],
  ['failed', 'deny'],
  ['block', 'deny'],
  ['escalate', 'challenge'],
  ['ask', 'challenge'],
]);

export function approvalOf(
  fields: FieldValues,
  classified: Classified,
  decision: AccessEvent['decision'],
): AccessEvent['approval'] {
  const own = fields.text(FIELD.approvalStatus);
  const implied =
    classified.kind === 'approval' ? APPROVAL_BY_VERDICT[decision?.verdict ?? ''] : '';
  const status = own ?? implied;
  if (!status) return undefined;
  const approval: Mutable<NonNullable<AccessEvent['approval']>> = { status };
  put(approval, 'id', identifier(fields, FIELD.approvalId));
  put(approval, 'approver', fields.text(FIELD.approver));
  return approval;
}

const APPROVAL_BY_VERDICT: Readonly<Record<string, string>> = {
  allow: 'approved',
  deny: 'denied',
  challenge: 'required',
  pending: 'pending',
};

export function outcomeOf(
  fields: FieldValues,
  decision: AccessEvent['decision'],
  status: { readonly code: number; readonly isSpan: boolean; readonly exception: string },
): AccessEvent['outcome'] {
  const errorType = fields.text(FIELD.errorType) ?? (status.exception || undefined);
  const own = fields.text(FIELD.outcome);
  const known = OUTCOMES.includes(own as OutcomeStatus) ? (own as OutcomeStatus) : undefined;
  const judged = known ?? judgedOutcome(fields, decision, errorType, status);
  return errorType === undefined ? { status: judged } : { status: judged, errorType };
}

function judgedOutcome(
  fields: FieldValues,
  decision: AccessEvent['decision'],
  errorType: string | undefined,
  status: { readonly code: number; readonly isSpan: boolean },
): OutcomeStatus {
  if (decision?.verdict === 'deny') return 'denied';
  const http = Number(fields.peek(FIELD.httpStatus) ?? 0);
  const grpc = lower(fields.peek(FIELD.grpcStatus) ?? '');
  if (http === 401 || http === 403 || http === 429 || GRPC_DENIED.has(grpc)) return 'denied';
  const error = lower(errorType ?? '');
  if (http === 408 || http === 504 || grpc === '4' || /time(d_?)?_?out|deadline/.test(error)) {
    return 'timeout';
  }
  if (grpc === '1' || /cancel|abort/.test(error)) return 'cancelled';
  if (/denied|forbidden|unauthori|permission/.test(error)) return 'denied';
  const succeeded = fields.text(FIELD.succeeded);
  if (succeeded === 'false' || status.code === 2 || http >= 400 || error !== '') return 'failure';
  if (status.isSpan || succeeded === 'true') return 'success';
  return http >= 200 && http < 400 ? 'success' : 'unknown';
}

/** PERMISSION_DENIED and UNAUTHENTICATED, by number and name. */
const GRPC_DENIED: ReadonlySet<string> = new Set([
  '7',
  '16',
  'permission_denied',
  'unauthenticated',
]);

export function resourceOf(
  fields: FieldValues,
  { kind, target }: Classified,
  agentId: string,
): AccessEvent['resource'] {
  const model = kind === 'model_call' ? fields.text(FIELD.model) : undefined;
  const own = identifier(fields, FIELD.resourceId);
  const run = kind === 'agent_run' ? agentId : accessedId(fields, kind);
  const found = own ?? target ?? model ?? run;
  const resource: Mutable<NonNullable<AccessEvent['resource']>> = {};
  put(resource, 'type', fields.text(FIELD.resourceType) ?? resourceType(fields, kind));
  if (found !== undefined) resource.id = boundedId(found);
  put(resource, 'tenant', identifier(fields, FIELD.resourceTenant));
  put(resource, 'server', identifier(fields, FIELD.resourceServer));
  put(resource, 'region', identifier(fields, FIELD.resourceRegion));
  put(resource, 'sensitivity', identifier(fields, FIELD.resourceSensitivity));
  return isEmpty(resource) ? undefined : resource;
}

function accessedId(fields: FieldValues, kind: Classified['kind']): string | undefined {
  if (kind !== 'data_access') return undefined;
  const table = fields.peek(FIELD.dbCollection);
  const database = fields.peek(FIELD.dbNamespace);
  if (table !== undefined) return database === undefined ? table : `${database}.${table}`;
  return (
    database ??
    pathOf(fields) ??
    fields.peek(FIELD.messagingDestination) ??
    fields.peek(FIELD.rpcService)
  );
}

function resourceType(fields: FieldValues, kind: Classified['kind']): string | undefined {
  if (kind === 'model_call') return 'model';
  if (kind === 'agent_run' || kind === 'delegation') return 'agent';
  if (fields.peek(FIELD.mcpMethod)?.startsWith('resources/')) return 'mcp';
  if (kind !== 'data_access') return undefined;
  if (fields.peek(FIELD.dbSystem) !== undefined) return fields.peek(FIELD.dbSystem);
  if (fields.peek(FIELD.httpMethod) !== undefined) return 'http';
  if (fields.peek(FIELD.rpcMethod) !== undefined) return 'rpc';
  return fields.peek(FIELD.messagingOperation) === undefined ? undefined : 'messaging';
}

/**
 * Volume of one action. Tokens count on model calls alone, since runs repeat the sum of theirs.
 * Results are counted and forgotten.
 */
export function volumeOf(fields: FieldValues, { kind }: Classified): AccessEvent['volume'] {
  const acts = kind === 'tool_call' || kind === 'data_access';
  const result = acts ? fields.raw(FIELD.result) : undefined;
  const sent = acts ? fields.raw(FIELD.arguments) : undefined;
  const counted = kind === 'model_call';
  const usage = counted ? figuresOf(fields.raw(FIELD.usageDetails)) : undefined;
  const tokensOut = counted ? (fields.amount(FIELD.tokensOut) ?? usage?.output) : undefined;
  const tokensIn = counted ? (fields.amount(FIELD.tokensIn) ?? usage?.input) : undefined;
  const total = tokensIn === undefined && tokensOut === undefined && counted;
  const volume: Mutable<NonNullable<AccessEvent['volume']>> = {};
  put(
    volume,
    'records',
    fields.amount(FIELD.records) ?? (acts ? recordsOf(fields, result) : undefined),
  );
  put(volume, 'bytesIn', fields.amount(FIELD.bytesIn) ?? sizeOf(sent));
  put(volume, 'bytesOut', fields.amount(FIELD.bytesOut) ?? sizeOf(result));
  put(volume, 'tokensIn', total ? (fields.amount(FIELD.tokensTotal) ?? usage?.total) : tokensIn);
  put(volume, 'tokensOut', tokensOut);
  put(volume, 'costUsd', kind === 'agent_run' ? undefined : costOf(fields));
  return isEmpty(volume) ? undefined : volume;
}

function costOf(fields: FieldValues): number | undefined {
  const cost = fields.amount(FIELD.costUsd);
  if (cost !== undefined) return cost;
  const micros = fields.amount(FIELD.costMicros);
  return micros === undefined ? figuresOf(fields.raw(FIELD.costDetails))?.total : micros / 1e6;
}

/** Langfuse's figures by name; what was cached is part of the input, as OpenTelemetry counts. */
function figuresOf(
  value: JsonValue | undefined,
): { readonly input?: number; readonly output?: number; readonly total?: number } | undefined {
  const object = parsed(value);
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  const sums: { input?: number; output?: number; total?: number } = {};
  for (const [name, figure] of Object.entries(object)) {
    const [, of] = /^(input|output|total)(?:$|_)/.exec(name) ?? [];
    if (of === undefined || typeof figure !== 'number') continue;
    if (!(figure >= 0 && figure <= LIMITS.volumeMax)) continue;
    const part = of as keyof typeof sums;
    sums[part] = (sums[part] ?? 0) + figure;
  }
  // Named parts already make up the total.
  return sums.total === undefined && (sums.input ?? sums.output) !== undefined
    ? { ...sums, total: (sums.input ?? 0) + (sums.output ?? 0) }
    : sums;
}

function sizeOf(value: JsonValue | undefined): number | undefined {
  return value === undefined ? undefined : byteSize(value);
}

function recordsOf(fields: FieldValues, result: JsonValue | undefined): number | undefined {
  const documents = parsed(fields.raw(FIELD.documents));
  if (Array.isArray(documents)) return documents.length;
  if (fields.flatDocuments > 0) return fields.flatDocuments;
  return countRecords(parsed(result));
}

/** Length of a list, or of the longest list inside an object; undefined where there is none. */
function countRecords(value: JsonValue | undefined): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'object' || value === null) return undefined;
  const object = value as Readonly<Record<string, JsonValue>>;
  // MCP wraps text in a list of content blocks, which says nothing about records.
  const structured = object['structuredContent'];
  if (typeof structured === 'object' && structured !== null) return countRecords(structured);
  let longest: number | undefined;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (key === 'content' || !Array.isArray(member)) continue;
    longest = Math.max(longest ?? 0, member.length);
  }
  return longest;
}

/** A text for people; half a card number would hide from redaction, so a longer one is left out. */
export function shortText(fields: FieldValues, field: Slot): string | undefined {
  const text = fields.peek(field);
  return text === undefined || text.length > LIMITS.attrChars ? undefined : fields.text(field);
}

export function identifier(fields: FieldValues, field: Slot): string | undefined {
  const text = fields.text(field);
  return text === undefined ? undefined : boundedId(text);
}

function lower(text: string): string {
  return text.toLowerCase();
}

function isEmpty(object: object): boolean {
  for (const _key in object) return false;
  return true;
}
