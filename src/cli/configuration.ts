import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseGrants } from '../config/grants.ts';
import { loadConfig, type TripcoilConfig } from '../config/load.ts';
import { formatProblem, type Problem } from '../config/problems.ts';
import type { RuleFiles } from '../config/rule-files.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import { RULE_FIELDS } from '../engine/rules/event-shape.ts';
import { ruleFaults } from '../engine/rules/rule-detector.ts';
import { AUDIT_FORMATS } from '../receivers/audit/formats.ts';
import { profileFaults } from '../receivers/audit/profile/profile.ts';
import { REDACTION_CHECKS } from '../redact/custom/checks.ts';
import { actuatorFaults } from '../revocation/actuators/check.ts';
import { addressProblem } from '../revocation/guarded-post.ts';
import { secretProblem } from '../revocation/webhook/alert-webhook.ts';
import { registryOf } from './detector-modules.ts';
import type { FilesRead } from './files-read.ts';
import { CliError, EXIT, talk } from './output.ts';

/** Rules as this build reads them. */
export const RULE_FILES: RuleFiles = {
  fields: RULE_FIELDS,
  faults: ruleFaults,
  list: (pattern) => globSync(pattern).sort(),
  read: (path) => readFileSync(path, 'utf8'),
};

/** Told of each file that is read and each pattern that is looked for, before it is. */
export type Reading = Pick<FilesRead, 'read' | 'looksFor'>;

const NOBODY: Reading = { read: () => undefined, looksFor: () => undefined };

/** Reads the configuration, or ends the command with every problem at its line. */
export async function readConfig(
  file: string | undefined,
  reading: Reading = NOBODY,
): Promise<TripcoilConfig> {
  const readFile = (path: string): string => {
    reading.read(path);
    return readFileSync(path, 'utf8');
  };
  const list = (pattern: string): readonly string[] => {
    reading.looksFor(pattern);
    return RULE_FILES.list(pattern);
  };
  const from = { ...(file === undefined ? {} : { file }), env: process.env, readFile };
  // What modules there are is known only once the file is read; what they allow, only then.
  const named = loadConfig(from);
  const modules = 'config' in named ? named.config.detectorModules : [];
  const result = loadConfig({
    ...from,
    detectors: (await registryOf(modules)).detectors,
    rules: { ...RULE_FILES, list, read: readFile },
    audit: { formats: [...AUDIT_FORMATS.keys()], checkProfile: profileFaults },
    actuators: (actuator) => actuatorFaults(actuator, readFile),
    outgoing: { address: addressProblem, webhookSecret: secretProblem },
    redaction: REDACTION_CHECKS,
  });
  if ('config' in result) return result.config;
  throw problems(result.problems, file ?? 'the configuration');
}

/**
 * Reads a grants file; no file means no grants. Under `_system` stands what holds for any tenant.
 */
export async function readGrants(
  file: string | undefined | null,
): Promise<ReadonlyMap<string, GrantSet>> {
  if (file === undefined || file === null) return new Map();
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      EXIT.config,
      `${file}: ${error.code === 'ENOENT' ? 'no such file' : error.code}`,
    );
  });
  const result = parseGrants(text);
  if ('grants' in result) return new Map([[SYSTEM_TENANT, result.everyTenant], ...result.grants]);
  throw problems(result.problems, file);
}

/** `config check [file]`. */
export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('check [file]')
    .description('list every problem of a configuration file, or say that it is sound')
    .option('-c, --config <file>', 'the same, as for the other commands')
    .action(async (named: string | undefined, options: { config?: string }) => {
      const file = named ?? options.config;
      const checked = await readConfig(file);
      if (checked.grantsFile) await readGrants(checked.grantsFile);
      process.stdout.write(`${file ?? 'defaults'}: sound\n`);
    });
}

function problems(list: readonly Problem[], file: string): CliError {
  for (const problem of list) talk(formatProblem(problem, file));
  const count = list.length === 1 ? 'one problem' : `${list.length} problems`;
  return new CliError(EXIT.config, `${file}: ${count}`);
}
