import { describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { DataKeys } from './data-keys.ts';
import { openLedger } from './ledger.ts';
import { readEntries } from './read.ts';
import { listSegments } from './segments.ts';
import { nameOf, readAll, STILL_CLOCK, testEntry } from './testing/entries.ts';
import { testWrap } from './testing/key-wrap.ts';
import { SimulatedFiles } from './testing/simulated-files.ts';
import { verifyLedger } from './verify.ts';

const DIRECTORY = '/ledger';
const KEYS = '/ledger/keys';
const NOVEMBER = Date.UTC(2026, 10, 21);
const DECEMBER = Date.UTC(2026, 11, 1);

const entryOf = (tenant: string, name: string, loggedAt = NOVEMBER) => ({
  ...testEntry(name, 400),
  ...{ tenant, loggedAt },
});

async function openSealed(files: SimulatedFiles, master = 1) {
  const keys = await DataKeys.open(files, KEYS, testWrap(master));
  const log = SILENT_LOG;
  const dependencies = { directory: DIRECTORY, log, metrics: SILENT_METRICS, clock: STILL_CLOCK };
  const ledger = await openLedger({ ...dependencies, files, keys });
  return { keys, ledger };
}

const namesOf = async (ledger: Awaited<ReturnType<typeof openSealed>>['ledger']) =>
  (await readAll(ledger.read(1))).map(nameOf);

describe('a sealed ledger', () => {
  it('reads back over a restart, tenants in one order, and shows nothing on disk', async () => {
    const files = new SimulatedFiles(() => 0);
    const { ledger } = await openSealed(files);
    await ledger.append([entryOf('acme', 'a'), entryOf('globex', 'b'), entryOf('acme', 'c')]);
    expect(await namesOf(ledger)).toEqual(['a', 'b', 'c']);
    await ledger.close();
    const again = await openSealed(files);
    await again.ledger.append([entryOf('acme', 'd')]);
    expect(await namesOf(again.ledger)).toEqual(['a', 'b', 'c', 'd']);
    await again.ledger.close();
    for (const path of files.paths()) {
      const bytes = (await files.readSmall(path)) ?? Buffer.alloc(0);
      for (const word of ['acme', 'globex', 'padding', 'input']) {
        expect(bytes.includes(word), `${word} in ${path}`).toBe(false);
      }
    }
    expect(await verifyLedger(DIRECTORY, { files })).toMatchObject({ ok: true, entries: 4 });
  });

  it('forgets a tenant with its keys and verifies as before', async () => {
    const files = new SimulatedFiles(() => 0);
    const { ledger, keys } = await openSealed(files);
    await ledger.append([entryOf('acme', 'a'), entryOf('globex', 'b'), entryOf('acme', 'c')]);
    await ledger.append([entryOf('acme', 'd', DECEMBER)]);
    expect(keys.of('acme').map(({ period }) => period)).toEqual(['2026-11', '2026-12']);
    await keys.destroy(keys.of('acme').slice(0, 1), DECEMBER);
    expect(await namesOf(ledger)).toEqual(['b', 'd']);
    await keys.destroy(keys.of('acme'), DECEMBER);
    expect(await namesOf(ledger)).toEqual(['b']);
    await ledger.append([entryOf('acme', 'e', DECEMBER)]);
    await ledger.close();
    const again = await openSealed(files);
    expect(await namesOf(again.ledger)).toEqual(['b', 'e']);
    await again.ledger.close();
    expect(await verifyLedger(DIRECTORY, { files })).toMatchObject({ ok: true, entries: 5 });
  });

  it('reads under keys that were rotated and wrapped anew', async () => {
    const files = new SimulatedFiles(() => 0);
    const { ledger, keys } = await openSealed(files);
    await ledger.append([entryOf('acme', 'a')]);
    expect(await keys.rotate('acme', NOVEMBER)).toMatchObject({ generation: 2 });
    await ledger.append([entryOf('acme', 'b')]);
    await ledger.close();
    expect(await keys.rewrap(testWrap(2))).toBe(2);
    const again = await openSealed(files, 2);
    await again.ledger.append([entryOf('acme', 'c')]);
    expect(await namesOf(again.ledger)).toEqual(['a', 'b', 'c']);
    expect(again.keys.of('acme')).toHaveLength(2);
    await again.ledger.close();
  });

  it('says which key is missing, or is not ours', async () => {
    const files = new SimulatedFiles(() => 0);
    const { ledger, keys } = await openSealed(files);
    await ledger.append([entryOf('acme', 'a')]);
    await ledger.close();
    const [{ id = '' } = {}] = keys.of('acme');
    const foreign = await DataKeys.open(files, KEYS, testWrap(9));
    for (const [byId, words] of [
      [foreign, 'another master key'],
      [null, 'is not there'],
    ] as const) {
      const segments = await listSegments(files, DIRECTORY);
      const readable = segments.map((segment) => ({ ...segment, committedBytes: null }));
      const read = readAll(
        readEntries({ files, directory: DIRECTORY, keys: byId }, readable, 1, 1),
      );
      await expect(read).rejects.toMatchObject({
        code: 'config_invalid',
        message: expect.stringMatching(new RegExp(`${id}.*${words}`)),
      });
    }
  });

  it('refuses appends while no key can be made, and goes on when one can', async () => {
    const files = new SimulatedFiles(() => 0);
    const { ledger } = await openSealed(files);
    files.faults.set(files.operations + 1, { kind: 'error', code: 'ENOSPC' });
    await expect(ledger.append([entryOf('acme', 'a')])).rejects.toMatchObject({
      code: 'storage_unavailable',
      retryable: true,
    });
    await ledger.append([entryOf('acme', 'b')]);
    expect(await namesOf(ledger)).toEqual(['b']);
    await ledger.close();
  });
});
