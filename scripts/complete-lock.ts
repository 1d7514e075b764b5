import { readFile, writeFile } from 'node:fs/promises';

/**
 * Completes package-lock.json for the platforms of others. npm leaves a platform package out of the
 * lock when the registry in use does not carry it, and `npm ci` then refuses the whole lock, here
 * and everywhere. An entry with version and platform, without a hash, is enough: it is skipped on
 * other platforms and fetched on its own. `--check` changes nothing and fails when one is missing.
 */
export interface LockPackage {
  readonly version?: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockPackage>>;
}

const EXACT = /^\d+\.\d+\.\d+[-.\w]*$/;
const PLATFORM =
  /(?:^|[-/])(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-(\w+)/;
const LIBC: Readonly<Record<string, string>> = { gnu: 'glibc', musl: 'musl' };

/** The entries a lock lacks, by path; empty when it is complete. */
export function missingEntries(lock: Lock): Readonly<Record<string, LockPackage>> {
  const missing: Record<string, LockPackage> = {};
  for (const [path, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
      if (places.some((place) => place in lock.packages)) continue;
      missing[`node_modules/${name}`] = entryOf(name, range);
    }
  }
  return missing;
}

function entryOf(name: string, range: string): LockPackage {
  const platform = PLATFORM.exec(name);
  if (!platform?.[1] || !platform[2] || !EXACT.test(range)) {
    throw new Error(`${name}@${range} names no platform or no exact version: pin it by hand`);
  }
  const libc = LIBC[name.split('-').at(-1) ?? ''];
  return {
    version: range,
    cpu: [platform[2]],
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    os: [platform[1]],
  };
}

/** The lock with what it lacked, in npm's order. */
export function completed(lock: Lock): Lock {
  const all = Object.entries({ ...lock.packages, ...missingEntries(lock) });
  all.sort(([left], [right]) => left.localeCompare(right, 'en'));
  return { ...lock, packages: Object.fromEntries(all) };
}

if (import.meta.main) {
  const path = 'package-lock.json';
  const lock = JSON.parse(await readFile(path, 'utf8')) as Lock;
  const missing = Object.keys(missingEntries(lock));
  if (missing.length > 0 && process.argv.includes('--check')) {
    process.stderr.write(`${path} lacks ${missing.join(', ')}: run npm run lock\n`);
    process.exitCode = 1;
  } else if (missing.length > 0) {
    await writeFile(path, `${JSON.stringify(completed(lock), null, 2)}\n`);
    process.stderr.write(`${path}: added ${missing.length} packages of other platforms\n`);
  }
}
