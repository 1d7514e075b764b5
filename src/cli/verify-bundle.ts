import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleFiles, filesOfZip } from '../export/check/bundle-files.ts';
import type { BundleProblem } from '../export/check/bundle-problem.ts';
import { type BundleReport, checkBundle } from '../export/check/check-bundle.ts';
import { BUNDLE_PATH, MANIFEST } from '../export/check/layout.ts';
import { CliError, counted, EXIT, talk } from './output.ts';
import { progressLine } from './progress-line.ts';
import type { Verdict, VerifyGiven } from './verdict.ts';

/** Whether this is an evidence bundle: a file, or a directory with a manifest in it. */
export async function isBundle(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isDirectory()) return found !== null;
  return stat(join(path, MANIFEST)).then(
    () => true,
    () => false,
  );
}

/** Checks a bundle as the page in it does, by the same code. */
export async function verifyBundle(path: string, given: VerifyGiven): Promise<Verdict> {
  const { files, problems } = await filesAt(path);
  const show = progressLine();
  const checked = await checkBundle(files, {
    kept: given.kept,
    onProgress: (done, all) => show(done / Math.max(1, all), `${done} of ${all} checks`),
    ...(given.key === undefined ? {} : { knownKey: given.key }),
  });
  // An archive that does not unpack has no manifest either.
  const found = files.size === 0 && problems.length > 0 ? [] : checked.problems;
  const all = [...problems, ...found];
  const { entries: _texts, index, ...result } = { ...checked, ok: all.length === 0, problems: all };
  const asked = index && { asked: index.asked, made_at: index.made_at, actor: index.actor };
  return {
    ok: result.ok,
    result: { ...result, bundle: asked },
    lines: [...all.slice(0, SHOWN).map(told), ...more(all.length - SHOWN)],
    print: () => printSound(checked, given),
  };
}

const SHOWN = 20;

function more(count: number): readonly string[] {
  return count > 0 ? [`and ${counted(count, 'problem')} more`] : [];
}

function told({ kind, file, message, seq }: BundleProblem): string {
  return `${kind}: ${message} (${file}${seq === undefined ? '' : `, entry ${seq}`})`;
}

function printSound(report: BundleReport, { key }: VerifyGiven): void {
  const { files, proven, signer, logs, unchecked, ok } = report;
  if (ok) {
    process.stdout.write(
      `intact: ${counted(files, 'file')}, ${proven} entries proven in ` +
        `${counted(logs.length, 'log')}, signed by ${signer?.name} ${signer?.keyId}\n`,
    );
    if (key === undefined) {
      talk(`whose key is it? compare it with one you know, by --key: ${signer?.fingerprint}`);
    }
  }
  for (const line of unchecked) talk(`not checked: ${line}`);
}

async function filesAt(path: string): Promise<{
  readonly files: BundleFiles;
  readonly problems: readonly BundleProblem[];
}> {
  try {
    if (!(await stat(path)).isDirectory()) return filesOfZip(await readFile(path));
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
      const name = join(entry.parentPath, entry.name);
      const inside = name.slice(join(path, '/').length).replaceAll('\\', '/');
      if (!entry.isFile() || !BUNDLE_PATH.test(inside)) continue;
      files.set(inside, Uint8Array.from(await readFile(name)));
    }
    return { files, problems: [] };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new CliError(EXIT.notFound, `${path} cannot be read (${code})`);
  }
}
