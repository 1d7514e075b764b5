import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { EvaluationBody, ReviewBody } from '../../src/api/review-contract.ts';
import { loadConfig } from '../../src/config/load.ts';
import { DEFAULT_RUBRIC } from '../../src/core/rubric.ts';
import { call, eventually } from './served-daemon.ts';
import { eventOf, Site } from './site.ts';

const page = () => readFile(resolve(import.meta.dirname, '../../docs/evaluators.md'), 'utf8');

/** The blocks of one language, in order. */
async function blocks(language: string): Promise<readonly string[]> {
  const fenced = (await page()).matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...fenced].flatMap(([, of = '', body = '']) => (of === language ? [body] : []));
}

it('runs the review queue of docs/evaluators.md, as written', { timeout: 120_000 }, async () => {
  const [first = ''] = await blocks('yaml');
  const site = await Site.open(first);
  try {
    const resource = { type: 'ledger', id: 'l', sensitivity: 'high' };
    const scopes = { granted: ['read'], required: ['pay'] };
    const action = { name: 'pay', op: 'write' };
    const trace = { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' };
    await site.send([eventOf('a', 'bot', { action, resource, scopes, trace })]);
    const waiting = async () =>
      JSON.parse((await site.cli('reviews', 'list', '-o', 'json')).stdout);
    const [review] = await eventually<readonly ReviewBody[]>(waiting, (rows) => rows.length > 0);
    expect(review).toMatchObject({ chain: trace.trace_id, rubric: 'ours-1', state: 'open' });
    expect(review?.failed).toContain('scope_covers');
    const path = `/v1/chains/${trace.trace_id}/evaluation?tenant=default`;
    const { body } = await call<EvaluationBody>(site.daemon, null, 'GET', path);
    expect([body.score, body.verdict]).toEqual([review?.score, 'review']);

    const lines = (await blocks('sh')).join('').trim().split('\n');
    expect(lines).toHaveLength(4);
    const said: string[] = [];
    for (const line of lines) {
      const [name, ...words] = line.replace('{review}', review?.id ?? '').split(' ');
      expect(name).toBe('tripcoil');
      const run = await site.cli(...words);
      expect(run.code, run.stderr).toBe(0);
      said.push(run.stdout);
    }
    const [decided] = JSON.parse(said.at(-1) ?? '') as readonly ReviewBody[];
    expect(decided).toMatchObject({
      ...{ id: review?.id, state: 'decided' },
      decided: { verdict: 'unacceptable', by: 'kim (local-operator)', note: 'no-approval' },
    });
  } finally {
    await site.close();
  }
});

it('takes every configuration on the page', async () => {
  for (const text of await blocks('yaml')) {
    const loaded = loadConfig({ text, env: {}, readFile: () => '' });
    expect(loaded).not.toHaveProperty('problems');
  }
});

it('lists every criterion of the default rubric with its weight', async () => {
  const rows = [...(await page()).matchAll(/^\| `(\w+)` +\| (\d+)(, required)? +\|/gm)];
  expect(
    rows.map(([, id, weight, required]) => [id, Number(weight), required !== undefined]),
  ).toEqual(DEFAULT_RUBRIC.criteria.map(({ id, weight, required }) => [id, weight, required]));
});
