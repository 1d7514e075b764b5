import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readDataKeys } from '../../src/composition/sealed-ledger.ts';
import { NODE_LEDGER_FILES } from '../../src/ledger/node-ledger-files.ts';
import { readEntries } from '../../src/ledger/read.ts';
import { listSegments } from '../../src/ledger/segments.ts';
import { createTenantSeal } from '../../src/ledger/tenant-seal.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { SequencedEntry } from '../../src/ports/ledger.ts';
import { SILENT_LOG } from '../../src/ports/log.ts';

/** The ids of the events in a ledger, whether a daemon has it open or not. */
export async function storedEventIds(directory: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const { kind, body } of await storedEntries(directory)) {
    if (kind === 'input') ids.add((JSON.parse(body) as { id: string }).id);
  }
  return ids;
}

/** Everything in a ledger, as opened with the keys that lie beside it. */
export async function storedEntries(directory: string): Promise<readonly SequencedEntry[]> {
  const verified = await verifyLedger(directory);
  if (!verified.ok) throw new Error(verified.problem.message);
  const files = NODE_LEDGER_FILES;
  const keys = await readDataKeys(dirname(directory), SILENT_LOG);
  const segments = await listSegments(files, directory);
  const readable = segments.map((segment) => ({ ...segment, committedBytes: null }));
  const entries: SequencedEntry[] = [];
  const ledger = { files, directory, keys };
  for await (const batch of readEntries(ledger, readable, 1, verified.head.seq)) {
    entries.push(...batch);
  }
  return entries;
}

/** The chunks of all snapshots, as opened with the same keys. */
export async function storedSnapshots(dataDirectory: string): Promise<readonly string[]> {
  const keys = await readDataKeys(dataDirectory, SILENT_LOG);
  const seal = createTenantSeal(keys, { now: () => 0 });
  const directory = join(dataDirectory, 'snapshots');
  const texts: string[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const lines = (await readFile(join(directory, name), 'utf8')).split('\n').slice(0, -2);
    for (const [number, line] of lines.entries()) {
      texts.push((await seal.open(line, `${name} ${number}`)) ?? '');
    }
  }
  return texts;
}
