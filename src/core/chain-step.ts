import type { AccessEvent, OutcomeStatus, Trust, Verdict } from './access-event.ts';
import { isDistinctive } from './chain.ts';
import { sourceIdOf } from './source-id.ts';
import type { EpochMs } from './time.ts';

export const CHAIN_ROLES = [
  'request',
  'decision',
  'approval',
  'token',
  'tool_call',
  'outcome',
  'delegation',
  'other',
] as const;

/** What a record is in the course of a request. */
export type ChainRole = (typeof CHAIN_ROLES)[number];

/** Of one record, what the judgement of its chain needs; bounded, and plain for snapshots. */
export interface ChainStep {
  readonly seq: number;
  readonly loggedAt: EpochMs;
  readonly time: EpochMs;
  readonly eventId: string;
  readonly role: ChainRole;
  readonly agent: string;
  readonly session?: string;
  /** Format and sender: two records of one source are two actions. */
  readonly source: string;
  readonly trust: Trust;
  readonly action: string;
  readonly outcome: OutcomeStatus;
  readonly callId?: string;
  readonly requestId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly decisionId?: string;
  readonly verdict?: Verdict;
  readonly approvalId?: string;
  readonly approval?: string;
  readonly jti?: string;
  readonly txn?: string;
}

export function roleOf({ kind, phase }: Pick<AccessEvent, 'kind' | 'phase'>): ChainRole {
  switch (kind) {
    case 'authz_decision':
      return 'decision';
    case 'approval':
      return 'approval';
    case 'token_issue':
    case 'token_use':
    case 'authentication':
      return 'token';
    case 'delegation':
      return 'delegation';
    case 'agent_run':
    case 'task_start':
      return 'request';
    case 'task_end':
      return 'outcome';
    case 'tool_call':
    case 'data_access':
      return phase === 'proposed' ? 'request' : 'tool_call';
    case 'model_call':
    case 'admin':
      return 'other';
  }
}

export function stepOf(event: AccessEvent, seq: number, loggedAt: EpochMs): ChainStep {
  const { action, trace, decision, approval, token, source } = event;
  const requestId = trace?.requestId;
  return {
    seq,
    loggedAt,
    time: event.time,
    eventId: event.id,
    role: roleOf(event),
    agent: event.agent.id,
    source: sourceIdOf(event),
    trust: source.trust,
    action: action.name,
    outcome: event.outcome.status,
    ...(event.session?.id === undefined ? {} : { session: event.session.id }),
    ...(action.toolCallId === undefined ? {} : { callId: action.toolCallId }),
    ...(isDistinctive(requestId) ? { requestId } : {}),
    ...(trace?.spanId === undefined ? {} : { spanId: trace.spanId }),
    ...(trace?.parentSpanId === undefined ? {} : { parentSpanId: trace.parentSpanId }),
    ...(decision === undefined ? {} : { verdict: decision.verdict }),
    ...(decision?.id === undefined ? {} : { decisionId: decision.id }),
    ...(approval === undefined ? {} : { approval: approval.status }),
    ...(approval?.id === undefined ? {} : { approvalId: approval.id }),
    ...(token?.jti === undefined ? {} : { jti: token.jti }),
    ...(token?.txn === undefined ? {} : { txn: token.txn }),
  };
}
