import { LIMITS } from '../core/limits.ts';
import { eachText } from './texts.ts';

/**
 * Marks that prompt injections are known for, by id. Each begins with a piece that `ANCHOR` finds
 * too. Sources: OWASP LLM01, the attacks of AgentDojo, the control tokens of ChatML and Llama.
 */
const MARKERS: readonly (readonly [string, RegExp])[] = [
  [
    'ignore_instructions',
    /\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+|these\s+|of\s+)*(?:previous|prior|above|earlier|preceding|former|original|system)\s+(?:\w+\s+)?(?:instructions?|prompts?|rules|directions|messages|guidelines|context)/i,
  ],
  ['important_message', /<\s*information\s*>|important\s+message\s+from\s+(?:me|the\s+user)\b/i],
  [
    'control_token',
    /<\|(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id)\|>|\[\/?INST\]|<<\/?SYS>>/i,
  ],
  [
    'role_marker',
    /(?:^|\n)\s*(?:#{1,3}\s*)?(?:new\s+)?system\s*(?:prompt|message|override|instructions?)\s*:/i,
  ],
  [
    'new_instructions',
    /\bnew\s+instructions?\s*(?::|for\s+you\b)|\byour\s+(?:new|real)\s+(?:task|goal|instructions?)\s+(?:is|are)\b/i,
  ],
  [
    'jailbreak',
    /\b(?:developer|god|dan)\s+mode\b.{0,40}\benabled?\b|\bdo\s+anything\s+now\b|\bjailbreak\s+mode\b/i,
  ],
  [
    'reveal_prompt',
    /\b(?:reveal|print|repeat|show|leak)\s+(?:me\s+)?(?:your|the)\s+(?:system|hidden|initial)\s+(?:prompt|instructions?|message)/i,
  ],
  [
    'hide_from_user',
    /\bdo\s+not\s+(?:tell|inform|mention|alert|notify)\s+(?:\w+\s+){0,3}(?:the\s+)?user\b/i,
  ],
];

/** One pass that most texts end at: a piece of every marker, in any case. */
const ANCHOR =
  /instruction|prompt|previous|<\||\[\/?inst|<<\/?sys|<\s*information|important\s+message|\bsystem\s*(?:message|override)|\bmode\b|anything now|do\s+not\s+\w+|\byour\s+(?:new|real)\s/i;

const TEXT_CHARS = 65_536;
const SHORTEST = 8;

/**
 * Counts of injection markers in raw content, by id, or null where there are none. What an earlier
 * pass over the same event counted is kept: its content may be gone by now. Never any text.
 */
export function injectionMarkersOf(
  contents: readonly unknown[],
  before: unknown,
): Readonly<Record<string, number>> | null {
  const counts = new Map<string, number>();
  let charsLeft = LIMITS.redactionChars;
  const look = (text: string): void => {
    if (text.length < SHORTEST || charsLeft <= 0) return;
    const looked = text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text;
    charsLeft -= looked.length;
    if (!ANCHOR.test(looked)) return;
    for (const [id, pattern] of MARKERS) {
      if (pattern.test(looked)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  };
  for (const content of contents) if (content !== undefined) eachText(content, '', look);
  if (typeof before === 'object' && before !== null) {
    for (const [id] of MARKERS) {
      const known: unknown = Reflect.get(before, id);
      if (Number.isSafeInteger(known) && Number(known) > 0)
        counts.set(id, Math.max(counts.get(id) ?? 0, Number(known)));
    }
  }
  if (counts.size === 0) return null;
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
