import { readFileSync } from 'node:fs';
import { referenceProblem } from './credentials.ts';
import { unknownNames } from './mapping.ts';
import type { Template } from './template.ts';
import { parseTemplate, shippedTemplates } from './templates.ts';

/**
 * The template of a name, or of a file where there is a dot or a slash in it.
 * @throws TripcoilError `config_invalid` for a template that is wrong.
 */
export function templateOf(
  name: string,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Template | null {
  if (/[/.]/.test(name)) return parseTemplate(readFile(name));
  return shippedTemplates().get(name) ?? null;
}

interface Asked {
  readonly template: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly target?: string;
}

/** What is wrong with an actuator as configured, by the member that is wrong. */
export function actuatorFaults(
  { template: name, parameters, target }: Asked,
  readFile?: (path: string) => string,
): readonly { readonly member: string; readonly message: string }[] {
  let template: Template | null;
  try {
    template = templateOf(name, readFile);
  } catch (error) {
    const message = error instanceof Error ? error.message : 'cannot be read';
    return [{ member: 'template', message: `cannot be used: ${message}` }];
  }
  if (template === null)
    return [{ member: 'template', message: 'is no template: see docs/actuators.md' }];
  const declared = Object.entries(template.parameters);
  const unknown = Object.keys(parameters).filter(
    (each) => !Object.hasOwn(template.parameters, each),
  );
  const names = target === undefined ? [] : unknownNames(target);
  return [
    ...unknown.map((each) => ({
      member: `parameters.${each}`,
      message: `is no parameter of the template ${template.name}`,
    })),
    ...declared
      .filter(
        ([each, { default: fallback }]) =>
          fallback === undefined && !Object.hasOwn(parameters, each),
      )
      .map(([each]) => ({
        member: 'parameters',
        message: `lacks ${each} of the template ${template.name}`,
      })),
    ...declared.flatMap(([each, { secret }]) => {
      const given = parameters[each];
      const problem = secret && typeof given === 'string' ? referenceProblem(given) : null;
      return problem === null ? [] : [{ member: `parameters.${each}`, message: problem }];
    }),
    ...names.map((each) => ({ member: 'target', message: `knows nothing called {${each}}` })),
  ];
}
