import type { GrantSet } from '../core/grant.ts';
import type { Daemon } from '../daemon.ts';
import type { Clock } from '../ports/clock.ts';
import { readConfig, readGrants } from './configuration.ts';
import { FilesRead, watchFiles } from './files-read.ts';
import { talk } from './output.ts';

/** What the process started with, and the files that said so. */
export interface Started {
  readonly file: string | undefined;
  readonly files: FilesRead;
  readonly modules: readonly string[];
  readonly grants: ReadonlyMap<string, GrantSet>;
}

/**
 * Reads the operator's files again on SIGHUP and whenever one of them changes. With a fault in
 * them, everything stays as it was. Code of detectors is loaded at the start alone: what a module
 * has judged must be replayed by the same module.
 */
export function keepConfigured(
  started: Started,
  { reconfigure }: Pick<Daemon, 'reconfigure'>,
  clock: Clock,
  signal: AbortSignal,
): void {
  const { file } = started;
  let { files } = started;
  let grantsBefore = JSON.stringify([...started.grants]);
  const reload = async (why: string, onlyNews: boolean): Promise<void> => {
    const seen = new FilesRead();
    try {
      const changes = await reconfigure(async () => {
        const config = await readConfig(file, seen);
        if (config.grantsFile !== null) seen.read(config.grantsFile);
        const given = await readGrants(config.grantsFile);
        const text = JSON.stringify([...given]);
        // Grants set over the API hold until the file says something else, or a person asks.
        const grants = onlyNews && text === grantsBefore ? new Map() : given;
        grantsBefore = text;
        return { config, grants };
      });
      files = seen;
      talk(`${why}: reloaded: ${changes} changes of configuration and grants`);
    } catch (error) {
      // Where it says what is wrong, the cure may lie in a file that was never read before.
      files = files.with(seen);
      const reason = error instanceof Error ? error.message : String(error);
      talk(`${why}: not reloaded, all stays as it was: ${reason}`);
    }
  };
  process.on('SIGHUP', () => void reload('SIGHUP', false));
  const changed = (): Promise<void> => reload('a file changed', true);
  void watchFiles({ files: () => files, changed, clock, signal });
  watchModules(started.modules, clock, signal);
}

function watchModules(modules: readonly string[], clock: Clock, signal: AbortSignal): void {
  const looked = (): FilesRead => {
    const files = new FilesRead();
    for (const module of modules) files.read(module);
    return files;
  };
  let files = looked();
  const changed = async (): Promise<void> => {
    files = looked();
    talk('a detector module changed: its code is loaded at the next start');
  };
  if (modules.length > 0) void watchFiles({ files: () => files, changed, clock, signal });
}
