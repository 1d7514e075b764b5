import type { AccessEvent, JsonValue, OutcomeStatus, Verdict } from '../../core/access-event.ts';
import { OUTCOMES, VERDICTS } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { boundedId } from '../identifier.ts';
import type { Classified } from './classify.ts';
import { pathOf } from './classify.ts';
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
  const said = fields.text('verdict') ?? fields.peek('disposition');
  const verdict = said === undefined ? gatewayVerdict(fields) : VERDICT_WORDS.get(lower(said));
  if (verdict === undefined) return undefined;
  const decision: Mutable<NonNullable<AccessEvent['decision']>> = { verdict };
  put(decision, 'id', identifier(fields, 'decisionId'));
  put(decision, 'reason', fields.text('decisionReason'));
  const id = fields.text('policyId');
  const version = fields.text('policyVersion');
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
  const reason = fields.peek('gatewayReason');
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
  ['modify', 'allow'],
  ['warn', 'allow'],
  ['simulate', 'allow'],
  ['reject', 'deny'],
  ['denied', 'deny'],
  ['block', 'deny'],
  ['escalate', 'challenge'],
  ['ask', 'challenge'],
]);

export function approvalOf(
  fields: FieldValues,
  classified: Classified,
  decision: AccessEvent['decision'],
): AccessEvent['approval'] {
  const own = fields.text('approvalStatus');
  const implied =
    classified.kind === 'approval' ? APPROVAL_BY_VERDICT[decision?.verdict ?? ''] : '';
  const status = own ?? implied;
  if (!status) return undefined;
  const approval: Mutable<NonNullable<AccessEvent['approval']>> = { status };
  put(approval, 'id', identifier(fields, 'approvalId'));
  put(approval, 'approver', fields.text('approver'));
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
  const errorType = fields.text('errorType') ?? (status.exception || undefined);
  const own = fields.text('outcome');
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
  const http = Number(fields.peek('httpStatus') ?? 0);
  const grpc = lower(fields.peek('grpcStatus') ?? '');
  if (http === 401 || http === 403 || http === 429 || GRPC_DENIED.has(grpc)) return 'denied';
  const error = lower(errorType ?? '');
  if (http === 408 || http === 504 || grpc === '4' || /time(d_?)?_?out|deadline/.test(error)) {
    return 'timeout';
  }
  if (grpc === '1' || /cancel|abort/.test(error)) return 'cancelled';
  if (/denied|forbidden|unauthori|permission/.test(error)) return 'denied';
  const succeeded = fields.text('succeeded');
  if (succeeded === 'false' || status.code === 2 || http >= 400 || error !== '') return 'failure';
  return status.isSpan || succeeded === 'true' ? 'success' : 'unknown';
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
  { kind }: Classified,
  agentId: string,
): AccessEvent['resource'] {
  const model = kind === 'model_call' ? fields.text('model') : undefined;
  const own = identifier(fields, 'resourceId');
  const found = own ?? model ?? (kind === 'agent_run' ? agentId : accessedId(fields, kind));
  const resource: Mutable<NonNullable<AccessEvent['resource']>> = {};
  put(resource, 'type', fields.text('resourceType') ?? resourceType(fields, kind));
  if (found !== undefined) resource.id = boundedId(found);
  put(resource, 'tenant', identifier(fields, 'resourceTenant'));
  put(resource, 'server', identifier(fields, 'resourceServer'));
  put(resource, 'region', fields.text('resourceRegion'));
  put(resource, 'sensitivity', fields.text('resourceSensitivity'));
  return isEmpty(resource) ? undefined : resource;
}

function accessedId(fields: FieldValues, kind: Classified['kind']): string | undefined {
  if (kind !== 'data_access') return undefined;
  const table = fields.peek('dbCollection');
  const database = fields.peek('dbNamespace');
  if (table !== undefined) return database === undefined ? table : `${database}.${table}`;
  return (
    database ?? pathOf(fields) ?? fields.peek('messagingDestination') ?? fields.peek('rpcService')
  );
}

function resourceType(fields: FieldValues, kind: Classified['kind']): string | undefined {
  if (kind === 'model_call') return 'model';
  if (kind === 'agent_run') return 'agent';
  if (fields.peek('mcpMethod')?.startsWith('resources/')) return 'mcp';
  if (kind !== 'data_access') return undefined;
  if (fields.peek('dbSystem') !== undefined) return fields.peek('dbSystem');
  if (fields.peek('httpMethod') !== undefined) return 'http';
  if (fields.peek('rpcMethod') !== undefined) return 'rpc';
  return fields.peek('messagingOperation') === undefined ? undefined : 'messaging';
}

/**
 * Volume of one action. Tokens count on model calls alone, since runs repeat the sum of theirs.
 * Results are counted and forgotten.
 */
export function volumeOf(fields: FieldValues, { kind }: Classified): AccessEvent['volume'] {
  const acts = kind === 'tool_call' || kind === 'data_access';
  const result = acts ? fields.raw('result') : undefined;
  const sent = acts ? fields.raw('arguments') : undefined;
  const counted = kind === 'model_call';
  const tokensOut = counted ? fields.amount('tokensOut') : undefined;
  const tokensIn = counted ? fields.amount('tokensIn') : undefined;
  const total = tokensIn === undefined && tokensOut === undefined && counted;
  const volume: Mutable<NonNullable<AccessEvent['volume']>> = {};
  put(
    volume,
    'records',
    fields.amount('records') ?? (acts ? recordsOf(fields, result) : undefined),
  );
  put(volume, 'bytesIn', fields.amount('bytesIn') ?? sizeOf(sent));
  put(volume, 'bytesOut', fields.amount('bytesOut') ?? sizeOf(result));
  put(volume, 'tokensIn', total ? fields.amount('tokensTotal') : tokensIn);
  put(volume, 'tokensOut', tokensOut);
  put(volume, 'costUsd', kind === 'agent_run' ? undefined : fields.amount('costUsd'));
  return isEmpty(volume) ? undefined : volume;
}

function sizeOf(value: JsonValue | undefined): number | undefined {
  return value === undefined ? undefined : byteSize(value);
}

function recordsOf(fields: FieldValues, result: JsonValue | undefined): number | undefined {
  const documents = parsed(fields.raw('documents'));
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

/** JSON text as its value; anything else as it is, unless it is too long to be looked into. */
export function parsed(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== 'string') return value;
  const first = value.charCodeAt(0);
  if ((first !== 0x7b && first !== 0x5b) || value.length > LIMITS.argumentsChars) return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    return value;
  }
}

export function identifier(
  fields: FieldValues,
  field: Parameters<FieldValues['text']>[0],
): string | undefined {
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
