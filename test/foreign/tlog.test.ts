import { createPrivateKey } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataLedger } from '../../src/composition/sealed-ledger.ts';
import { verifierKey } from '../../src/ledger/tlog/signed-note.ts';
import { SILENT_LOG } from '../../src/ports/log.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import { buildGo, goIsHere, run } from './toolchain.ts';

const ACME = 'tripcoil.example/t/acme/log';

/** The Go module behind the Go checksum database knows nothing of us. */
describe.skipIf(!goIsHere())('golang.org/x/mod/sumdb reads our transparency log', () => {
  let verify: string;
  let directory: string;
  let logs: string;
  let key: string;

  beforeAll(async () => {
    verify = await buildGo('tlog');
    directory = await mkdtemp(join(tmpdir(), 'tripcoil-tlog-'));
    const opened = await openDataLedger({
      ...{ dataDirectory: directory, publicUrl: 'https://tripcoil.example' },
      ...{ clock: WALL_CLOCK, log: SILENT_LOG, metrics: SILENT_METRICS },
    });
    const append = (tenant: string, count: number) =>
      opened.ledger.append(
        Array.from({ length: count }, (_, i) => ({
          ...({
            loggedAt: 1_795_000_000_000 + i,
            kind: 'input',
            tenant,
            engineVersion: 1,
          } as const),
          body: JSON.stringify({ id: `${tenant}-${i}` }),
        })),
      );
    await append('acme', 300);
    await append('globex', 5);
    await new Promise((resolve) => setImmediate(resolve));
    await opened.transparency.publish();
    await writeFile(join(directory, 'older'), opened.transparency.checkpoint('acme') ?? '');
    await append('acme', 70_000);
    await opened.close();
    logs = join(directory, 'ledger', 'logs');
    const pem = await readFile(join(directory, 'keys', 'ledger-signing-key.pem'));
    key = verifierKey(ACME, createPrivateKey(pem));
  }, 300_000);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('accepts every entry, and that the log has only grown', async () => {
    const printed = await run(verify, [join(logs, 'acme'), key, join(directory, 'older')]);
    expect(printed).toMatch(/^70300 /);
  });

  it.each([
    ['an altered entry', 'tile/entries/007', 100],
    ['an altered leaf hash', 'tile/0/003', 40],
    ['an altered tile above', 'tile/1/000', 40],
    ['an altered checkpoint', 'checkpoint', ACME.length + 3],
    ['an altered signature', 'checkpoint', -12],
  ])('rejects %s', async (_, path, at) => {
    const copy = join(directory, 'copy');
    await cp(join(logs, 'acme'), copy, { recursive: true });
    const bytes = await readFile(join(copy, path));
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    await writeFile(join(copy, path), bytes);
    await expect(run(verify, [copy, key])).rejects.toThrow();
    await rm(copy, { recursive: true });
  });

  it('rejects another history, and a log under another name', async () => {
    const forked = join(directory, 'forked');
    await writeFile(forked, await readFile(join(logs, 'globex', 'checkpoint')));
    await expect(run(verify, [join(logs, 'acme'), key, forked])).rejects.toThrow();
    await expect(run(verify, [join(logs, 'globex'), key])).rejects.toThrow();
    expect((await readdir(logs)).sort()).toEqual(['acme', 'globex', 'integrated.json', 'origin']);
  });
});
