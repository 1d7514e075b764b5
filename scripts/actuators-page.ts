import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../src/revocation/actuators/template.ts';
import { shippedTemplates } from '../src/revocation/actuators/templates.ts';
import { VARIABLES } from '../src/revocation/actuators/variables.ts';

const TEXT = readFileSync(join(import.meta.dirname, 'actuators-page.txt'), 'utf8');

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => readonly string[];

/** docs/actuators.md below its title: actuators-page.txt with what follows from the templates. */
export function actuatorsPage(table: Table): readonly string[] {
  const templates = [...shippedTemplates().values()];
  const parts: Readonly<Record<string, readonly string[]>> = {
    '<!-- templates -->': table(
      ['template', 'target', 'reversible', 'keys', 'from level', 'enforced', 'verified'],
      templates.map((each) => [
        `[${each.name}](#${each.name})`,
        each.title,
        each.reversible ? 'yes' : 'no',
        each.keys.join(', '),
        each.takes === 'credential' ? '5' : '4',
        each.delay,
        each.verified,
      ]),
    ),
    '<!-- variables -->': [`${VARIABLES.map((name) => `\`{${name}}\``).join(', ')}.`],
    '<!-- parameters -->': templates.flatMap((each) => templateSection(each, table)),
  };
  return TEXT.split('\n').flatMap((line) => parts[line] ?? [line]);
}

function templateSection(template: Template, table: Table): readonly string[] {
  const { name, summary, missing, parameters } = template;
  const rows = Object.entries(parameters).map(([parameter, { secret, description, ...rest }]) => [
    `\`${parameter}\`${secret ? ' (secret)' : ''}`,
    rest.default === undefined ? '(required)' : `\`${JSON.stringify(rest.default)}\``,
    description,
  ]);
  return [
    `### ${name}`,
    '',
    summary,
    '',
    ...(missing === undefined ? [] : [`**Missing:** ${missing}`, '']),
    ...table(['parameter', 'default', 'meaning'], rows),
    '',
  ];
}
