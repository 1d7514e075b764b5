#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addActuatorsCommand } from './cli/actuators-command.ts';
import { addConfigCommand } from './cli/configuration.ts';
import { addDataKeyCommands } from './cli/data-key-commands.ts';
import { addDemoCommand } from './cli/demo-command.ts';
import { addDetectorsCommand } from './cli/detectors-command.ts';
import { addDoctorCommand } from './cli/doctor-command.ts';
import { addExportCommand } from './cli/export-command.ts';
import { addImportCommand } from './cli/import-command.ts';
import { addLedgerCommands } from './cli/ledger-commands.ts';
import { addOperatorCommands } from './cli/operator-commands.ts';
import { CliError, EXIT, talk } from './cli/output.ts';
import { addReadCommands } from './cli/read-commands.ts';
import { addRedactCommand } from './cli/redact-command.ts';
import { addReplayCommand } from './cli/replay-command.ts';
import { addReviewCommands } from './cli/review-commands.ts';
import { addServeCommand } from './cli/serve-command.ts';
import { addStoreCommands } from './cli/store-command.ts';
import { addStreamCommands } from './cli/stream-commands.ts';
import { addSubjectCommands } from './cli/subject-commands.ts';
import { addTenantCommands } from './cli/tenant-commands.ts';
import { addVerifyCommand } from './cli/verify-command.ts';
import { addWhatIfCommand } from './cli/what-if-command.ts';
import { SOFTWARE_VERSION } from './components.ts';
import { TripcoilError } from './core/errors.ts';

/** The command line. Standard output is results, standard error is talk; see docs/cli.md. */
const program = new Command('tripcoil')
  .description('Observability and anomaly circuit breakers for brokered AI agents')
  .version(SOFTWARE_VERSION)
  .showHelpAfterError()
  .addHelpText(
    'after',
    '\n`tripcoil <command> --help` lists the options of one command; exit codes: docs/cli.md',
  )
  .exitOverride();

addServeCommand(program);
addDemoCommand(program);
addReplayCommand(program);
addImportCommand(program);
addOperatorCommands(program);
addReadCommands(program);
addReviewCommands(program);
addVerifyCommand(program);
addStoreCommands(program);
addWhatIfCommand(program);
addLedgerCommands(program);
addExportCommand(program);
addSubjectCommands(program, addRedactCommand(program));
addDataKeyCommands(program);
addTenantCommands(program);
addActuatorsCommand(program, process.env);
addStreamCommands(program);
addDetectorsCommand(program);
addConfigCommand(program);
addDoctorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    talk(`tripcoil: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof TripcoilError) {
    talk(`tripcoil: ${error.code}: ${error.message}`);
    if (error.code === 'not_found') return EXIT.notFound;
    return error.code === 'config_invalid' ? EXIT.config : EXIT.failed;
  }
  talk(
    `tripcoil: internal error: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
  );
  return EXIT.internal;
}
