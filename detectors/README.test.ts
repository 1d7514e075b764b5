import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { REGISTRY } from '../src/components.ts';
import type { AnyDetector } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';

const folder = mkdtempSync(join(tmpdir(), 'tripcoil-detector-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first TypeScript block of the page, with its imports made to work from anywhere. */
async function example(): Promise<AnyDetector> {
  const page = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  const file = join(folder, 'refusal-run.ts');
  const sdk = new URL('../src/sdk.ts', import.meta.url).href;
  const zod = new URL('../node_modules/zod/index.js', import.meta.url).href;
  writeFileSync(file, code.replace("'../src/sdk.ts'", `'${sdk}'`).replace("'zod'", `'${zod}'`));
  const module: { default: AnyDetector } = await import(pathToFileURL(file).href);
  return module.default;
}

const refusalRun = await example();

detectorConformance(refusalRun);

describe('the detector in README.md', () => {
  it('finds a run of refusals and forgets it after a success', () => {
    const run = new DetectorRun(refusalRun, { options: { refusals: 3 } });
    const agent = scenario('acme').agent('invoice-bot');
    const refused = (minute: number) =>
      run.see(agent.at(minute).outcome('denied').calls('delete_account', 'delete'));
    expect([refused(1), refused(2)]).toEqual([[], []]);
    expect(run.see(agent.at(3).reads(1))).toEqual([]);
    expect([refused(4), refused(5)]).toEqual([[], []]);
    expect(refused(6)[0]?.trip).toEqual({ key: 'agent', level: 1 });
  });
});

describe('the page of each detector', () => {
  it.each(REGISTRY.detectors.map(({ id }) => id))('%s tells its gaps and what to do', (id) => {
    const page = readFileSync(new URL(`./${id.replaceAll('_', '-')}.md`, import.meta.url), 'utf8');
    expect(page.match(/^## (?:Known gaps|Runbook)$/gm)?.sort()).toEqual([
      '## Known gaps',
      '## Runbook',
    ]);
  });
});
