import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { REGIONS, recognisersOf } from '../redact/entities/recognisers.ts';
import { type InspectedHit, inspectText } from '../redact/inspect.ts';
import { CliError, EXIT, type OutputFormat, parseOutputFormat } from './output.ts';

interface TestOptions {
  readonly file?: string;
  readonly regions?: string;
  readonly dates?: boolean;
  readonly output: OutputFormat;
}

/**
 * `redact test [text]`: what would be found in a text, by entity and span; needs no daemon. Returns
 * `redact`, which others add to.
 */
export function addRedactCommand(program: Command): Command {
  const redact = program.command('redact').description('look at redaction');
  redact
    .command('test [text]')
    .description('say what redaction finds in a text, a file or standard input; never the values')
    .option('-f, --file <path>', 'read the text from a file')
    .option('--regions <list>', 'only entities of these regions, comma-separated')
    .option('--dates', 'show every date, also those that redaction keeps')
    .option('-o, --output <format>', 'table, json or jsonl', parseOutputFormat, 'table')
    .action((text: string | undefined, options: TestOptions) => {
      const recognisers = recognisersOf(regionsOf(options.regions));
      const hits = inspectText(textOf(text, options.file), {
        recognisers,
        dates: options.dates === true,
      });
      process.stdout.write(shown(hits, options.output));
      if (hits.length === 0) process.exitCode = EXIT.notFound;
    });
  return redact;
}

function textOf(text: string | undefined, file: string | undefined): string {
  if (text !== undefined && file !== undefined) {
    throw new CliError(EXIT.usage, 'give a text or a file, not both');
  }
  if (text !== undefined) return text;
  try {
    return readFileSync(file ?? process.stdin.fd, 'utf8');
  } catch {
    throw new CliError(EXIT.failed, `cannot read ${file ?? 'standard input'}`);
  }
}

function regionsOf(list: string | undefined): readonly string[] | null {
  if (list === undefined) return null;
  const regions = list.split(',').map((region) => region.trim());
  const unknown = regions.find((region) => !REGIONS.includes(region));
  if (unknown === undefined) return regions;
  throw new CliError(EXIT.usage, `unknown region ${unknown}; known: ${REGIONS.join(', ')}`);
}

function shown(hits: readonly InspectedHit[], output: OutputFormat): string {
  if (output === 'json') return `${JSON.stringify(hits)}\n`;
  if (output === 'jsonl') return hits.map((hit) => `${JSON.stringify(hit)}\n`).join('');
  return hits
    .map(({ entity, start, end, confidence, inside }) => {
      const wrapped = inside.length === 0 ? '' : `  in ${inside.join(' in ')}`;
      return `${entity.padEnd(28)} ${`${start}-${end}`.padEnd(12)} ${confidence}${wrapped}\n`;
    })
    .join('');
}
