import { unzipSync } from 'fflate';
import type { BundleProblem } from './bundle-problem.ts';
import type { Bytes } from './bytes.ts';
import { BUNDLE_PATH } from './layout.ts';

export type BundleFiles = ReadonlyMap<string, Bytes>;

/** Far beyond any bundle of ours: what unpacks to more was made to do harm. */
const FILES_MAX = 50_000;
const UNPACKED_MAX = 1024 * 1024 * 1024;
const END_OF_DIRECTORY = [0x50, 0x4b, 0x05, 0x06];

/** Unpacks a bundle within bounds; what cannot be unpacked is a problem with a name. */
export function filesOfZip(zip: Uint8Array): {
  readonly files: BundleFiles;
  readonly problems: readonly BundleProblem[];
} {
  const problems: BundleProblem[] = [];
  const seen = new Set<string>();
  let unpacked = 0;
  const wanted = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    if (name.endsWith('/')) return false;
    const message = !BUNDLE_PATH.test(name)
      ? 'the archive holds a file of a name that no bundle has'
      : seen.has(name)
        ? 'the archive holds two files of this name'
        : null;
    seen.add(name);
    unpacked += originalSize;
    if (message !== null) problems.push({ kind: 'unexpected', file: shown(name), message });
    if (unpacked > UNPACKED_MAX || seen.size > FILES_MAX) throw new Error('too large');
    return message === null;
  };
  try {
    const found = Object.entries(unzipSync(zip, { filter: wanted }));
    return { files: new Map(found.map(([name, bytes]) => [name, bytes])), problems };
  } catch {
    const whole = hasEnd(zip);
    const message = whole
      ? 'the archive cannot be unpacked: its bytes are not those of a bundle'
      : 'the archive ends before its directory: it was cut off, or is no zip file';
    problems.push({ kind: whole ? 'altered' : 'truncated', file: 'bundle.zip', message });
    return { files: new Map(), problems };
  }
}

function hasEnd(zip: Uint8Array): boolean {
  for (let at = zip.length - 22; at >= 0 && at > zip.length - 66_000; at -= 1) {
    if (END_OF_DIRECTORY.every((byte, index) => zip[at + index] === byte)) return true;
  }
  return false;
}

function shown(name: string): string {
  return name.replaceAll(/[^\w./-]/g, '?').slice(0, 100);
}
