import { RE2JS } from 're2js';
import { LIMITS } from '../../core/limits.ts';
import type { RecogniserRule } from '../../core/redaction-policy.ts';
import { NAMED_CHECKS } from '../checks/named.ts';
import { type PersonalType, personalTypeOf } from '../tokens.ts';

/** A recogniser of a tenant's own, made ready. */
export interface CustomRecogniser {
  readonly rule: RecogniserRule;
  readonly type: PersonalType | 'secret';
  readonly pattern: RE2JS;
  /** Finds every keyword; null where none is asked for. */
  readonly keywords: RegExp | null;
  readonly check: ((text: string) => boolean) | null;
}

/** What is wrong with a pattern, told without the pattern; null when nothing is. */
export function patternProblem(pattern: string): string | null {
  try {
    const compiled = RE2JS.compile(pattern);
    if (compiled.programSize() > LIMITS.recogniserInstructions) {
      return `is too large: it compiles to more than ${LIMITS.recogniserInstructions} instructions`;
    }
    const probes = ['', 'a', ' 1 '].map((text) => compiled.exec(text));
    return probes.some((match) => match?.[0] === '') ? 'matches the empty text' : null;
  } catch {
    return 'is not a pattern of RE2, which has no look-around and no back-references';
  }
}

/** @throws on a rule that the configuration would have refused. */
export function compileRecognisers(rules: readonly RecogniserRule[]): readonly CustomRecogniser[] {
  return rules.map((rule) => {
    const { pattern, entity, validator, keywords } = rule;
    const type = entity === 'secret' ? entity : personalTypeOf(entity);
    const check = validator === null ? null : NAMED_CHECKS.get(validator);
    const problem = patternProblem(pattern);
    if (type === null || check === undefined || problem !== null) {
      throw new Error(
        `the recogniser ${rule.name} ${problem ?? 'has no such entity or validator'}`,
      );
    }
    return { rule, type, pattern: RE2JS.compile(pattern), keywords: patternOf(keywords), check };
  });
}

/** Literals side by side: each character of a text is compared with them and no more. */
function patternOf(keywords: readonly string[]): RegExp | null {
  if (keywords.length === 0) return null;
  const literals = keywords.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${literals.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
}

/** Whether a key's words hold the words of some keyword in a row: `employeeNo`, `employee no`. */
export function namesOneOf(keyWords: readonly string[], keywords: readonly string[]): boolean {
  if (keyWords.length === 0) return false;
  const key = ` ${keyWords.join(' ')} `;
  return keywords.some((word) => key.includes(` ${word.replaceAll(/[-_.]/g, ' ')} `));
}
