import { codeLines, functionsOf, lineAt } from './scanner.ts';
import {
  type Fault,
  isIn,
  isTestSupport,
  type SourceFile,
  type SourceTree,
} from './source-tree.ts';

export const CODE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
export const COLUMNS_MAX = 100;

const CODE_FOLDERS = ['src', 'detectors', 'client', 'dashboards', 'scripts', 'bench', 'examples'];

/** What the pure part must not touch, since replay would then depend on more than the log. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])Date\s*\.\s*now\b/g, 'Date.now: take log time as an argument'],
  [/\bnew\s+Date\s*(?:\(\s*\)|(?!\s*\())/g, 'new Date(): take log time as an argument'],
  [/(?<!new\s+)(?<![.\w])Date\s*\(/g, 'Date(): take log time as an argument'],
  [/\bMath\s*\.\s*random\b/g, 'Math.random: the fold is deterministic'],
  [/(?<![.\w])performance\s*\./g, 'performance: measure in the runtime'],
  [/(?<![.\w])crypto\s*[.[]/g, 'crypto: hashes and ids come from the runtime'],
  [
    /(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g,
    'a timer: logged ticks are the only timer',
  ],
  [/(?<![.\w])process\s*[.[]/g, 'process: configuration is a log entry'],
  [/(?<![.\w])fetch\s*\(/g, 'fetch: the fold has no I/O'],
  [/(?<![.\w])(?:async|await)\b(?!\s*[:?=,}])/g, 'async or await: the fold is synchronous'],
  [/(?<![.\w])globalThis\b/g, 'globalThis'],
  [/\.\s*(?:localeCompare|toLocale\w*)\b/g, 'the locale: machines differ in it'],
];

const AMBIENT: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])Date\s*\.\s*now\b/g, 'Date.now: take a Clock'],
  [/\bnew\s+Date\s*\(\s*\)/g, 'new Date(): take a Clock'],
  [/(?<![.\w])process\s*\.\s*env\b/g, 'process.env: take configuration as an argument'],
];

/** The composition root, and the one implementation of Clock. */
const AMBIENT_ALLOWED = new Set([
  'src/main.ts',
  'src/daemon.ts',
  'src/offline.ts',
  'src/cli/configuration.ts',
  'src/cli/demo-command.ts',
  'src/cli/serve-command.ts',
  'src/runtime/wall-clock.ts',
]);

export function globalFaults(tree: SourceTree): readonly Fault[] {
  const pure = ['src/core', 'src/engine', 'detectors', 'src/sdk.ts'];
  return tree.sources('src', 'detectors').flatMap((file) => {
    if (isTestSupport(file.path)) return [];
    if (pure.some((folder) => isIn(file.path, folder))) return matches(file, IMPURE, 'uses');
    return AMBIENT_ALLOWED.has(file.path) ? [] : matches(file, AMBIENT, 'uses');
  });
}

/** Minting is the redactor's; ledger, log decoder and store read back what was minted. */
const MAY_MINT = ['src/redact', 'src/ledger', 'src/runtime/entries.ts', 'src/store/clickhouse'];

export function redactedCastFaults(tree: SourceTree): readonly Fault[] {
  return tree.sources('src', 'detectors', 'client', 'scripts').flatMap((file) => {
    if (isTestSupport(file.path) || MAY_MINT.some((place) => isIn(file.path, place))) return [];
    return matches(
      file,
      [[/\bas\s+Redacted\s*</g, 'Redacted: only the redactor mints it']],
      'casts to',
    );
  });
}

export function sizeFaults(tree: SourceTree): readonly Fault[] {
  return tree.sources(...CODE_FOLDERS, 'test').flatMap((file) => {
    const faults: Fault[] = [];
    const code = file.scan.code.split('\n');
    for (const [index, line] of file.text.split('\n').entries()) {
      // A regular expression cannot be broken over lines.
      if (/\/·{80,}\//.test(code[index] ?? '')) continue;
      if (line.length > COLUMNS_MAX && !/https?:\/\/\S{40}/.test(line)) {
        const message = `is ${line.length} columns wide, more than ${COLUMNS_MAX}`;
        faults.push({ file: file.path, line: index + 1, message });
      }
    }
    const lines = codeLines(file.scan);
    if (lines > CODE_LINES_MAX) {
      faults.push({
        file: file.path,
        message: `has ${lines} code lines, more than ${CODE_LINES_MAX}`,
      });
    }
    if (isTestSupport(file.path)) return faults;
    for (const found of functionsOf(file.scan)) {
      if (found.lines <= FUNCTION_LINES_MAX) continue;
      const message = `a function of ${found.lines} lines, more than ${FUNCTION_LINES_MAX}`;
      faults.push({ file: file.path, line: found.line, message });
    }
    return faults;
  });
}

export function defaultExportFaults(tree: SourceTree): readonly Fault[] {
  const rule = /\bexport\s+default\b|\bas\s+default\b/g;
  return tree.sources().flatMap((file) => {
    const isDetector = /^detectors\/[\w-]+\.ts$/.test(file.path) && !isTestSupport(file.path);
    if (isDetector || /\.config\.ts$/.test(file.path)) return [];
    return matches(file, [[rule, 'a default export']], 'has');
  });
}

/** Unfinished work belongs into an issue. */
export function leftoverFaults(tree: SourceTree): readonly Fault[] {
  return tree.sources().flatMap((file) =>
    file.scan.comments.flatMap(({ offset, text }) =>
      /\b(?:TODO|FIXME|XXX|HACK)\b/.test(text)
        ? [
            {
              file: file.path,
              line: lineAt(file.text, offset),
              message: 'has a note to finish it',
            },
          ]
        : [],
    ),
  );
}

/** Every bound is used by code that runs; a bound that nothing reads bounds nothing. */
export function unusedLimitFaults(tree: SourceTree): readonly Fault[] {
  const file = 'src/core/limits.ts';
  const declared = [...tree.source(file).scan.code.matchAll(/^ {2}(\w+):/gm)].map(
    (match) => match[1],
  );
  const used = new Set<string>();
  for (const each of tree.sources('src', 'detectors', 'client', 'dashboards', 'scripts')) {
    if (each.path === file || isTestSupport(each.path)) continue;
    for (const [, name = ''] of each.scan.code.matchAll(/\bLIMITS\s*\.\s*(\w+)/g)) used.add(name);
    for (const [, names = ''] of each.scan.code.matchAll(/\{([^{}]*)\}\s*=\s*LIMITS\b/g)) {
      for (const name of names.match(/\w+/g) ?? []) used.add(name);
    }
  }
  return declared.flatMap((name) =>
    name === undefined || used.has(name) ? [] : [{ file, message: `LIMITS.${name} is not used` }],
  );
}

/** A detector is its code, its test and its page. */
export function detectorTrioFaults(tree: SourceTree): readonly Fault[] {
  const stems = new Set<string>();
  for (const path of tree.texts.keys()) {
    const [, stem] = /^detectors\/([a-z][\w-]*)(?:\.test)?\.(?:ts|md)$/.exec(path) ?? [];
    if (stem !== undefined) stems.add(stem);
  }
  return [...stems].flatMap((stem) =>
    ['.ts', '.test.ts', '.md']
      .map((end) => `detectors/${stem}${end}`)
      .flatMap((file) => (tree.has(file) ? [] : [{ file, message: 'is missing' }])),
  );
}

function matches(
  file: SourceFile,
  rules: readonly (readonly [RegExp, string])[],
  verb: string,
): readonly Fault[] {
  return rules.flatMap(([rule, what]) =>
    [...file.scan.code.matchAll(rule)].map((match) => ({
      file: file.path,
      line: lineAt(file.text, match.index),
      message: `${verb} ${what}`,
    })),
  );
}
