import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs the tests of `tripcoil-client` under the oldest Node that it promises to run on. What tests
 * it there is fetched into a directory of its own, because Vitest 5 needs a newer Node.
 */

const ROOT = join(import.meta.dirname, '..');
const NODE = '20.19.5';
const VITEST = '3.2.4';
/** Of the repository's own dependencies, what the tests of the client import. */
const SHARED = ['@modelcontextprotocol/sdk', 'express', 'fast-check', 'fastify', 'zod'];

const directory = mkdtempSync(join(tmpdir(), 'tripcoil-client-'));
try {
  process.exitCode = testIn(directory);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function testIn(cwd: string): number {
  const platform = `node-${process.platform}-${process.arch}`;
  const dependencies = { ...versions(), vitest: VITEST, [platform]: NODE };
  const manifest = { private: true, type: 'module', dependencies };
  writeFileSync(join(cwd, 'package.json'), JSON.stringify(manifest));
  for (const part of ['src', 'README.md']) {
    cpSync(join(ROOT, 'client', part), join(cwd, 'client', part), { recursive: true });
  }
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (run('npm', ['install', ...quiet], cwd) !== 0) {
    console.error(`!! SKIPPED: Node ${NODE} could not be fetched to test the client with`);
    return 0;
  }
  const node = join(cwd, 'node_modules', platform, 'bin', 'node');
  console.info(`tripcoil-client under Node ${NODE}`);
  const vitest = join(cwd, 'node_modules', 'vitest', 'vitest.mjs');
  return run(node, [vitest, 'run', '--root', cwd, '--testTimeout', '30000'], cwd);
}

function versions(): Record<string, string> {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(text) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const known: Record<string, string> = { ...dependencies, ...devDependencies };
  return Object.fromEntries(SHARED.map((name) => [name, known[name] ?? 'latest']));
}

function run(command: string, words: readonly string[], cwd: string): number {
  return spawnSync(command, words, { cwd, stdio: 'inherit' }).status ?? 1;
}
