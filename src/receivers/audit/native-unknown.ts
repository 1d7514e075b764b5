import type { JsonValue } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import type { FieldReader, Json } from './field-reader.ts';
import { isObject } from './field-reader.ts';

/**
 * `attrs` of a native event: what was sent there, and every field this version does not know under
 * its dotted name. More than `LIMITS.attrsPerEvent` of them refuse the event.
 */
export function unknownFields(
  reader: FieldReader,
  of: Json,
): { readonly [key: string]: JsonValue } {
  const attrs = Object.create(null) as Record<string, JsonValue>;
  let room = LIMITS.attrsPerEvent;
  const keep = (name: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (--room < 0) {
      reader.blame(
        'too_large',
        'attrs',
        `at most ${LIMITS.attrsPerEvent} further fields are taken`,
      );
    } else attrs[name] = value as JsonValue;
  };
  const sent = reader.object(of, 'attrs', 'attrs');
  if (sent !== undefined) for (const key of Object.keys(sent)) keep(key, sent[key]);
  for (const key of Object.keys(of)) {
    const members = KNOWN.get(key);
    const value = of[key];
    if (members === undefined) keep(key, value);
    else if (members.size > 0 && isObject(value)) {
      for (const member of Object.keys(value)) {
        if (!members.has(member)) keep(`${key}.${member}`, value[member]);
      }
    }
  }
  return attrs;
}

/** Known members of each known field; none for fields that are not taken apart here. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    v: '',
    id: '',
    time: '',
    kind: '',
    phase: '',
    tenant: '',
    latency_ms: '',
    attrs: '',
    delegation: '',
    destinations: '',
    sources: '',
    reasoning: '',
    agent: 'id name version workload_id',
    session: 'id conversation_id',
    trace: 'trace_id span_id parent_span_id request_id links',
    parent: 'txn jti trace_id task_id',
    principal: 'sub iss type roles',
    action: 'name op tool_call_id arguments amount',
    resource: 'type id tenant server region unit sensitivity',
    scopes: 'granted required',
    volume: 'records bytes_in bytes_out tokens_in tokens_out cost_usd',
    decision: 'verdict id reason policy constraints expires',
    approval: 'status id approver',
    token: 'jti txn iss sub aud exp jwt',
    intent: 'text scope',
    outcome: 'status error_type',
    source: 'name seq',
    net: 'client_ip',
  }).map(([field, members]) => [field, new Set(members.split(' ').filter((word) => word !== ''))]),
);
