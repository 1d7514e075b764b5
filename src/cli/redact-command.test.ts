import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { EXIT } from './output.ts';
import { addRedactCommand } from './redact-command.ts';

/** Runs `redact test` and gives what it wrote to standard output. */
const run = (...args: readonly string[]) => runRedact('test', ...args);

async function runRedact(...args: readonly string[]): Promise<string> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    const program = new Command().exitOverride();
    addRedactCommand(program);
    await program.parseAsync(['redact', ...args], { from: 'user' });
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
      { entity: 'email', type: 'email', start: 5, end: 22, confidence: 'shaped', inside: [] },
    ]);
    const table = await run('mail alice@example.com');
    expect(table).toMatch(/^email +email +5-22 +shaped\n\nmail \[email:[^\]]+\]\n$/);
    expect(await run('mail alice@example.com', '--show')).toContain('"alice@example.com"');
  });

  it('exits as a search that found nothing', async () => {
    expect(await run('nothing of note', '-o', 'jsonl')).toBe('');
    expect(process.exitCode).toBe(EXIT.notFound);
  });

  it('looks only for the regions asked for, and refuses one that it does not know', async () => {
    const text = 'tin 86095742719';
    expect(await run(text, '--regions', 'DE')).toContain('de_tax_id');
    expect(await run(text, '--regions', 'US')).not.toContain('de_tax_id');
    expect(await run('86095742719', '--key', 'tax_id', '--regions', 'DE')).toContain('de_tax_id');
    await expect(run(text, '--regions', 'XX')).rejects.toMatchObject({ exitCode: EXIT.usage });
  });

  it('refuses a text and a file at once', async () => {
    await expect(run('a text', '-f', '/nowhere')).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(run('-f', '/nowhere')).rejects.toMatchObject({ exitCode: EXIT.failed });
  });
});

const PAGE = readFileSync('docs/redaction.md', 'utf8').split('## Recognisers of your own')[1] ?? '';

function blockOf(language: string): string {
  return PAGE.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';
}

describe('the recognisers of docs/redaction.md', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tripcoil-redact-'));
  const config = join(directory, 'tripcoil.yaml');
  writeFileSync(
    config,
    `${blockOf('yaml')}tenants:\n  acme: { redaction: { modes: { '*': drop } } }\n`,
  );

  afterEach(() => {
    process.exitCode = EXIT.ok;
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('find what the page says', async () => {
    const text = /redact test '([^']+)'/.exec(PAGE)?.[1] ?? '';
    expect(await run(text, '-c', config)).toBe(blockOf('text'));
    expect(await run('see S12345678', '-c', config)).toBe('see S12345678\n');
    const both = '9111 1111 1111 1111 and 9111 1111 1111 1110';
    const hits: unknown = JSON.parse(await run(both, '-c', config, '-o', 'json'));
    expect(hits).toMatchObject([{ entity: 'loyalty_card', confidence: 'checked' }]);
  });

  it('hold for a tenant with the rest of its policy', async () => {
    const args = ['-c', config, '--tenant', 'acme', '-o', 'json'];
    const text = 'staff S12345678, mail a@example.com.';
    const told = JSON.parse(await run(text, ...args, '--redacted'));
    expect(told.redacted).toMatch(/^staff \[x_staff_number~\*{8}5678\], mail \.$/);
    const { types, recognisers } = JSON.parse(await runRedact('policy', ...args));
    expect(types).toContainEqual({ type: 'email', mode: 'drop', entities: ['email'] });
    const own = { type: 'x_staff_number', mode: 'partial', entities: ['staff_number'] };
    expect(types).toContainEqual(own);
    expect(recognisers).toHaveLength(3);
    const table = await runRedact('policy', '-c', config);
    expect(table).toMatch(/x_staff_number +partial +staff_number/);
    expect(table).toMatch(/unknown_keys +scan/);
  });

  it('end the command where the configuration is wrong', async () => {
    writeFileSync(join(directory, 'bad.yaml'), blockOf('yaml').replace('luhn', 'luhm'));
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await expect(run('x', '-c', join(directory, 'bad.yaml'))).rejects.toMatchObject({
        exitCode: EXIT.config,
      });
      const said = write.mock.calls.map(([line]) => String(line)).join('');
      expect(said).toMatch(/recognisers\[1\]\.validator: is not a known check .*did you mean luhn/);
    } finally {
      write.mockRestore();
    }
  });
});
