import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-rules-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Each block of the page in order, with its language. */
async function blocks(): Promise<readonly (readonly [string, string])[]> {
  const text = await readFile(join(ROOT, 'docs/rules.md'), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => [
    language,
    body,
  ]);
}

it('runs every snippet of docs/rules.md in its order', { timeout: 120_000 }, async () => {
  const seen = { yaml: 0, sh: 0 };
  for (const [language, body] of await blocks()) {
    if (language === 'yaml') {
      const [, file = ''] = /^# (\S+)\n/.exec(body) ?? [];
      expect(file, body).not.toBe('');
      await mkdir(dirname(join(directory, file)), { recursive: true });
      await writeFile(join(directory, file), body);
      seen.yaml += 1;
    } else if (language === 'sh') {
      for (const line of body.trim().split('\n')) {
        const [name, ...words] = line.split(' ');
        expect(name).toBe('tripcoil');
        await run(process.execPath, [join(ROOT, 'src/main.ts'), ...words], { cwd: directory });
        seen.sh += 1;
      }
    } else expect(language, 'a block nobody runs').toBe('text');
  }
  expect(seen.yaml).toBeGreaterThan(2);
  expect(seen.sh).toBeGreaterThan(2);
});

it('runs the tests of every example', { timeout: 120_000 }, async () => {
  const words = ['detectors', 'test', 'examples/rules/*.yaml', '-o', 'json'];
  const { stdout } = await run(process.execPath, ['src/main.ts', ...words], { cwd: ROOT });
  const results = JSON.parse(stdout) as readonly { readonly passed: boolean }[];
  expect(results.length).toBeGreaterThan(8);
  expect(results.every(({ passed }) => passed)).toBe(true);
});

it('fails where a test does, and says what the event lacked', { timeout: 120_000 }, async () => {
  const rule = `rules:
  - id: one
    title: One
    description: Something.
    condition: event.volume.records > 5
    tests:
      - { name: it fires, events: [{ action: { name: a } }], expect: fires }
`;
  await writeFile(join(directory, 'fails.yaml'), rule);
  const words = ['detectors', 'test', 'fails.yaml', '-o', 'jsonl'];
  const failed = run(process.execPath, [join(ROOT, 'src/main.ts'), ...words], { cwd: directory });
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('an event lacks volume.records'),
  });
});
