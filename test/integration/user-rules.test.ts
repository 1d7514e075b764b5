import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DetectorBody } from '../../src/api/detector-contract.ts';
import type { Backtest } from '../../src/replay/backtest.ts';
import { tripcoil } from './served-daemon.ts';
import { eventOf, Site } from './site.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let site: Site;
let directory: string;
const rulesFile = () => join(directory, 'rules.yaml');

function rules(...given: readonly [id: string, condition: string][]): string {
  const head = (id: string) => `  - id: ${id}\n    title: ${id}\n    description: It happened.\n`;
  const lines = given.map(
    ([id, condition]) => `${head(id)}    mode: alert\n    condition: ${condition}\n`,
  );
  return `rules:\n${lines.join('')}`;
}

const READS: [string, string] = ['reads', 'event.action.op == "read" && event.volume.records > 5'];
const deletes = (id: string) => eventOf(id, 'bot', { action: { name: 'delete_it', op: 'delete' } });
const reads = (id: string, records: number) => eventOf(id, 'bot', { volume: { records } });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-user-rules-'));
  await writeFile(rulesFile(), rules(READS));
  site = await Site.open(`detectors:\n  rules: ['${rulesFile()}']\n`);
}, 60_000);
afterAll(async () => {
  await site?.close();
  await rm(directory, { recursive: true, force: true });
});

const patient = { timeout: 120_000 };

it('finds by a rule of the configuration, and hears what people say of it', patient, async () => {
  await site.send([reads('a', 9), reads('b', 2), deletes('c')]);
  const [finding] = await site.findings('bot');
  expect(finding).toMatchObject({ detector: 'reads', event_id: 'a', mode: 'alert' });
  const words = ['--verdict', 'benign', '--reason', 'agreed', '--actor', 'kim'];
  const said = await site.cli('findings', 'feedback', finding?.id ?? '', ...words);
  expect(said.code, said.stderr).toBe(0);
  expect(said.stderr).toMatch(/exceptions:\s+- detector: reads\s+agent: bot/);
  const [judged] = await site.findings('bot');
  expect(judged?.feedback).toMatchObject({ verdict: 'benign', reason: 'agreed' });
  const list = await site.cli('detectors', 'list', '--tenant', 'default', '-o', 'json');
  const listed = JSON.parse(list.stdout) as readonly DetectorBody[];
  expect(listed.find(({ id }) => id === 'reads')).toMatchObject({
    ...{ source: 'rule', mode: 'alert', precision: 1 },
  });
  expect(listed.find(({ id }) => id === 'volume_spike')?.source).toBe('built-in');
});

it('reads its rules again on SIGHUP, unless they are wrong', patient, async () => {
  const hangUp = () => site.daemon.process.kill('SIGHUP');
  await writeFile(rulesFile(), rules(['deletes', 'event.action.opp == "delete"']));
  hangUp();
  await site.says(/not reloaded, all stays as it was/);
  await writeFile(rulesFile(), rules(READS, ['deletes', 'event.action.op == "delete"']));
  hangUp();
  await site.says(/reloaded: [1-9]/);
  await site.send([deletes('d')]);
  const found = await site.findings('bot');
  expect(found.map(({ detector, event_id }) => [detector, event_id])).toEqual([
    ['deletes', 'd'],
    ['reads', 'a'],
  ]);
});

it('reads its rules again when a file changes, and says which line is wrong', patient, async () => {
  await writeFile(rulesFile(), rules(READS, ['writes', 'event.action.opp == "write"']));
  await site.says(/rules\.yaml:\d+:\d+.*opp[\s\S]*a file changed: not reloaded/);
  const deleting: [string, string] = ['deletes', 'event.action.op == "delete"'];
  await writeFile(rulesFile(), rules(READS, deleting, ['writes', 'event.action.op == "write"']));
  await site.says(/a file changed: reloaded: [1-9]/);
  await site.send([eventOf('w', 'writer', { action: { name: 'write_it', op: 'write' } })]);
  expect(await site.findings('writer')).toMatchObject([{ detector: 'writes', event_id: 'w' }]);
});

it('tests rules on what the daemon recorded, while it runs', patient, async () => {
  const file = join(directory, 'candidates.yaml');
  const condition = 'event.action.op == "read" && event.volume.records > 1';
  const absent = 'event.latency_ms > 5';
  await writeFile(file, rules(['reads', condition], ['slow', absent]));
  const words = ['--rules', file, '--from-ledger', site.data, '-o', 'json'];
  const { code, stdout, stderr } = await tripcoil('detectors', 'backtest', ...words);
  expect(code, stderr).toBe(0);
  const result = JSON.parse(stdout) as Backtest;
  expect(result.findings).toMatchObject([{ event_id: 'a', when: 'both', verdict: 'benign' }]);
  const [ofReads, ofSlow] = result.coverage;
  expect(ofReads).toMatchObject({ detector: 'reads', now: 1, before: 1, precision: 1 });
  expect(ofSlow).toMatchObject({ judged: 0, now: 0, blind: { latency_ms: result.events } });
  expect(stderr).toContain('this says nothing');
});

it('tests a detector on files, against what the configuration finds', patient, async () => {
  const input = join(directory, 'input.ndjson');
  await writeFile(input, [reads('x', 9), deletes('y')].map((e) => JSON.stringify(e)).join('\n'));
  const config = join(directory, 'tripcoil.yaml');
  await writeFile(config, 'detectors: { rules: [rules.yaml], deletes: { mode: off } }');
  const words = ['--detector', 'deletes', 'reads', '-c', config, '-o', 'jsonl'];
  const { code, stdout, stderr } = await tripcoil('detectors', 'backtest', input, ...words);
  expect(code, stderr).toBe(0);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(rows).toMatchObject([
    { detector: 'reads', event_id: 'x', when: 'both' },
    { detector: 'deletes', event_id: 'y', when: 'now' },
  ]);
});

const moduleText = (observe: string) => `
import { object } from '${join(ROOT, 'node_modules/zod/index.js')}';
import { defineDetector } from '${join(ROOT, 'src/sdk.ts')}';
export default defineDetector({
  ...{ id: 'my_writes', version: 1, status: 'test', title: 'Writes', family: 'deterministic' },
  ...{ scope: 'agent', defaultMode: 'alert', tags: [], config: object({}) },
  init: () => ({ seen: [] }),
  judges: () => null,
  observe(event, state, { counted }) { ${observe} },
});
const told = (event, more = {}) => [{ level: 'low', score: 1, actual: null, typical: null,
  probability: null, title: 'Wrote', explanation: 'It wrote.', trip: null, held: 'below_threshold',
  dedupKey: event.id, dedupMs: 1, ...more }];
`;

it('takes detectors of a file, and tells those that break the contract', patient, async () => {
  const good = join(directory, 'good.ts');
  const leaky = join(directory, 'leaky.ts');
  await writeFile(
    good,
    moduleText("return counted && event.action.op === 'delete' ? told(event) : [];"),
  );
  const leak = 'state.seen.push(event.action.name); let n = 0; n = state.seen.length; ';
  await writeFile(
    leaky,
    moduleText(`${leak} return told(event, { title: JSON.stringify(event.reasoning) + n });`),
  );
  const fine = await tripcoil('detectors', 'test', good, '-o', 'json');
  expect(fine.code, fine.stderr + fine.stdout).toBe(0);
  const wrong = await tripcoil('detectors', 'test', leaky, '-o', 'json');
  expect(wrong.code).toBe(1);
  const failed = (JSON.parse(wrong.stdout) as { test: string; passed: boolean }[])
    .filter(({ passed }) => !passed)
    .map(({ test }) => test);
  expect(failed).toEqual(expect.arrayContaining(['repeats no content', 'stays bounded']));
  const input = join(directory, 'deletes.ndjson');
  await writeFile(input, JSON.stringify(deletes('z')));
  const config = join(directory, 'modules.yaml');
  await writeFile(config, 'detectors: { modules: [good.ts], my_writes: { mode: shadow } }');
  const replayed = await tripcoil('replay', input, '-c', config);
  expect(replayed.stdout).toContain('"detector":"my_writes","mode":"shadow"');
  const list = await tripcoil('detectors', 'list', '-c', config);
  expect(list.stdout).toMatch(/my_writes +deterministic +module +shadow/);
  await writeFile(config, 'detectors: { modules: [none.ts] }');
  expect((await tripcoil('config', 'check', config)).stderr).toContain('cannot be loaded');
});
