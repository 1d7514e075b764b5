import { hash } from 'node:crypto';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExportSite, exportSite, incidentOrder } from '../testing/made-bundle.ts';
import { filesOfZip } from './bundle-files.ts';
import { type BundleReport, checkBundle } from './check-bundle.ts';
import type { CheckOptions } from './check-logs.ts';

let site: ExportSite;
let zip: Uint8Array;
let unzipped: Files;
let foreignKey = '';
let ownKey = '';

beforeAll(async () => {
  site = await exportSite();
  zip = (await site.exports.run(incidentOrder())).bytes;
  unzipped = Object.fromEntries(filesOfZip(zip).files);
  ownKey = site.sealed.evidence.sign('').verifierKey;
  const other = await exportSite({ key: 2 });
  foreignKey = other.sealed.evidence.sign('').verifierKey;
  await other.close();
});
afterAll(() => site.close());

type Files = Record<string, Uint8Array>;

async function check(
  change: (files: Files) => void = () => {},
  options: CheckOptions = {},
): Promise<BundleReport> {
  const files = { ...unzipped };
  change(files);
  const given = Object.entries(files).map(
    ([name, bytes]) => [name, Uint8Array.from(bytes)] as const,
  );
  return checkBundle(new Map(given), options);
}

function bytesOf(files: Files, name: string): Uint8Array {
  const bytes = files[name];
  if (bytes === undefined) throw new Error(`no ${name}`);
  return bytes;
}

const SEQS = [2, 4, 5, 7, 8, 9, 10, 11, 12, 13];

describe('checkBundle', () => {
  it('accepts a bundle as it was made, and says whose key it is', async () => {
    expect(filesOfZip(zip).problems).toEqual([]);
    const report = await check();
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, proven: SEQS.length, unchecked: [] });
    expect(report.entries.map(({ seq }) => seq)).toEqual(SEQS);
    expect(report.signer).toMatchObject({ name: 'tripcoil.example/evidence', known: false });
    expect(await check(() => {}, { knownKey: ownKey })).toMatchObject({
      ok: true,
      signer: { known: true },
    });
    // Any log's key of the deployment is the same key.
    const logKey = report.logs[0]?.verifierKey ?? '';
    expect((await check(() => {}, { knownKey: logKey })).signer?.known).toBe(true);
  });

  it('names each of 600 changed bytes by its file', { timeout: 60_000 }, async () => {
    const names = Object.keys(unzipped);
    let state = 7;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return state % limit;
    };
    for (let round = 0; round < 600; round += 1) {
      const name = names[round % names.length] ?? '';
      let at = 0;
      const report = await check((files) => {
        const bytes = Uint8Array.from(bytesOf(files, name));
        at = below(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 + below(255));
        files[name] = bytes;
      });
      expect(report.ok, `byte ${at} of ${name}`).toBe(false);
      const files = report.problems.map(({ file }) => file);
      // Without the right key or list nothing else can be told.
      if (!['manifest.txt', 'signing-key.txt'].includes(name)) expect(files).toContain(name);
    }
  });

  it('names what is gone, cut, exchanged or added', async () => {
    const names = Object.keys(unzipped).filter((name) => name !== 'manifest.txt');
    for (const name of names) {
      const gone = await check((files) => void delete files[name]);
      expect(gone.problems[0]).toMatchObject({ kind: 'missing', file: name });
      const cut = await check((files) => {
        files[name] = bytesOf(files, name).slice(0, -1);
      });
      const whole = ['bundle.json', 'README.txt', 'signing-key.txt'];
      const kind = whole.includes(name) ? expect.any(String) : 'truncated';
      expect(cut.problems, name).toContainEqual(expect.objectContaining({ kind, file: name }));
    }
    const exchanged = await check((files) => {
      const [a, b] = [bytesOf(files, 'entries/2.salted'), bytesOf(files, 'entries/4.salted')];
      files['entries/2.salted'] = b;
      files['entries/4.salted'] = a;
    });
    expect(exchanged.problems.slice(0, 2)).toMatchObject([
      { kind: 'reordered', file: 'entries/2.salted', seq: 2 },
      { kind: 'reordered', file: 'entries/4.salted', seq: 4 },
    ]);
    const added = await check((files) => {
      files['entries/99.salted'] = Uint8Array.of(1);
    });
    expect(added.problems).toMatchObject([{ kind: 'unexpected', file: 'entries/99.salted' }]);
    expect((await check((files) => void delete files['manifest.txt'])).problems).toMatchObject([
      { kind: 'missing', file: 'manifest.txt' },
    ]);
  });

  it('sees a bundle of somebody else, and one of another history', async () => {
    const foreign = await check(() => {}, { knownKey: foreignKey });
    expect(foreign.problems).toMatchObject([{ kind: 'wrong_key', file: 'signing-key.txt' }]);
    const [log] = (await check()).logs;
    const kept = (text: string) => ({ kept: [{ file: 'kept.txt', text }] });
    expect(await check(() => {}, kept(log?.checkpoint ?? ''))).toMatchObject({ ok: true });
    const other = await exportSite();
    const [line] = [{ ...incidentOrder(), reason: 'again' }];
    await other.sealed.ledger.append([
      { loggedAt: 0, kind: 'tick', tenant: 'acme', engineVersion: 9, body: '{"forged":1}' },
    ]);
    await other.exports.run(line);
    // One entry more, of which the honest history has another one.
    await site.sealed.ledger.append([
      { loggedAt: 0, kind: 'tick', tenant: 'acme', engineVersion: 9, body: '{}' },
    ]);
    const grown = filesOfZip((await site.exports.run(incidentOrder())).bytes).files;
    const forged = (await other.sealed.evidence.prove('acme', []))?.checkpoint ?? '';
    expect((await checkBundle(grown, kept(forged))).problems).toMatchObject([
      { kind: 'forked', file: 'logs/0/checkpoint.txt' },
    ]);
    const earlier = await checkBundle(grown, kept(log?.checkpoint ?? ''));
    expect(earlier).toMatchObject({ ok: true, unchecked: [expect.stringContaining('kept.txt')] });
    await other.close();
  });

  it('is not fooled by one who signs anew with the true key but has no other log', async () => {
    const report = await check((files) => {
      const salted = Uint8Array.from(bytesOf(files, 'entries/5.salted'));
      const text = Buffer.from(salted).toString('latin1').replace('4812', '  12');
      files['entries/5.salted'] = Buffer.from(text, 'latin1');
      resign(files);
    });
    expect(report.problems).toMatchObject([
      { kind: 'altered', file: 'proofs/5.tlog-proof', seq: 5 },
      { kind: 'altered', file: 'entries.jsonl' },
    ]);
    const without = await check((files) => {
      delete files['proofs/5.tlog-proof'];
      resign(files);
    });
    expect(without.problems).toMatchObject([{ kind: 'missing', file: 'proofs/5.tlog-proof' }]);
  });

  it('says what is wrong with an archive', () => {
    expect(filesOfZip(zip.slice(0, -100)).problems).toMatchObject([{ kind: 'truncated' }]);
    expect(filesOfZip(Uint8Array.of()).problems).toMatchObject([{ kind: 'truncated' }]);
    const strange = zipSync({ '../evil': Uint8Array.of(1), 'a b': Uint8Array.of(1) });
    expect(filesOfZip(strange).problems).toMatchObject([
      { kind: 'unexpected', file: '../evil' },
      { kind: 'unexpected', file: 'a?b' },
    ]);
  });
});

/** As whoever holds the signing key would. */
function resign(files: Files): void {
  const names = Object.keys(files).filter((name) => name !== 'manifest.txt');
  const lines = names.map((name) => `${sha256(bytesOf(files, name))}  ${name}\n`);
  const text = `tripcoil.dev/evidence-bundle@v1\n${lines.join('')}`;
  files['manifest.txt'] = Buffer.from(site.sealed.evidence.sign(text).note);
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
