import { LIMITS } from '../core/limits.ts';
import type { ContentKind } from '../core/redaction-policy.ts';

/**
 * Attributes that describe the telemetry itself (OpenTelemetry semantic conventions): names of
 * operations, models, services, machines, and counts. They are kept whatever becomes of unknown
 * attributes; their values are read all the same, since nothing stops a sender from lying.
 */
const STRUCTURAL = new RegExp(
  `^(?:${[
    'gen_ai\\.(?:operation\\.name|system|provider\\.name|usage\\..+|token\\.type|output\\.type)',
    'gen_ai\\.(?:request|response)\\.(?:model|id|finish_reasons|max_tokens|temperature|top_.+)',
    'gen_ai\\.(?:agent\\.(?:id|name|version)|conversation\\.id|tool\\.(?:name|type|call\\.id))',
    'llm\\.(?:model_name|provider|system|token_count\\..+)|openinference\\.span\\.kind',
    'mcp\\.(?:method\\.name|protocol\\.version|session\\.id)|jsonrpc\\..+',
    'http\\.(?:request|response)\\.(?:method|status_code|size|body\\.size)|http\\.route',
    'network\\.(?:protocol|transport|type).*|server\\.port|client\\.port|rpc\\.(?!message).+',
    'db\\.(?:system(?:\\.name)?|operation\\.name)|messaging\\.(?:system|operation\\..+)',
    'service\\..+|telemetry\\..+|otel\\..+|deployment\\.environment(?:\\.name)?|schema_url',
    '(?:os|host|process)\\.(?:type|arch|name|version|pid|runtime\\..+)|cloud\\..+|k8s\\..+',
    'container\\..+|faas\\..+|thread\\..+|code\\..+|error\\.type|exception\\.type',
    'tripcoil\\..+|span_?id|trace_?id|parent_span_?id|severity(?:_text|_number)?|status',
    'attrs_dropped|duration(?:_ms)?|latency_ms|span\\.(?:name|kind)|event\\.name',
  ].join('|')})$`,
  'i',
);

const WORD_END = '(?:[._]\\d+)?(?:[._](?:content|json|text|value|raw))?$';
const CONTENT: readonly (readonly [ContentKind, RegExp])[] = [
  [
    'tool_arguments',
    new RegExp(
      `(?:tool|function|mcp|call).*[._](?:arguments|args|parameters|input)${WORD_END}`,
      'i',
    ),
  ],
  [
    'tool_results',
    new RegExp(`(?:tool|function|mcp|call).*[._](?:results?|output|response)${WORD_END}`, 'i'),
  ],
  ['memory', /(?:^|[._])(?:memory|memories)(?:[._]|$)/i],
  [
    'reasoning',
    /(?:^|[._])(?:reasoning(?!_tokens)|thoughts?|thinking|scratchpad|chain_of_thought)(?:[._]|$)/i,
  ],
  [
    'messages',
    new RegExp(
      '^(?:input|output)\\.value$|^gen_ai\\.(?:prompt|completion|content|system_instructions)|' +
        '^llm\\.(?:input|output)_messages|^retrieval\\.documents|' +
        '(?:^|[._])(?:prompts?|messages|completions?|system_prompt|system_instructions|' +
        `instructions|transcript|conversation|user_input|documents)${WORD_END}`,
      'i',
    ),
  ],
];

const kinds = new Map<string, ContentKind | null>();

/** Which part of the content an attribute holds; null for an attribute that is none. */
export function contentKindOfKey(key: string): ContentKind | null {
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const name = key.slice(0, LIMITS.identifierChars);
  const kind = CONTENT.find(([, pattern]) => pattern.test(name))?.[0] ?? null;
  if (kinds.size >= LIMITS.rememberedKeyPolicies) kinds.clear();
  if (key.length <= LIMITS.identifierChars) kinds.set(key, kind);
  return kind;
}

/** Whether an attribute describes the telemetry and not what went through it. */
export function isStructuralKey(key: string): boolean {
  return key.length <= LIMITS.identifierChars && STRUCTURAL.test(key);
}
