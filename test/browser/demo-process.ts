import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A real `tripcoil demo` in a process of its own, on free ports, after its incidents. */
export interface DemoProcess {
  readonly url: string;
  /** The words after `tripcoil` that it offers for closing a breaker. */
  readonly resetWords: readonly string[];
  stop(): Promise<void>;
}

const LOOK_AROUND = /Look around: (http:\S+)/;
const RESET = /Close a breaker: npm run tripcoil -- (.+)/;
const READY = /Ordinary traffic goes on/;

/** Resolves once the three incidents are over and the page invites to look around. */
export async function startDemoProcess(seed: number): Promise<DemoProcess> {
  const words = ['demo', '--seed', String(seed), '--port', '0', '--otlp-port', '0'];
  const child = spawn(process.execPath, ['src/main.ts', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (READY.test(line)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`demo ended (${code}):\n${said.join('\n')}`)));
  });
  const all = said.join('\n');
  return {
    url: LOOK_AROUND.exec(all)?.[1] ?? '',
    resetWords: RESET.exec(all)?.[1]?.split(' ') ?? [],
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
