import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addActuatorsCommand } from './actuators-command.ts';
import { EXIT } from './output.ts';

const directory = mkdtempSync(join(tmpdir(), 'tripcoil-actuators-'));
const config = join(directory, 'tripcoil.yaml');
const socket = join(directory, 'haproxy.sock');
/** What the simulated HAProxy says of any agent; null while it answers nothing of use. */
let answer: string | null = 'found=yes, key="bot"';
const haproxy = createServer((one) => one.on('data', () => one.end(answer ?? 'Unknown map')));

beforeAll(() => {
  haproxy.listen(socket);
  writeFileSync(
    config,
    'revocation:\n  actuators:\n' +
      '    - name: vault\n      template: vault-entity\n      tenants: [acme]\n' +
      '      parameters: { address: "https://vault.example:8200", token: "env:VAULT_TOKEN" }\n' +
      '      targets: { bot: entity-7 }\n' +
      '    - name: proxy\n      template: haproxy-map\n      tenants: ["*"]\n' +
      `      parameters: { socket: ${socket}, map: /etc/agents.map }\n` +
      '      minimum_level: 3\n      escalate_to: vault\n',
  );
});
afterEach(() => {
  process.exitCode = EXIT.ok;
});
afterAll(() => {
  haproxy.close();
  rmSync(directory, { recursive: true });
});

async function run(...words: readonly string[]): Promise<{ out: string; said: string }> {
  const written = { out: '', said: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream === 'stdout' ? 'out' : 'said'] += String(text);
      return true;
    }),
  );
  try {
    const program = new Command().exitOverride();
    addActuatorsCommand(program, { VAULT_TOKEN: 's3cret-value', PATH: process.env['PATH'] });
    await program.parseAsync(['actuators', ...words], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return written;
}

describe('tripcoil actuators', () => {
  it('lists the templates that come with it, and whether they are verified', async () => {
    const { out } = await run('templates', '-o', 'json');
    const rows = JSON.parse(out) as { name: string; verified: string; reversible: boolean }[];
    expect(rows.length).toBeGreaterThanOrEqual(20);
    expect(rows.find(({ name }) => name === 'haproxy-map')).toMatchObject({
      ...{ verified: 'tested against HAProxy 2.6', reversible: true },
    });
    expect(rows.find(({ name }) => name === 'okta-app')?.verified).toBe('template, not verified');
  });

  it('lists what is configured, with what the templates decide', async () => {
    const { out } = await run('list', '-c', config, '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([
      { name: 'vault', tenants: ['acme'], minimum_level: 5, automatic: true, stands_by: true },
      { name: 'proxy', tenants: '*', minimum_level: 3, automatic: true, stands_by: false },
    ]);
  });

  it('shows the exact requests of a test, secrets masked', async () => {
    const words = ['test', 'vault', '-c', config, '--agent', 'bot'];
    const { out } = await run(...words);
    expect(out).toContain(
      '# freeze\nPOST https://vault.example:8200/v1/identity/entity/id/entity-7',
    );
    expect(out).toContain('# restore');
    expect(out).toContain('x-vault-token: ***');
    expect(out).not.toContain('s3cret-value');
    const rows = JSON.parse((await run(...words, '-o', 'json')).out) as { action: string }[];
    expect(rows.map(({ action }) => action)).toEqual(['freeze', 'restore', 'observe']);
  });

  it('looks only when asked, and fails where it cannot tell', async () => {
    const words = ['test', 'proxy', '-c', config, '--key', 'acme/session/s-1'];
    expect((await run(...words)).said).toBe('');
    expect((await run(...words, '--look')).said).toBe('s-1 is frozen\n');
    expect(process.exitCode).toBe(EXIT.ok);
    answer = null;
    expect((await run(...words, '--look')).said).toBe('s-1 is unknown\n');
    expect(process.exitCode).toBe(EXIT.failed);
  });

  it.each([
    [['test', 'nobody', '--agent', 'bot'], EXIT.notFound, 'no actuator is called nobody'],
    [['test', 'vault', '--agent', 'unmapped'], EXIT.notFound, 'maps unmapped to no target'],
    [['test', 'vault'], EXIT.usage, 'takes --agent <id>, or --key'],
    [['test', 'vault', '--key', 'acme/planet/x'], EXIT.usage, 'takes --agent <id>, or --key'],
    [['test', 'proxy', '--agent', 'bot'], EXIT.usage, 'takes --agent <id>, or --key'],
  ])('refuses %s', async (words, exitCode, message) => {
    const refused = run(...words, '-c', config);
    await expect(refused).rejects.toMatchObject({
      ...{ exitCode, message: expect.stringContaining(message) },
    });
  });
});
