import type { BundleFiles } from './bundle-files.ts';
import type { BundleProblem } from './bundle-problem.ts';
import { hexOf, sha256, textOf } from './bytes.ts';
import { BUNDLE_PATH, type BundleIndex, INDEX, MANIFEST, MANIFEST_HEADER } from './layout.ts';
import { type Note, parseNote } from './signed-note.ts';

/** Hash in hex of each file that the manifest names. */
export type Manifest = ReadonlyMap<string, string>;

const LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

/** The manifest as a note and as a list; null for one that cannot be read. */
export function readManifest(
  files: BundleFiles,
): { readonly note: Note; readonly manifest: Manifest } | null {
  const bytes = files.get(MANIFEST);
  const note = bytes && parseNote(textOf(bytes) ?? '');
  if (!note) return null;
  const [header, ...lines] = note.text.slice(0, -1).split('\n');
  if (header !== MANIFEST_HEADER) return null;
  const manifest = new Map<string, string>();
  for (const line of lines) {
    const [, hash, path] = LINE.exec(line) ?? [];
    if (hash === undefined || path === undefined || !BUNDLE_PATH.test(path)) return null;
    if (path === MANIFEST || manifest.has(path)) return null;
    manifest.set(path, hash);
  }
  return { note, manifest };
}

/** Each file that is not what the manifest says, that is gone, or that it does not name. */
export async function manifestProblems(
  files: BundleFiles,
  manifest: Manifest,
  onFile: () => void = () => {},
): Promise<readonly BundleProblem[]> {
  const problems: BundleProblem[] = [];
  const nameOf = new Map([...manifest].map(([path, hash]) => [hash, path]));
  const sizes = await signedSizes(files, manifest);
  for (const [path, hash] of manifest) {
    const bytes = files.get(path);
    const found = bytes && hexOf(await sha256(bytes));
    onFile();
    if (found === hash) continue;
    const own = { file: path, ...seqOf(path) };
    const other = found === undefined ? undefined : nameOf.get(found);
    const signed = sizes.get(path);
    if (bytes === undefined) {
      const message = 'the manifest names this file, and it is gone';
      problems.push({ kind: 'missing', message, ...own });
    } else if (other !== undefined) {
      problems.push({ kind: 'reordered', message: `it holds what belongs to ${other}`, ...own });
    } else if (signed !== undefined && bytes.length < signed) {
      const message = `${bytes.length} of ${signed} bytes are left`;
      problems.push({ kind: 'truncated', message, ...own });
    } else {
      const message = 'its bytes are not those that the manifest was signed for';
      problems.push({ kind: 'altered', message, ...own });
    }
  }
  for (const path of files.keys()) {
    if (path === MANIFEST || manifest.has(path)) continue;
    const message = 'the manifest does not name this file: it was added later';
    problems.push({ kind: 'unexpected', file: path, message });
  }
  return problems;
}

/** `bundle.json`; null where it is not what was signed, or not of this version. */
export async function readIndex(
  files: BundleFiles,
  manifest: Manifest,
): Promise<BundleIndex | null> {
  const bytes = files.get(INDEX);
  if (bytes === undefined || hexOf(await sha256(bytes)) !== manifest.get(INDEX)) return null;
  try {
    const index = JSON.parse(textOf(bytes) ?? '') as BundleIndex;
    const isOurs = index.format === 'tripcoil-evidence-bundle' && index.version === 1;
    return isOurs && isWhole(index) ? index : null;
  } catch {
    return null;
  }
}

function isWhole({ logs, entries, files }: BundleIndex): boolean {
  return (
    logs.every(({ tenant, origin }) => [tenant, origin].every(isText)) &&
    entries.every(
      (entry) =>
        [entry.seq, entry.log].every(Number.isSafeInteger) &&
        [entry.kind, entry.logged_at].every(isText),
    ) &&
    files.every(({ path, bytes }) => isText(path) && Number.isSafeInteger(bytes))
  );
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

async function signedSizes(
  files: BundleFiles,
  manifest: Manifest,
): Promise<ReadonlyMap<string, number>> {
  const index = await readIndex(files, manifest);
  return new Map(index?.files.map(({ path, bytes }) => [path, bytes]));
}

function seqOf(path: string): { readonly seq: number } | Record<string, never> {
  const digits = /^(?:entries|proofs)\/(\d{1,16})\./.exec(path)?.[1];
  return digits === undefined ? {} : { seq: Number(digits) };
}
