import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = dirname(import.meta.dirname);
const DIST = join(ROOT, 'dist');
/** What the compiler does not copy: the templates of actuators. */
const TEMPLATES = 'src/revocation/actuators/templates';
const SHEBANG = '#!/usr/bin/env node\n';

/** Builds what is published: compiled daemon and detectors, the web UI, the client. */
function build(): void {
  clean();
  run('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
  cpSync(join(ROOT, TEMPLATES), join(DIST, TEMPLATES), { recursive: true });
  makeExecutable(join(DIST, 'src', 'main.js'));
  run(process.execPath, ['scripts/build-web.ts']);
  rmSync(join(ROOT, 'client', 'dist'), { recursive: true, force: true });
  run('npx', ['--no-install', 'tsc', '-p', 'client/tsconfig.build.json']);
  const faults = packFaults(packedFiles());
  if (faults.length > 0) throw new Error(`the package is wrong:\n${faults.join('\n')}`);
}

/** What is wrong with the list of files that would be published. */
export function packFaults(files: readonly string[]): readonly string[] {
  const needed = [
    ...['package.json', 'LICENSE', 'README.md', 'dist/src/main.js', 'dist/ui/index.html'],
    'dist/ui/verify.html',
    `dist/${TEMPLATES}/redis.yaml`,
  ];
  const foreign =
    /(^|\/)testing\/|\.(test|cases|bench)\.|(?<!\.d)\.tsx?$|node-runtime|^node_modules/;
  return [
    ...needed.filter((file) => !files.includes(file)).map((file) => `lacks ${file}`),
    ...files.filter((file) => foreign.test(file)).map((file) => `must not contain ${file}`),
  ];
}

/** Paths that `npm pack` would take, without packing. */
export function packedFiles(): readonly string[] {
  const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
  const [first] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
  return first.files.map((file) => file.path);
}

/** The UI is left in place: its own build replaces it, and a failed one leaves the old. */
function clean(): void {
  if (!existsSync(DIST)) return;
  for (const name of readdirSync(DIST)) {
    if (name !== 'ui') rmSync(join(DIST, name), { recursive: true });
  }
}

function makeExecutable(file: string): void {
  const text = readFileSync(file, 'utf8');
  if (!text.startsWith('#!')) writeFileSync(file, SHEBANG + text);
  chmodSync(file, 0o755);
}

function run(command: string, parameters: readonly string[]): void {
  const { status } = spawnSync(command, parameters, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed`);
}

if (import.meta.main) build();
