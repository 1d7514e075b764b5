import type { AccessEvent, Operation, OutcomeStatus } from '../core/access-event.ts';
import type { Transition } from '../core/breaker.ts';
import type { Finding, FindingLevel } from '../core/finding.ts';
import { type ExportedEntry, eventOf, findingOf, transitionOf } from './exported-entry.ts';

type Json = Readonly<Record<string, unknown>>;

/** https://schema.ocsf.io, of which `attestation_list` is part of the profile record_integrity. */
const OCSF_VERSION = '1.9.0';
const PROFILES = ['security_control', 'ai_operation', 'record_integrity'];
const SHA_256 = 3;

const CLASSES = {
  api: { class_uid: 6003, class_name: 'API Activity', category_uid: 6 },
  authentication: { class_uid: 3002, class_name: 'Authentication', category_uid: 3 },
  entity: { class_uid: 3004, class_name: 'Entity Management', category_uid: 3 },
  finding: { class_uid: 2004, class_name: 'Detection Finding', category_uid: 2 },
} as const;
const CATEGORIES = {
  2: 'Findings',
  3: 'Identity & Access Management',
  6: 'Application Activity',
} as const;

/** One OCSF event a line: actions, authentications, findings, and what breakers did to agents. */
export function ocsfOf(entries: readonly ExportedEntry[], software: string): string {
  const lines = entries.flatMap((entry) => {
    const own = ocsfEvent(entry);
    return own === null ? [] : [`${JSON.stringify({ ...own, ...common(entry, software) })}\n`];
  });
  return lines.join('');
}

function ocsfEvent(entry: ExportedEntry): Json | null {
  const event = eventOf(entry);
  if (event) return event.kind === 'authentication' ? authentication(event) : apiActivity(event);
  const finding = findingOf(entry);
  if (finding) return detectionFinding(finding, entry);
  const transition = transitionOf(entry);
  return transition && entityManagement(transition);
}

function common({ seq, tenant, loggedAt, commitment, kind }: ExportedEntry, software: string) {
  const fingerprint = { algorithm: 'SHA-256', algorithm_id: SHA_256, value: commitment };
  return {
    metadata: {
      ...{ uid: `${tenant}/${seq}`, version: OCSF_VERSION, profiles: PROFILES },
      ...{ product: { name: 'Tripcoil', vendor_name: 'Tripcoil', version: software } },
      ...{ tenant_uid: tenant, sequence: seq, logged_time: loggedAt, event_code: kind },
    },
    attestation_list: [{ uid: String(seq), fingerprint }],
  };
}

function classed(of: keyof typeof CLASSES, activity: number, name: string): Json {
  const { class_uid, category_uid, class_name } = CLASSES[of];
  return {
    ...{ category_uid, category_name: CATEGORIES[category_uid], class_uid, class_name },
    ...{ activity_id: activity, activity_name: name, type_uid: 100 * class_uid + activity },
    type_name: `${class_name}: ${name}`,
  };
}

const ACTIVITIES: Readonly<Record<Operation, readonly [number, string]>> = {
  read: [2, 'Read'],
  list: [2, 'Read'],
  write: [3, 'Update'],
  delete: [4, 'Delete'],
  execute: [99, 'Execute'],
  admin: [99, 'Admin'],
  unknown: [0, 'Unknown'],
};

function apiActivity(event: AccessEvent): Json {
  const { agent, action, resource, token, trace, session, volume } = event;
  return {
    ...classed('api', ...ACTIVITIES[action.op]),
    ...happened(event),
    actor: actorOf(event),
    api: {
      operation: action.name,
      ...(resource?.server === undefined ? {} : { service: { name: resource.server } }),
      request: { uid: action.toolCallId ?? event.id },
    },
    // The agent is what calls; where it runs is not always known.
    src_endpoint: {
      ...{ uid: agent.id, name: agent.name ?? agent.id },
      ...(event.clientIp === undefined ? {} : { hostname: event.clientIp }),
    },
    ...(resource?.id === undefined && resource?.type === undefined
      ? {}
      : { resources: [{ uid: resource.id, type: resource.type, name: resource.id }] }),
    ...(trace?.traceId === undefined ? {} : { trace: { uid: trace.traceId } }),
    unmapped: { kind: event.kind, session: session?.id, jti: token?.jti, volume },
  };
}

function authentication(event: AccessEvent): Json {
  return {
    ...classed('authentication', 1, 'Logon'),
    ...happened(event),
    user: { uid: event.principal?.sub ?? event.agent.id, type: event.principal?.type },
    service: { name: event.resource?.server ?? event.source.deliveredBy },
    unmapped: { agent: event.agent.id, reason: event.outcome.errorType },
  };
}

function happened(event: AccessEvent): Json {
  const { agent, decision, outcome, latencyMs } = event;
  const denied = decision?.verdict === 'deny' || outcome.status === 'denied';
  return {
    ...{ time: Math.trunc(event.time), severity_id: 1, severity: 'Informational' },
    ...STATUS[outcome.status],
    ...(decision || denied
      ? { action_id: denied ? 2 : 1, action: denied ? 'Denied' : 'Allowed' }
      : {}),
    ...(latencyMs === undefined ? {} : { duration: Math.round(latencyMs) }),
    ai_agent: { uid: agent.id, name: agent.name ?? agent.id, version: agent.version },
    message: `${agent.id}: ${event.action.name}`,
  };
}

const SUCCESS = { status_id: 1, status: 'Success' };
const FAILURE = { status_id: 2, status: 'Failure' };
const STATUS: Readonly<Record<OutcomeStatus, Json>> = {
  success: SUCCESS,
  failure: FAILURE,
  denied: FAILURE,
  timeout: FAILURE,
  cancelled: FAILURE,
  unknown: { status_id: 0, status: 'Unknown' },
};

function actorOf({ agent, principal, decision, session }: AccessEvent): Json {
  const { policy, verdict } = decision ?? {};
  const authorization = {
    decision: verdict,
    ...(policy ? { policy: { uid: policy.id, version: policy.version } } : {}),
  };
  return {
    user: { uid: principal?.sub ?? agent.id, type: principal?.type ?? 'agent' },
    app_uid: agent.id,
    app_name: agent.name ?? agent.id,
    ...(session?.id === undefined ? {} : { session: { uid: session.id } }),
    ...(verdict === undefined ? {} : { authorizations: [authorization] }),
  };
}

const SEVERITY: Readonly<Record<FindingLevel, readonly [number, string]>> = {
  informational: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

function detectionFinding(finding: Finding, { seq }: ExportedEntry): Json {
  const [severityId, severity] = SEVERITY[finding.level];
  const { decision } = finding;
  return {
    ...classed('finding', 1, 'Create'),
    ...{ time: Math.trunc(finding.time), severity_id: severityId, severity },
    ...{ status_id: 1, status: 'New', message: finding.title },
    finding_info: {
      ...{ uid: finding.id, title: finding.title, types: [finding.family] },
      ...{ created_time: Math.trunc(finding.time), desc: finding.explanation },
      analytic: {
        ...{ name: finding.detector, type: 'Behavioral', type_id: 2 },
        uid: finding.detector,
      },
      related_events: finding.evidence.events.map((id) => ({ uid: id })),
    },
    ...{ risk_score: finding.score, confidence_score: finding.score },
    is_alert: decision.tripped,
    ...(decision.tripped
      ? { action_id: 2, action: 'Denied', disposition_id: 24, disposition: 'Access Revoked' }
      : { action_id: 1, action: 'Allowed', disposition_id: 15, disposition: 'Detected' }),
    resources: [{ uid: finding.agent || finding.subject?.id, type: 'agent' }],
    ai_agent: { uid: finding.agent },
    evidences: [{ data: { actual: finding.actual, typical: finding.typical, seq } }],
    unmapped: { chain: finding.chain, session: finding.session, decision },
  };
}

function entityManagement(transition: Transition): Json {
  const { key, to, level, epoch, reason, actor } = transition;
  const lifted = to === 'closed' || to === 'exempt';
  const activity: readonly [number, string] = lifted
    ? [13, 'Resume']
    : level >= 5
      ? [9, 'Disable']
      : [12, 'Suspend'];
  return {
    ...classed('entity', ...activity),
    time: Math.trunc(transition.time),
    ...(lifted
      ? { severity_id: 1, severity: 'Informational' }
      : { severity_id: 4, severity: 'High' }),
    ...SUCCESS,
    entity: { uid: key.id, name: key.id, type: key.kind },
    actor: { user: { uid: actor ?? 'tripcoil', type: actor === null ? 'System' : 'User' } },
    comment: reason,
    message: `${key.kind} ${key.id}: ${transition.from} to ${to}, level ${level}`,
    unmapped: { level, epoch, class: transition.class, finding: transition.findingId },
  };
}
