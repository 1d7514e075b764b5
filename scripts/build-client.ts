import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'client', 'src');
const BUILT = join(ROOT, 'client', 'dist', 'index.js');

/** Compiles `tripcoil-client`, which examples/broker.mjs imports as any broker does. */
function buildClient(): void {
  if (!isStale()) return;
  if (!existsSync(join(ROOT, 'node_modules', 'typescript'))) {
    console.error('client: not built, typescript is not installed');
    return;
  }
  const { status } = spawnSync('npx', ['--no-install', 'tsc', '-p', 'client/tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the client does not compile');
}

function isStale(): boolean {
  if (!existsSync(BUILT)) return true;
  const builtAt = statSync(BUILT).mtimeMs;
  return readdirSync(SOURCES).some((file) => statSync(join(SOURCES, file)).mtimeMs > builtAt);
}

buildClient();
