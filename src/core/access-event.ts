import type { EpochMs } from './time.ts';
import type { AssertedField, SenderConstraint, TokenFailure } from './token-facts.ts';

/**
 * Who asserts an event. Authority fields (tenant, principal, delegation, decision, scopes, token)
 * are believed in the order resource, pdp, broker, agent; evidence of trust `agent` alone never
 * raises more than level 2.
 */
export type Trust = 'agent' | 'broker' | 'pdp' | 'resource';

export const TRUST_ORDER: readonly Trust[] = ['agent', 'broker', 'pdp', 'resource'];

export const EVENT_KINDS = [
  'tool_call',
  'model_call',
  'data_access',
  'authz_decision',
  'approval',
  'token_issue',
  'token_use',
  'delegation',
  'agent_run',
  'task_start',
  'task_end',
  'authentication',
  'admin',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export const OPERATIONS = [
  'read',
  'list',
  'write',
  'delete',
  'execute',
  'admin',
  'unknown',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Whether the operation only looks: `read` or `list`. One that is not known may do more. */
export function onlyReads(operation: string | undefined): boolean {
  return operation === 'read' || operation === 'list';
}

export const OUTCOMES = [
  'success',
  'failure',
  'denied',
  'timeout',
  'cancelled',
  'unknown',
] as const;
export type OutcomeStatus = (typeof OUTCOMES)[number];

export const VERDICTS = ['allow', 'deny', 'challenge', 'pending', 'error'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** JSON, the only shape free-form content may take. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export interface Party {
  readonly sub: string;
  readonly iss?: string;
  readonly type?: string;
  readonly roles?: readonly string[];
}

/**
 * Where an action points outward, as extracted from typed arguments before redaction.
 * `value` is plain only for non-personal kinds; else it is a keyed token. `group` is the
 * non-personal part worth keeping (an e-mail domain, a network class).
 */
export interface Destination {
  readonly type: string;
  readonly value: string;
  readonly group?: string;
}

export interface Resource {
  readonly type?: string;
  readonly id?: string;
  readonly tenant?: string;
  readonly server?: string;
  readonly region?: string;
  readonly unit?: string;
  readonly sensitivity?: string;
}

/** A span of another trace, or of this one, that a span says it follows from (OTLP `Span.Link`). */
export interface TraceLink {
  readonly traceId: string;
  readonly spanId?: string;
}

/**
 * What the request is known by from which this one was delegated, as its source declares it: the
 * transaction or token that was exchanged, the trace of the caller, the A2A task.
 */
export interface ParentRequest {
  readonly txn?: string;
  readonly jti?: string;
  readonly traceId?: string;
  readonly taskId?: string;
}

/** How much one action moved. Absent means not reported, which is not the same as zero. */
export interface Volume {
  readonly records?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly tokensIn?: number;
  readonly tokensOut?: number;
  readonly costUsd?: number;
}

/** What an event keeps of the token it was presented with; the token itself is never kept. */
export interface TokenFacts {
  readonly jti?: string;
  readonly txn?: string;
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: readonly string[];
  readonly exp?: EpochMs;
  /** `hmac-sha256:` and the HMAC of the whole token under its tenant's key. */
  readonly ref?: string;
  /**
   * The same of the token and of what the event itself said of the members that a token may settle:
   * what tells a resent event from another one, see `contentOf` in resent.ts.
   */
  readonly saidRef?: string;
  /** Absent where no token was presented, only its claims. */
  readonly verified?: boolean;
  readonly failure?: TokenFailure;
  /** The `typ` of its header, in lower case, without `application/`. */
  readonly type?: string;
  readonly senderConstraint?: SenderConstraint;
  /** The workload that asked for a transaction token (`req_wl`). */
  readonly requester?: string;
  /** Who may act for the subject (`may_act`, RFC 8693 section 4.4). */
  readonly mayAct?: Party;
  /** Members of the event that the verified token settled. */
  readonly asserts?: readonly AssertedField[];
  /** Members of the event that said something else than the verified token. */
  readonly contradicts?: readonly AssertedField[];
}

/**
 * One thing an agent did, or tried, through the broker; the same for a span and an audit record.
 */
export interface AccessEvent {
  readonly v: 1;
  /** Stable for one report of one source, so that a resent event is recognised. */
  readonly id: string;
  readonly time: EpochMs;
  readonly kind: EventKind;
  readonly phase: 'proposed' | 'executed';
  readonly source: {
    /** The receiver that read it: `native`, `otlp.traces`, `otlp.logs`, … */
    readonly format: string;
    readonly name?: string;
    readonly seq?: number;
    /** The authenticated sender. */
    readonly deliveredBy: string;
    readonly trust: Trust;
  };
  /** `id` comes from the credential; `claimed` is what the payload said, kept when it differs. */
  readonly tenant: { readonly id: string; readonly claimed?: string };
  readonly agent: {
    readonly id: string;
    readonly name?: string;
    readonly version?: string;
    /** Its SPIFFE id, from a verified token or a certificate that the source saw. */
    readonly workloadId?: string;
    /** The OAuth client it is, from a verified token. */
    readonly clientId?: string;
  };
  readonly session?: { readonly id?: string; readonly conversationId?: string };
  readonly trace?: {
    readonly traceId?: string;
    readonly spanId?: string;
    readonly parentSpanId?: string;
    readonly requestId?: string;
    readonly links?: readonly TraceLink[];
  };
  readonly parent?: ParentRequest;
  readonly principal?: Party;
  /** Index 0 is the current actor, the last the earliest (RFC 8693 `act`). */
  readonly delegation?: readonly Party[];
  readonly action: {
    readonly name: string;
    readonly op: Operation;
    readonly toolCallId?: string;
    readonly arguments?: JsonValue;
    readonly amount?: { readonly value: number; readonly currency?: string };
  };
  readonly resource?: Resource;
  readonly destinations?: readonly Destination[];
  readonly scopes?: {
    readonly granted?: readonly string[];
    readonly required?: readonly string[];
    /** RFC 9396 `authorization_details` of the verified token. */
    readonly details?: readonly JsonValue[];
  };
  readonly volume?: Volume;
  readonly decision?: {
    readonly verdict: Verdict;
    readonly id?: string;
    readonly reason?: string;
    readonly policy?: { readonly id?: string; readonly version?: string };
    readonly constraints?: JsonValue;
    readonly expires?: EpochMs;
  };
  readonly approval?: {
    readonly status: string;
    readonly id?: string;
    readonly approver?: string;
  };
  readonly token?: TokenFacts;
  readonly intent?: { readonly text?: string; readonly scope?: string };
  readonly outcome: { readonly status: OutcomeStatus; readonly errorType?: string };
  readonly latencyMs?: number;
  readonly clientIp?: string;
  readonly reasoning?: JsonValue;
  /** What was retrieved (`sources` of the native event). */
  readonly retrieved?: readonly { readonly type?: string; readonly id?: string }[];
  /** Everything else that was sent. Keys are untrusted: never index it without `Object.hasOwn`. */
  readonly attrs: { readonly [key: string]: JsonValue };
  /** What redaction replaced, by type; values never. Filled by the redactor. */
  readonly redactions?: { readonly [type: string]: number };
  /**
   * Known marks of prompt injection in its raw content, by id; text never. Filled by the redactor.
   */
  readonly injectionMarkers?: { readonly [id: string]: number };
  /**
   * While a rotation of pseudonym keys overlaps: each token of the event with the one that the key
   * before gave the same value. Filled by the redactor; the engine learns from it.
   */
  readonly tokenAliases?: { readonly [token: string]: string };
  /** Seeds baselines only: no finding, no trip (`tripcoil import --history`). */
  readonly history?: true;
}

/**
 * What a receiver hands over: an event whose tenant and sender are not settled yet.
 * `tenantClaimed` is the payload's word and nothing more.
 */
export type ReceivedEvent = Omit<
  AccessEvent,
  'tenant' | 'source' | 'redactions' | 'injectionMarkers' | 'tokenAliases' | 'history'
> & {
  readonly source: { readonly format: string; readonly name?: string; readonly seq?: number };
  readonly tenantClaimed?: string;
  /** The token as presented: verified and dropped before anything is written (src/identity). */
  readonly jwt?: string;
};
