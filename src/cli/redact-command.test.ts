import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from './output.ts';
import { addRedactCommand } from './redact-command.ts';

/** Runs `redact test` and gives what it wrote to standard output. */
async function run(...args: readonly string[]): Promise<string> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    const program = new Command().exitOverride();
    addRedactCommand(program);
    await program.parseAsync(['redact', 'test', ...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return out;
}

describe('tripcoil redact test', () => {
  afterEach(() => {
    process.exitCode = EXIT.ok;
  });

  it('tells what and where, never the value', async () => {
    const out = await run('mail alice@example.com', '-o', 'json');
    expect(JSON.parse(out)).toEqual([
      { entity: 'email', start: 5, end: 22, confidence: 'shaped', inside: [] },
    ]);
    expect(await run('mail alice@example.com')).toMatch(/^email +5-22 +shaped\n$/);
  });

  it('exits as a search that found nothing', async () => {
    expect(await run('nothing of note', '-o', 'jsonl')).toBe('');
    expect(process.exitCode).toBe(EXIT.notFound);
  });

  it('looks only for the regions asked for, and refuses one that it does not know', async () => {
    const text = 'tin 86095742719';
    expect(await run(text, '--regions', 'DE')).toContain('de_tax_id');
    expect(await run(text, '--regions', 'US')).not.toContain('de_tax_id');
    await expect(run(text, '--regions', 'XX')).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it('refuses a text and a file at once', async () => {
    await expect(run('a text', '-f', '/nowhere')).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(run('-f', '/nowhere')).rejects.toMatchObject({ exitCode: EXIT.failed });
  });
});
