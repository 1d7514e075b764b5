import type { ASTNode, EvaluationError, ParseResult } from '@marcbachmann/cel-js';
import type { AccessEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { askFor, LOOPS, partsOf, RULE_ENVIRONMENT, RULE_FUNCTIONS, viewOf } from './cel.ts';

/** What is wrong with a condition, and where in its text, from 0. */
export interface ConditionFault {
  readonly message: string;
  readonly offset: number;
}

/** True or false, or the field without which the event cannot be judged. */
export type Outcome = boolean | { readonly missing: string };

/** A type-checked condition. It has no side effects and is linear in the size of its event. */
export interface Condition {
  judge(event: AccessEvent): Outcome;
}

/** One part of a conjunction. */
interface Conjunct {
  readonly run: ParseResult;
  /** Where the part is an error without one of these fields, whatever else holds; else null. */
  readonly needs: readonly (readonly string[])[] | null;
}

/** Reads and type-checks a condition; it must be a bool over `event`. */
export function compileCondition(
  text: string,
): { readonly condition: Condition } | { readonly fault: ConditionFault } {
  if (text.length > LIMITS.ruleChars) {
    return { fault: { message: `is longer than ${LIMITS.ruleChars} characters`, offset: 0 } };
  }
  let whole: ParseResult;
  try {
    whole = RULE_ENVIRONMENT.parse(text);
  } catch (error) {
    return { fault: faultOf(error) };
  }
  const refused = refusedPart(whole.ast, false);
  if (refused) return { fault: refused };
  const { valid, type, error } = whole.check();
  if (!valid) return { fault: faultOf(error) };
  if (type !== 'bool') return { fault: { message: `is of type ${type}, not bool`, offset: 0 } };
  for (const member of membersRead(whole.ast)) askFor(member);
  const conjuncts = conjunctsOf(whole.ast).map((node) => conjunctOf(text, node));
  return { condition: { judge: (event) => judge(conjuncts, event) } };
}

/** The condition with each text in it replaced, so that it meets what the redactor left. */
export function withLiterals(text: string, replace: (literal: string) => string): string {
  const found: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const visit = (node: ASTNode): void => {
    const { start, end } = node;
    if (node.op === 'value' && typeof node.args === 'string') {
      const replaced = replace(node.args);
      if (replaced !== node.args) found.push({ start, end, text: replaced });
    }
    for (const part of partsOf(node)) visit(part);
  };
  visit(RULE_ENVIRONMENT.parse(text).ast);
  let result = text;
  for (const { start, end, text: literal } of found.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + JSON.stringify(literal) + result.slice(end);
  }
  return result;
}

/** As CEL has it: false beats an error, wherever it stands. */
function judge(conjuncts: readonly Conjunct[], event: AccessEvent): Outcome {
  const context = { event: viewOf(event) };
  let missing: string | null = null;
  for (const { run, needs } of conjuncts) {
    const absent = needs?.find((path) => !isThere(context, path));
    if (absent !== undefined) {
      missing ??= absent.slice(1).join('.');
      continue;
    }
    try {
      if (run(context) !== true) return false;
    } catch (error) {
      missing ??= missingIn(error);
    }
  }
  return missing === null ? true : { missing };
}

function isThere(context: object, path: readonly string[]): boolean {
  let here: unknown = context;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return false;
    here = (here as Record<string, unknown>)[name];
  }
  return here !== undefined;
}

/** An absent field by its path; any other error is the condition's own. */
function missingIn(error: unknown): string {
  const { code, node } = error as Partial<EvaluationError>;
  const path = code === 'no_such_key' && node?.op === '.' ? pathOf(node as ASTNode) : null;
  return path === null ? 'condition' : path.slice(1).join('.');
}

function conjunctsOf(node: ASTNode): readonly ASTNode[] {
  if (node.op !== '&&') return [node];
  return node.args.flatMap(conjunctsOf);
}

function conjunctOf(text: string, node: ASTNode): Conjunct {
  const run = RULE_ENVIRONMENT.parse(text.slice(node.start, node.end));
  run.check();
  const needs: (readonly string[])[] = [];
  return { run, needs: collectNeeds(node, needs) ? needs : null };
}

/** Fields whose absence is an error for certain; false where a part may be passed over. */
function collectNeeds(node: ASTNode, needs: (readonly string[])[]): boolean {
  if (node.op === '.') {
    const path = pathOf(node);
    if (path !== null) {
      needs.push(path);
      return true;
    }
  }
  const isLazy = node.op === '||' || node.op === '&&' || node.op === '?:';
  const isMacro = node.op === 'call' && node.args[0] === 'has';
  if (isLazy || isMacro || (node.op === 'rcall' && LOOPS.has(node.args[0]))) return false;
  return partsOf(node).every((part) => collectNeeds(part, needs));
}

/** `event.volume.records` as its names; null for anything but a chain of names from `event`. */
function pathOf(node: ASTNode): readonly string[] | null {
  if (node.op === 'id') return node.args === 'event' ? ['event'] : null;
  if (node.op !== '.') return null;
  const before = pathOf(node.args[0]);
  return before === null ? null : [...before, node.args[1]];
}

/** The members of the event that a node reads. */
function membersRead(node: ASTNode): readonly string[] {
  const path = pathOf(node);
  if (path !== null) return path.slice(1, 2);
  return partsOf(node).flatMap(membersRead);
}

function refusedPart(node: ASTNode, looping: boolean): ConditionFault | null {
  let loops = looping;
  if (node.op === 'id' && node.args === 'event') {
    return { message: 'needs a field behind `event`', offset: node.start };
  }
  if (pathOf(node) !== null) return null;
  if (node.op === 'call' || node.op === 'rcall') {
    const [name] = node.args;
    const offset = node.pos;
    if (!RULE_FUNCTIONS.has(name)) return { message: `may not use ${name}()`, offset };
    if (node.op === 'rcall' && name.startsWith('get') && node.args[2].length > 0) {
      return { message: `${name}() is in UTC and takes no time zone`, offset };
    }
    if (node.op === 'rcall' && LOOPS.has(name)) {
      if (looping) return { message: `${name}() may not stand within another macro`, offset };
      loops = true;
    }
  }
  for (const part of partsOf(node)) {
    const refused = refusedPart(part, loops);
    if (refused) return refused;
  }
  return null;
}

function faultOf(error: unknown): ConditionFault {
  const { summary, message, range } = error as Partial<EvaluationError>;
  return { message: summary ?? message ?? 'is not valid CEL', offset: range?.start ?? 0 };
}
