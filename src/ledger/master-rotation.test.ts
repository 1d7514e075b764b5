import { describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { DataKeys } from './data-keys.ts';
import { MASTER_FILE, openLedgerSecrets } from './ledger-secrets.ts';
import { isBeingReplaced, replaceMaster } from './master-rotation.ts';
import { SimulatedFiles, seededRandom } from './testing/simulated-files.ts';

const NOW = Date.UTC(2026, 10, 21);
const TENANTS = ['acme', 'globex', '_system'];

async function open(files: SimulatedFiles): Promise<DataKeys> {
  const { wrap } = await openLedgerSecrets({ files, directory: '/keys', log: SILENT_LOG });
  return DataKeys.open(files, '/ledger/data-keys', wrap);
}

/** Replaces the master with a cut at one operation; returns how many it took. */
async function run(cutAt: number): Promise<number> {
  const files = new SimulatedFiles(seededRandom(cutAt + 1));
  const keys = await open(files);
  for (const tenant of TENANTS) await keys.makeReady(tenant, NOW);
  await keys.rotate('acme', NOW);
  await keys.destroy(keys.of('acme').slice(0, 1), NOW);
  const ids = TENANTS.map((tenant) => keys.current(tenant).id);
  const secrets = TENANTS.map((tenant) => keys.current(tenant).secret.export());
  const master = await files.readSmall(`/keys/${MASTER_FILE}`);
  const from = files.operations;
  files.faults.set(from + cutAt, { kind: 'crash' });
  const count = await replaceMaster(files, '/keys', keys).catch(() => null);
  const operations = files.operations - from;
  files.crash();
  files.restart();
  let again = await open(files);
  const readable = async () => {
    for (const [place, id] of ids.entries()) {
      const key = await again.byId(id);
      if (typeof key === 'string') throw new Error(key);
      expect(key.secret.export()).toEqual(secrets[place]);
    }
  };
  await readable();
  const isOver = !(await isBeingReplaced(files, '/keys'));
  if (count !== null) expect(isOver).toBe(true);
  if (!isOver) await replaceMaster(files, '/keys', again);
  again = await open(files);
  await readable();
  expect(await again.byId(again.of('acme')[0]?.id ?? '')).toBe('destroyed');
  expect(await isBeingReplaced(files, '/keys')).toBe(false);
  if (count !== null) {
    expect(count).toBe(3);
    expect(await files.readSmall(`/keys/${MASTER_FILE}`)).not.toEqual(master);
  }
  return operations;
}

describe('another master key', () => {
  it('takes the place of the old one, with a power cut at any operation', async () => {
    const operations = await run(0);
    expect(operations).toBeGreaterThan(10);
    for (let at = 1; at <= operations; at += 1) await run(at);
  });

  it('leaves destroyed what is destroyed meanwhile', async () => {
    const files = new SimulatedFiles(seededRandom(5));
    const keys = await open(files);
    for (const tenant of TENANTS) await keys.makeReady(tenant, NOW);
    const [name] = keys.of('globex');
    await Promise.all([
      replaceMaster(files, '/keys', keys),
      keys.destroy(keys.of('globex'), NOW),
      keys.makeReady('later', NOW),
    ]);
    expect(await (await open(files)).byId(name?.id ?? '')).toBe('destroyed');
    expect(await (await open(files)).byId(keys.current('later').id)).toMatchObject({});
  });
});
