import { LIMITS } from '../core/limits.ts';
import type { ContentKind, ContentPolicy, RedactionPolicy } from '../core/redaction-policy.ts';
import { contentKindOfKey, isStructuralKey } from './structural-keys.ts';
import { isRecord, type Members } from './texts.ts';
import { isShape, SHAPE_NUMBER, shapeText } from './tokens.ts';

/** A key that is longer, or has blanks in it, is content that somebody used as a key. */
const SHAPE_KEY = /^[^\s[\]]{1,64}$/;
const SHAPE_ITEMS = 32;

/**
 * Applies what the tenant wants of content, after everything personal was replaced and the
 * destinations were taken: whole parts are dropped, or reduced to their shape.
 */
export function applyContentPolicy(event: Members, policy: RedactionPolicy): void {
  const { content } = policy;
  const action = event['action'];
  if (isRecord(action) && Object.hasOwn(action, 'arguments')) {
    const kept = keep(action['arguments'], content.tool_arguments);
    const { arguments: _given, ...rest } = action;
    event['action'] = kept === undefined ? rest : { ...rest, arguments: kept };
  }
  const intent = event['intent'];
  if (isRecord(intent) && Object.hasOwn(intent, 'text')) {
    const kept = keep(intent['text'], content.messages);
    const { text: _given, ...rest } = intent;
    event['intent'] = kept === undefined ? rest : { ...rest, text: kept };
  }
  if (Object.hasOwn(event, 'reasoning')) {
    const kept = keep(event['reasoning'], content.reasoning);
    if (kept === undefined) delete event['reasoning'];
    else event['reasoning'] = kept;
  }
  if (isRecord(event['attrs'])) event['attrs'] = attributes(event['attrs'], policy);
}

/** Whether a policy asks for anything but scanning. */
export function keepsAllContent({ content, unknownKeys }: RedactionPolicy): boolean {
  return unknownKeys === 'scan' && Object.values(content).every((policy) => policy === 'scan');
}

function attributes(attrs: Members, policy: RedactionPolicy): Members {
  const out: Members = {};
  for (const [key, value] of Object.entries(attrs)) {
    const kept = keep(value, policyOfAttribute(key, policy));
    if (kept !== undefined) Object.assign(out, Object.fromEntries([[key, kept]]));
  }
  return out;
}

function policyOfAttribute(key: string, policy: RedactionPolicy): ContentPolicy {
  const kind: ContentKind | null = contentKindOfKey(key);
  if (kind !== null) return policy.content[kind];
  return isStructuralKey(key) || policy.allowedKeys.includes(key) ? 'scan' : policy.unknownKeys;
}

function keep(value: unknown, policy: ContentPolicy): unknown {
  if (policy === 'scan') return value;
  return policy === 'drop' ? undefined : shapeOf(value, 0);
}

/** Keys, types and rounded lengths; no value but true, false and null. */
function shapeOf(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return isShape(value) ? value : shapeText(value.length);
  }
  if (typeof value === 'number') return SHAPE_NUMBER;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= LIMITS.valueDepth) return shapeText(0);
  if (Array.isArray(value)) {
    return value.slice(0, SHAPE_ITEMS).map((item) => shapeOf(item, depth + 1));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item], index) => [
      SHAPE_KEY.test(key) ? key : `key#${index + 1}`,
      shapeOf(item, depth + 1),
    ]),
  );
}
