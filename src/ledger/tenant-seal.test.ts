import { describe, expect, it } from 'vitest';
import { DataKeys } from './data-keys.ts';
import { createTenantSeal } from './tenant-seal.ts';
import { testWrap } from './testing/key-wrap.ts';
import { SimulatedFiles, seededRandom } from './testing/simulated-files.ts';

const NOW = Date.UTC(2026, 10, 21);

async function start() {
  const files = new SimulatedFiles(seededRandom(1));
  const keys = await DataKeys.open(files, '/keys', testWrap(1));
  const seal = createTenantSeal(keys, { now: () => NOW });
  await seal.prepare(['acme', 'globex']);
  return { files, keys, seal };
}

describe('a sealed line', () => {
  it('reads back at its place alone', async () => {
    const { seal } = await start();
    for (const text of ['{"a":"ü"}', 'x'.repeat(9_999)]) {
      const line = seal.seal('acme', text, 'file 1') ?? '';
      expect(line).not.toContain(text.slice(0, 8));
      expect(await seal.open(line, 'file 1')).toBe(text);
      await expect(seal.open(line, 'file 2')).rejects.toThrow('another place');
      const other = (seal.seal('globex', text, 'file 1') ?? '').slice(0, 16);
      await expect(seal.open(other + line.slice(16), 'file 1')).rejects.toThrow('another place');
    }
    await expect(seal.open('{"type":"shard"}', 'file 1')).rejects.toThrow('not sealed');
  });

  it('is gone with its key, which seals nothing more once it is retired', async () => {
    const { keys, seal } = await start();
    const line = seal.seal('acme', 'text', 'file 1') ?? '';
    let destroyed = 0;
    keys.retire('acme', async () => {
      destroyed += await keys.destroy(keys.of('acme'), NOW);
      keys.replaceable('acme');
    });
    expect(seal.seal('acme', 'text', 'file 2')).toBeNull();
    await seal.prepare(['acme']);
    expect(destroyed).toBe(1);
    expect(await seal.open(line, 'file 1')).toBeNull();
    const next = seal.seal('acme', 'text', 'file 2') ?? '';
    expect(await seal.open(next, 'file 2')).toBe('text');
    await expect(seal.open(`${'0'.repeat(15)}1 AAAA`, 'x')).rejects.toThrow('lost');
  });
});
