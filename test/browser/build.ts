import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests look at the built page, so it is brought up to date first. */
export function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync(process.execPath, ['scripts/build-web.ts', '--if-stale'], { cwd: root });
}
