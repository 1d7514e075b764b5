import { expect, it } from 'vitest';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { AnchorFile } from './anchor-file.ts';

it('writes each new checkpoint once, and again what the disk refused', async () => {
  const lines: unknown[] = [];
  const newest = new Map([['acme', 'one']]);
  let full = false;
  const failures: string[] = [];
  const anchors = new AnchorFile({
    logs: {
      logs: () => [...newest.keys()].map((tenant) => ({ tenant, origin: '', verifierKey: '' })),
      checkpoint: (tenant) => newest.get(tenant) ?? null,
    },
    append: async (text) => {
      if (full) throw new Error('full');
      lines.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    },
    clock: { now: () => 0, monotonicMs: () => 0, sleep: async () => {} },
    log: SILENT_LOG,
    metrics: { ...SILENT_METRICS, count: (name) => void failures.push(name) },
  });
  await anchors.anchor();
  await anchors.anchor();
  newest.set('acme', 'two').set('globex', 'first');
  full = true;
  await anchors.anchor();
  full = false;
  await anchors.close();
  const at = '1970-01-01T00:00:00.000Z';
  expect(lines).toEqual([
    { at, tenant: 'acme', checkpoint: 'one' },
    { at, tenant: 'acme', checkpoint: 'two' },
    { at, tenant: 'globex', checkpoint: 'first' },
  ]);
  expect(failures).toEqual(['tripcoil_ledger_anchor_failures_total']);
});
