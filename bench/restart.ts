import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createWorkplace, serve, type Workplace } from '../test/integration/served-daemon.ts';
import { rounded } from './rounded.ts';

const WRITER = fileURLToPath(new URL('restart-process.ts', import.meta.url));
const ROUNDS = 3;

/**
 * From `serve` to the first 200 of `/readyz`, after kill -9 of a daemon that had taken so many
 * events, just before it would have written its next snapshot; the worst of three. A directory
 * filled once is kept and used again where `TRIPCOIL_BENCH_RESTART_DIRECTORY` names one.
 */
export async function restartAfterKill(events: number): Promise<{ readonly restart_ms: number }> {
  const workplace = await createWorkplace();
  const kept = process.env['TRIPCOIL_BENCH_RESTART_DIRECTORY'];
  const used = kept === undefined ? workplace : await keptIn(workplace, kept);
  try {
    await fill(join(used.directory, 'data'), events);
    let worst = 0;
    for (let round = 0; round < ROUNDS; round += 1) worst = Math.max(worst, await readyMs(used));
    return { restart_ms: rounded(worst, 0) };
  } finally {
    await workplace.remove();
  }
}

/** The same place under another directory, which is not removed. */
async function keptIn(workplace: Workplace, directory: string): Promise<Workplace> {
  await mkdir(directory, { recursive: true });
  const configFile = join(directory, 'tripcoil.yaml');
  await copyFile(workplace.configFile, configFile);
  return { ...workplace, directory, configFile };
}

async function fill(directory: string, events: number): Promise<void> {
  if (existsSync(directory)) return;
  await mkdir(directory, { recursive: true });
  const words = ['--max-semi-space-size=32', WRITER, directory, String(events)];
  const writer = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [, signal] = await once(writer, 'exit');
  if (signal !== 'SIGKILL') throw new Error('the writer did not come to its end');
}

async function readyMs(workplace: Workplace): Promise<number> {
  const startMs = performance.now();
  const daemon = await serve(workplace);
  try {
    while ((await fetch(`${daemon.main}/readyz`)).status !== 200) await sleep(5);
    return performance.now() - startMs;
  } finally {
    await daemon.kill();
  }
}
