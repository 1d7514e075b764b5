import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatePages, stalePages } from '../../scripts/generate-docs.ts';

describe('generated pages', () => {
  it('are up to date: run npm run docs', async () => {
    expect(await stalePages()).toEqual([]);
  });

  it('are told when one is stale', async () => {
    const root = mkdtempSync(join(tmpdir(), 'tripcoil-docs-'));
    try {
      mkdirSync(join(root, 'docs', 'formats'), { recursive: true });
      for (const [path, text] of await generatePages()) {
        writeFileSync(join(root, path), path === 'docs/metrics.md' ? `${text}\n` : text);
      }
      expect(await stalePages(root)).toEqual(['docs/metrics.md']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('document every key of the configuration', async () => {
    const text = (await generatePages()).get('docs/configuration.md') ?? '';
    expect(text).toContain('`revocation.receivers[].allow_loopback`');
    expect(text).toContain('`tenants.<name>.detectors.<name>.agents.<name>.mode`');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.filter((row) => / \| +\|$/.test(row))).toEqual([]);
  });
});
