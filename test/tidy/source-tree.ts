import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { type ImportFound, importsOf, type Scan, scan } from './scanner.ts';

export const ROOT = dirname(dirname(import.meta.dirname));

/** One thing that breaks a rule of the house. */
export interface Fault {
  readonly file: string;
  readonly line?: number;
  readonly message: string;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly scan: Scan;
  readonly imports: readonly ImportFound[];
}

/** The texts of a repository, real or planted, by path with forward slashes. */
export class SourceTree {
  readonly texts: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, SourceFile>();

  constructor(texts: ReadonlyMap<string, string> | Readonly<Record<string, string>>) {
    this.texts = texts instanceof Map ? texts : new Map(Object.entries(texts));
  }

  has(path: string): boolean {
    return this.texts.has(path);
  }

  /** TypeScript files below one of the folders. */
  sources(...folders: readonly string[]): readonly SourceFile[] {
    return [...this.texts.keys()]
      .filter((path) => /\.tsx?$/.test(path))
      .filter((path) => folders.length === 0 || folders.some((folder) => isIn(path, folder)))
      .map((path) => this.source(path));
  }

  source(path: string): SourceFile {
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    const text = this.texts.get(path) ?? '';
    const scanned = scan(text);
    const file = { path, text, scan: scanned, imports: importsOf(text, scanned) };
    this.#parsed.set(path, file);
    return file;
  }
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', 'tripcoil-data']);
const TEXTS =
  /(\.(tsx?|mjs|md|json|ya?ml|css|html|sql|sh|conf|rego)|Dockerfile|\.ci\/run|LICENSE)$/;

/** Reads every text of the repository that people write. */
export function readTree(root: string = ROOT): SourceTree {
  const texts = new Map<string, string>();
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) walk(path);
      else if (entry.isFile() && TEXTS.test(path) && entry.name !== 'package-lock.json') {
        texts.set(relative(root, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
      }
    }
  };
  walk(root);
  return new SourceTree(texts);
}

export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Tests, their supports and benches: exempt from most rules, and never imported by the rest. */
export function isTestSupport(path: string): boolean {
  return /(\.(test|cases|bench)\.tsx?$)|(^|\/)testing\//.test(path) || /^(test|bench)\//.test(path);
}

/** The file a relative specifier means, or null for a package. */
export function resolveSpecifier(from: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : null;
}

export function faultText(fault: Fault): string {
  return `${fault.file}${fault.line === undefined ? '' : `:${fault.line}`} ${fault.message}`;
}
