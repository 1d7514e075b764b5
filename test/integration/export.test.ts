import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from './http.ts';
import { tripcoil } from './served-daemon.ts';
import { crossing, eventOf, Site } from './site.ts';

const PERSON = 'alice.weber@example.com';
let site: Site;
let bundle: string;

beforeAll(async () => {
  site = await Site.open();
  await site.order('/v1/tenants/default/enforce', { create: true });
  await site.grant([{ tenant: 'default', agent: 'exporter', scopes: [] }]);
  await site.send([
    eventOf('e-1', 'exporter', { session: { id: 's-1' }, token: { txn: 'x-1' } }),
    { ...crossing('e-2', 'exporter'), session: { id: 's-1' }, token: { txn: 'x-1' } },
    eventOf('e-3', 'other', { token: { txn: 'x-2' } }),
  ]);
  await site.projected();
  bundle = join(site.workplace.directory, 'bundle.zip');
}, 60_000);
afterAll(() => site?.close());

const person = ['--reason', `asked for by ${PERSON}`, '--actor', 'kim'];

describe('tripcoil export', () => {
  it('makes a bundle of a chain that tripcoil verify accepts, key and all', async () => {
    const made = await site.cli('export', '--chain', 'x-1', '--out', bundle, ...person);
    expect(made.stderr + made.stdout).toContain('bundle.zip');
    expect(made.code).toBe(0);
    const files = unzipSync(await readFile(bundle));
    const texts = Buffer.from(files['entries.jsonl'] ?? []).toString();
    expect(texts).toContain('"e-1"');
    expect(texts).toContain('cross_tenant_access');
    expect(texts).toContain('"kind":"transition"');
    expect(texts).not.toContain('"e-3"');
    for (const bytes of Object.values(files)) {
      expect(Buffer.from(bytes).toString()).not.toContain(PERSON);
    }
    const key = Buffer.from(files['logs/0/verifier-key.txt'] ?? []).toString();
    const sound = await verify(bundle, '--key', key);
    expect(sound).toMatchObject({ code: 0, stderr: '' });
    expect(sound.stdout).toMatch(/^intact: \d+ files, \d+ entries proven in 1 log/);
    const told = JSON.parse((await verify(bundle, '--json')).stdout);
    expect(told).toMatchObject({ ok: true, problems: [], bundle: { asked: { chain: 'x-1' } } });
  });

  it('makes a table of what an agent did', async () => {
    const csv = join(site.workplace.directory, 'x.csv');
    const words = ['--agent', 'default/exporter', '--format', 'csv', '--out', csv, ...person];
    expect((await site.cli('export', ...words)).code).toBe(0);
    expect(await readFile(csv, 'utf8')).toMatch(/^seq,time/);
  });

  it('names what was changed in a bundle, with the exit code of a broken ledger', async () => {
    const files = unzipSync(await readFile(bundle));
    const name = Object.keys(files).find((each) => each.endsWith('.salted')) ?? '';
    const bytes = Uint8Array.from(files[name] ?? []);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    const altered = join(site.workplace.directory, 'altered.zip');
    await writeFile(altered, zipSync({ ...files, [name]: bytes }));
    const broken = await verify(altered);
    expect(broken.code).toBe(6);
    expect(broken.stderr).toContain(`altered: `);
    expect(broken.stderr).toContain(name);
    await writeFile(altered, (await readFile(bundle)).subarray(0, 500));
    expect(await verify(altered)).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/^truncated: /),
    });
  });

  it('refuses what cannot be, and what is not the caller’s', async () => {
    expect((await site.cli('export', ...person)).code).toBe(64);
    expect((await site.cli('export', '--chain', 'nowhere', ...person)).code).toBe(3);
    expect((await site.cli('export', '--finding', '9999-0', ...person)).code).toBe(3);
    const broker = await site.daemon.token('local-broker');
    const asked = await ask(`${site.daemon.main}/v1/export?chain=x-1`, { token: broker });
    expect(asked.status).toBe(403);
    const none = await ask(`${site.daemon.main}/v1/export?chain=x-1&agent=exporter`);
    expect(none.status).toBe(400);
  });
});

describe('the recorded past', () => {
  it('is decided the same again, and otherwise under another configuration', async () => {
    const again = await tripcoil('replay', '--from-ledger', site.data);
    const summary = JSON.parse(again.stdout.trim());
    expect(summary).toMatchObject({ type: 'summary', different: 0, erased: 0, other_version: 0 });
    expect(summary.same).toBeGreaterThan(2);
    expect(again.code).toBe(0);
    const config = join(site.workplace.directory, 'calm.yaml');
    await writeFile(config, 'detectors: { cross_tenant_access: { mode: off } }\n');
    const calm = await tripcoil('what-if', '--from-ledger', site.data, '-c', config, '-o', 'json');
    const { detectors, trips } = JSON.parse(calm.stdout);
    const row = detectors.find((each: { detector: string }) => {
      return each.detector === 'cross_tenant_access';
    });
    expect(row).toMatchObject({ before: 1, now: 0, less: 1 });
    expect(trips).toContainEqual(expect.objectContaining({ when: 'before' }));
    expect(calm.stderr).toContain('less: ');
  });
});

function verify(...words: readonly string[]) {
  return tripcoil('verify', ...words);
}
