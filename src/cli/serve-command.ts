import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { SOFTWARE_VERSION } from '../components.ts';
import { LOCAL_TENANT } from '../composition/local-credentials.ts';
import { LIMITS } from '../core/limits.ts';
import { type Daemon, startDaemon } from '../daemon.ts';
import { WALL_CLOCK } from '../runtime/wall-clock.ts';
import { forgetExporterVariables } from '../telemetry/exporter-environment.ts';
import { createLog } from '../telemetry/log.ts';
import { startTelemetry } from '../telemetry/own-tracing.ts';
import { readConfig, readGrants } from './configuration.ts';
import { registryOf } from './detector-modules.ts';
import { FilesRead } from './files-read.ts';
import { talk } from './output.ts';
import { keepConfigured } from './reloading.ts';

/** `dist/ui` of a checkout or of the installed package. */
export const WEB_DIRECTORY = fileURLToPath(
  import.meta.filename.endsWith('.ts')
    ? new URL('../../dist/ui', import.meta.url)
    : new URL('../../ui', import.meta.url),
);

/** `serve`: the daemon, until SIGTERM or SIGINT. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('run the daemon; a fresh one shadows every tenant until `tripcoil enforce`')
    .option('-c, --config <file>', 'configuration; without it, defaults on this machine only')
    .action(async (options: { config?: string }) => {
      const files = new FilesRead();
      const config = await readConfig(options.config, files);
      if (config.grantsFile !== null) files.read(config.grantsFile);
      const grants = await readGrants(config.grantsFile);
      const log = createLog({ level: config.log.level });
      forgetExporterVariables(process.env);
      const endpoint = config.telemetry.ownTraces?.endpoint;
      const tracing = await startTelemetry({
        ...(endpoint === undefined ? {} : { endpoint }),
        serviceName: 'tripcoil',
        version: SOFTWARE_VERSION,
        log,
      });
      // From here on a signal during the start waits for its end instead of cutting it short.
      const signalled = untilSignalled();
      const daemon = await startDaemon({
        config,
        grants,
        initialPosture: 'shadow',
        registry: await registryOf(config.detectorModules),
        clock: WALL_CLOCK,
        log,
        webDirectory: WEB_DIRECTORY,
      });
      greet(daemon, config.dataDirectory);
      const stop = new AbortController();
      const started = { file: options.config, files, modules: config.detectorModules, grants };
      keepConfigured(started, daemon, WALL_CLOCK, stop.signal);
      await signalled;
      stop.abort();
      talk('stopping: finishing what was accepted');
      await Promise.race([daemon.close(), WALL_CLOCK.sleep(LIMITS.shutdownGraceMs)]);
      await tracing.shutdown();
      process.exit(0);
    });
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130));
      process.once('SIGTERM', () => process.exit(143));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
}

/** What a newcomer needs next: where it listens, what it does, and how to send the first span. */
function greet(daemon: Daemon, dataDirectory: string): void {
  const { main, otlp, otlpGrpc } = daemon.urls;
  const tenants = daemon.host.view.tenants();
  const shadowed = tenants.filter((tenant) => tenant.posture === 'shadow');
  talk(`tripcoil ${SOFTWARE_VERSION} listens on ${main} (API, UI) and ${otlp} (OTLP/HTTP)`);
  talk(`OTLP/gRPC on ${otlpGrpc}`);
  talk(`data in ${dataDirectory}, store ${daemon.store.kind}`);
  if (tenants.length === 0 || shadowed.length > 0) {
    const names = shadowed.map((tenant) => tenant.tenant).join(', ') || 'every tenant';
    talk(`shadow: ${names} is scored but nothing trips; see \`tripcoil enforce --help\``);
  }
  for (const { tenant, wouldHaveTripped } of shadowed) {
    if (wouldHaveTripped > 0)
      talk(`shadow: ${tenant} would have tripped ${wouldHaveTripped} times`);
  }
  const ingest = daemon.credentials.find((credential) => credential.name === 'local-ingest');
  if (!ingest) return;
  talk(`send spans of tenant ${LOCAL_TENANT} from this machine with:`);
  talk(`  export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp}`);
  talk(`  export OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer $(cat ${ingest.path})"`);
}
