import type { EventKind, OutcomeStatus, Verdict } from '../../../core/access-event.ts';
import type { Draft } from '../draft.ts';
import { amount, finish, identifier, objectAt } from '../draft.ts';
import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { firstAt } from '../json-pointer.ts';
import { recordTime } from '../record-time.ts';

/**
 * LiteLLM's StandardLoggingPayload, as its `generic_api` callback posts it: one model or MCP call
 * of a virtual key, which is the agent. Messages and responses are not read.
 */
export const liteLlmFormat: AuditFormat = {
  name: 'litellm',
  title: 'LiteLLM standard logging payload',
  tenantIs: 'account',
  recognises: (value) =>
    isObject(value) &&
    typeof value['call_type'] === 'string' &&
    (typeof value['startTime'] === 'number' || typeof value['startTime'] === 'string') &&
    ('prompt_tokens' in value || 'response_cost' in value || 'model_map_information' in value),
  map: (value, context) => [finish(draftOf(objectAt(value)), context)],
};

function draftOf(record: Readonly<Record<string, unknown>>): Draft {
  const mcp = firstAt(record, '/metadata/mcp_tool_call_metadata', '/mcp_tool_call_metadata');
  const kind: EventKind = mcp === undefined ? kindOf(record['call_type']) : 'tool_call';
  const called = kind === 'tool_call';
  const model = firstAt(record, '/model', '/model_group');
  return {
    ...{ format: 'litellm', record, id: record['id'], kind },
    wanted: { time: '/startTime', agent: '/metadata/user_api_key_alias', action: '/call_type' },
    time: record['startTime'],
    source: { name: 'litellm' },
    tenant: firstAt(record, '/metadata/user_api_key_org_id', '/metadata/user_api_key_team_id'),
    agent: {
      id: firstAt(
        record,
        ...['/metadata/agent_id', '/metadata/user_api_key_alias', '/metadata/user_api_key_hash'],
        ...['/metadata/user_api_key_team_alias', '/metadata/user_api_key_user_id'],
      ),
      name: firstAt(record, '/metadata/user_api_key_team_alias'),
    },
    principal: {
      sub: firstAt(
        record,
        ...['/end_user', '/metadata/user_api_key_end_user_id', '/metadata/user_api_key_user_id'],
      ),
      type: 'user',
    },
    session: { id: firstAt(record, '/metadata/session_id', '/session_id', '/trace_id') },
    trace: { requestId: record['trace_id'] },
    action: {
      name: called ? (firstAt(mcp, '/name') ?? model) : record['call_type'],
      op: called ? undefined : 'execute',
      arguments: called ? firstAt(mcp, '/arguments') : undefined,
    },
    resource: {
      type: called ? 'mcp' : 'model',
      id: called ? firstAt(mcp, '/namespaced_tool_name') : model,
      server: firstAt(mcp, '/mcp_server_name') ?? record['custom_llm_provider'],
    },
    volume: {
      tokensIn: record['prompt_tokens'],
      tokensOut: record['completion_tokens'],
      costUsd: record['response_cost'],
    },
    decision: decisionOf(record),
    outcome: outcomeOf(record),
    latencyMs: latencyOf(record),
    clientIp: firstAt(record, '/requester_ip_address', '/metadata/requester_ip_address'),
    attrs: {
      model_id: record['model_id'],
      cache_hit: record['cache_hit'],
      request_tags: record['request_tags'],
      guardrail_status: guardrailOf(record),
    },
  };
}

function kindOf(callType: unknown): EventKind {
  return callType === 'call_mcp_tool' ? 'tool_call' : 'model_call';
}

function guardrailOf(record: unknown): string | undefined {
  return identifier(
    firstAt(
      record,
      ...['/status_fields/guardrail_status', '/guardrail_information/guardrail_status'],
      ...['/guardrail_information/0/guardrail_status'],
      '/metadata/guardrail_information/guardrail_status',
    ),
  );
}

/** A guardrail that intervened stopped a call that failed, and changed one that did not. */
function decisionOf(record: Readonly<Record<string, unknown>>): Draft['decision'] {
  const status = guardrailOf(record);
  const verdict = status === undefined ? undefined : VERDICTS.get(status);
  if (verdict === undefined) return undefined;
  const stopped = verdict === 'deny' && record['status'] === 'failure';
  return {
    verdict: verdict === 'deny' && !stopped ? 'allow' : verdict,
    reason: status,
    policy: {
      id: firstAt(
        record,
        ...['/guardrail_information/guardrail_name', '/guardrail_information/0/guardrail_name'],
      ),
    },
  };
}

const VERDICTS: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['success', 'allow'],
  ['guardrail_intervened', 'deny'],
  ['blocked', 'deny'],
  ['failure', 'deny'],
  ['guardrail_failed_to_respond', 'error'],
]);

function outcomeOf(record: Readonly<Record<string, unknown>>): NonNullable<Draft['outcome']> {
  if (record['status'] !== 'failure') return { status: 'success' };
  const code = identifier(firstAt(record, '/error_information/error_code'));
  const errorType = firstAt(record, '/error_information/error_class');
  const denied = decisionOf(record)?.verdict === 'deny' || DENIED.has(code ?? '');
  const status: OutcomeStatus = denied ? 'denied' : code === '408' ? 'timeout' : 'failure';
  return { status, errorType: errorType ?? code };
}

const DENIED: ReadonlySet<string> = new Set(['401', '403', '429']);

/** `response_time` is in seconds, as the difference of the two times is. */
function latencyOf(record: Readonly<Record<string, unknown>>): number | undefined {
  const seconds = amount(record['response_time']);
  if (seconds !== undefined) return Math.round(seconds * 1e6) / 1e3;
  const start = recordTime(record['startTime']);
  const end = recordTime(record['endTime']);
  return start === undefined || end === undefined || end < start ? undefined : end - start;
}
