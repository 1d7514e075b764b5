import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildVerifier } from './build-verifier.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'dashboards/web');
/** Built last of all. */
const built = join(root, 'dist/ui/verify.html');
const verifierSources = ['dashboards/verify', 'src/export/check'].map((name) => join(root, name));

/** Builds the web UI into dist/ui; with --if-stale only if a source is newer than the build. */
async function buildWeb(): Promise<void> {
  const ifStale = process.argv.includes('--if-stale');
  if (ifStale && !isStale()) return;
  let vite: typeof import('vite');
  try {
    vite = await import('vite');
  } catch {
    // An installation without development packages has a finished dist/ui, or no UI at all.
    if (!ifStale) throw new Error('vite is not installed: run npm install with dev dependencies');
    console.error('web UI: not built, vite is not installed');
    return;
  }
  const started = performance.now();
  await vite.build({ configFile: join(sources, 'vite.config.ts'), logLevel: 'error' });
  await buildVerifier(vite.build, root);
  console.error(`web UI: built into dist/ui in ${Math.round(performance.now() - started)} ms`);
}

/** Tests and the contract, which is types alone, change nothing in the bundle. */
function isStale(): boolean {
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return [sources, ...verifierSources].some((directory) =>
    readdirSync(directory, { recursive: true, withFileTypes: true }).some(
      (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > builtAt,
    ),
  );
}

await buildWeb();
