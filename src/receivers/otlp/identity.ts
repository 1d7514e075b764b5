import type { JsonValue } from '../../core/access-event.ts';
import { spiffeIdIn } from '../../core/spiffe.ts';
import { boundedId } from '../identifier.ts';
import { FIELD } from './attribute-table.ts';
import type { Signal } from './classify.ts';
import { isGateway } from './classify.ts';
import { parsed } from './content.ts';
import { identifier } from './facets.ts';
import type { FieldValues } from './field-values.ts';

/** Who acted, for whom, in which session, as far as one record says. */
export interface Identity {
  readonly agentId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly principalSub?: string | undefined;
  readonly tenant?: string | undefined;
}

/** What the record itself says; `agentId` without the fallback to `service.name`. */
export function identityOf(fields: FieldValues, signal: Signal): Identity {
  return {
    agentId: explicitAgent(fields, signal),
    sessionId: identifier(fields, FIELD.sessionId),
    conversationId: identifier(fields, FIELD.conversationId),
    principalSub: identifier(fields, FIELD.principalSub),
    tenant: tenantOf(fields),
  };
}

/** Fills what `own` lacks from an enclosing span. */
export function inherit(own: Identity, outer: Identity): Identity {
  return {
    agentId: own.agentId ?? outer.agentId,
    sessionId: own.sessionId ?? outer.sessionId,
    conversationId: own.conversationId ?? outer.conversationId,
    principalSub: own.principalSub ?? outer.principalSub,
    tenant: own.tenant ?? outer.tenant,
  };
}

/** The last resort of the table: the workload by its certificate, else the service by its name. */
export function serviceAgent(fields: FieldValues): string | undefined {
  const workload = workloadOf(fields);
  if (workload !== undefined) return boundedId(workload);
  const service = fields.peek(FIELD.serviceName);
  return service === undefined ? undefined : boundedId(service);
}

function explicitAgent(fields: FieldValues, signal: Signal): string | undefined {
  const id =
    fields.text(FIELD.agentId) ?? instanceFree(fields, signal) ?? namedByKind(fields, signal);
  return id === undefined ? undefined : boundedId(id);
}

/** The SPIFFE id under which the agent runs, as its certificate or the attribute says. */
export function workloadOf(fields: FieldValues): string | undefined {
  const text = fields.text(FIELD.agentWorkloadId);
  return text === undefined ? undefined : (spiffeIdIn(text) ?? undefined);
}

/** Claude Code's `agent_id` is new for every sub-agent: a session of an agent, not an agent. */
function instanceFree(fields: FieldValues, signal: Signal): string | undefined {
  return signal.eventName.startsWith('claude_code.') || signal.name.startsWith('claude_code.')
    ? undefined
    : fields.text(FIELD.plainAgentId);
}

function namedByKind(fields: FieldValues, signal: Signal): string | undefined {
  const sender = fields.peek(FIELD.messageSource);
  if (sender !== undefined) return sender;
  if (fields.peek(FIELD.openinferenceKind) === 'AGENT') {
    return fields.text(FIELD.graphNode) ?? ADK_AGENT_SPAN.exec(signal.name)?.[1];
  }
  // Behind a gateway the subject of the token is who calls, where no actor is named beside it.
  if (isGateway(signal)) return fields.peek(FIELD.principalSub);
  const kind = fields.peek(FIELD.traceloopKind) ?? fields.peek(FIELD.langsmithKind);
  if (kind === 'agent') return fields.text(FIELD.entityName) ?? signal.name.replace(/\.agent$/, '');
  return fields.peek(FIELD.langfuseKind)?.toLowerCase() === 'agent' ? signal.name : undefined;
}

const ADK_AGENT_SPAN = /^agent_run \[(.{1,256})\]$/;

function tenantOf(fields: FieldValues): string | undefined {
  const own = identifier(fields, FIELD.tenant);
  if (own !== undefined) return own;
  const text = fields.peek(FIELD.metadata);
  if (text === undefined || !/tenant|org_id/.test(text)) return undefined;
  const metadata = parsed(text);
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  for (const key of ['tenant_id', 'tenantId', 'org_id']) {
    if (!Object.hasOwn(metadata, key)) continue;
    const value = (metadata as Readonly<Record<string, JsonValue>>)[key];
    if (typeof value === 'string' && value !== '') return boundedId(value);
  }
  return undefined;
}
