import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addVerifyCommand } from './verify-command.ts';

describe('tripcoil verify', () => {
  it('refuses a form of output that it does not know, before it reads anything', async () => {
    const program = new Command();
    addVerifyCommand(program);
    const run = program.parseAsync(['verify', '/nowhere', '-o', 'yaml'], { from: 'user' });
    await expect(run).rejects.toMatchObject({
      exitCode: 64,
      message: '-o takes table, json or jsonl, not yaml',
    });
  });
});
