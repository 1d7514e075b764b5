import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Runs the program once per command in one process, since loading it costs more than its help. */
const SCRIPT = `
  const main = process.argv[1];
  process.execArgv = [];
  for (const [run, command] of process.argv.slice(2).entries()) {
    process.argv = [process.execPath, 'tripcoil', ...command.split(' '), '--help'];
    await import(main + '?' + run);
    console.log('\\f');
  }`;

/** Help of the command line as people start it: every command registered in one program. */
async function helpsOf(...commands: readonly string[]): Promise<readonly string[]> {
  const main = pathToFileURL('src/main.ts').href;
  const args = ['--input-type=module', '-e', SCRIPT, main, ...commands];
  const { stdout } = await run(process.execPath, args);
  return stdout.split('\f').slice(0, commands.length);
}

function commandsIn(help: string): readonly string[] {
  const list = help.split('\nCommands:\n')[1] ?? '';
  const names = [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name ?? '');
  return names.filter((name) => name !== 'help');
}

describe('tripcoil --help', () => {
  it('lists each command once, and each has help of its own', { timeout: 60_000 }, async () => {
    const { stdout } = await run(process.execPath, ['src/main.ts', '--help']);
    const commands = commandsIn(stdout);
    expect(commands).toEqual(expect.arrayContaining(['serve', 'replay', 'redact', 'verify']));
    expect(new Set(commands).size).toBe(commands.length);
    const helps = await helpsOf(...commands);
    for (const [index, command] of commands.entries()) {
      expect(helps[index]).toContain(`Usage: tripcoil ${command}`);
    }
    const below = commandsIn(helps[commands.indexOf('redact')] ?? '');
    expect(below).toContain('test');
    expect(new Set(below).size).toBe(below.length);
  });
});
