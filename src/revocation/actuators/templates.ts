import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { TripcoilError } from '../../core/errors.ts';
import { compileExpression, type Expression } from './expression.ts';
import { placeholdersIn } from './placeholders.ts';
import {
  type Step,
  type StepFile,
  TEMPLATE_SCHEMA,
  type Template,
  type TemplateFile,
} from './template.ts';
import { VARIABLES } from './variables.ts';

const SHIPPED = join(import.meta.dirname, 'templates');

/** The templates that come with Tripcoil, by name, in the order of their names. */
export function shippedTemplates(): ReadonlyMap<string, Template> {
  const files = readdirSync(SHIPPED).filter((file) => file.endsWith('.yaml'));
  const templates = files
    .sort()
    .map((file) => parseTemplate(readFileSync(join(SHIPPED, file), 'utf8')));
  return new Map(templates.map((template) => [template.name, template]));
}

/**
 * Reads one template.
 * @throws TripcoilError `config_invalid` that says what is wrong with it and where.
 */
export function parseTemplate(text: string): Template {
  let value: unknown;
  try {
    value = parse(text, { merge: false, maxAliasCount: 0 });
  } catch (error) {
    throw invalid(error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'cannot be read');
  }
  const parsed = TEMPLATE_SCHEMA.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`);
  }
  return compiled(parsed.data);
}

function compiled(file: TemplateFile): Template {
  const known = new Set<string>([...VARIABLES, ...Object.keys(file.parameters)]);
  const part = (name: string, steps: readonly StepFile[] | undefined): readonly Step[] =>
    (steps ?? []).map((step, index) => compiledStep(step, `${name}.${index}`, known));
  const login = part('login', file.login);
  // What the login saves is known to all that follow; what an action saves, to itself alone.
  const afterLogin = new Set(known);
  const action = (name: 'freeze' | 'restore' | 'observe'): readonly Step[] => {
    known.clear();
    for (const each of afterLogin) known.add(each);
    return part(name, file[name]);
  };
  const [freeze, restore, observe] = [action('freeze'), action('restore'), action('observe')];
  if (file.reversible !== restore.length > 0) {
    throw invalid('restore: is there where reversible is true, and only there');
  }
  if ((file.state === undefined) !== (observe.length === 0)) {
    throw invalid('state: is there where observe is, and only there');
  }
  const state = file.state === undefined ? null : expression(file.state, 'state');
  return { ...file, login, freeze, restore, observe, state };
}

function compiledStep(file: StepFile, path: string, known: Set<string>): Step {
  for (const name of textsOf(file).flatMap(placeholdersIn)) {
    if (!known.has(name)) throw invalid(`${path}: nothing is called {${name}}`);
  }
  const { expect, save = {}, ...step } = file;
  if (file.jwt) known.add(file.jwt.save);
  for (const name of Object.keys(save)) known.add(name);
  return {
    ...step,
    expect: expect === undefined ? null : expression(expect, `${path}.expect`),
    save: Object.entries(save).map(
      ([name, source]) => [name, expression(source, `${path}.save.${name}`)] as const,
    ),
  };
}

/** Every text of a step that placeholders are filled into. */
function textsOf({ expect: _expect, save: _save, ...calls }: StepFile): readonly string[] {
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null) {
      texts.push(...Object.keys(value));
      Object.values(value).forEach(visit);
    }
  };
  visit(calls);
  return texts;
}

function expression(source: string, path: string): Expression {
  try {
    return compileExpression(source);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'is wrong';
    throw invalid(`${path}: ${why}`);
  }
}

function invalid(what: string): TripcoilError {
  return new TripcoilError('config_invalid', `The template is wrong: ${what}`);
}
