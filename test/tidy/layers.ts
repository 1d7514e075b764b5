import type { ImportFound } from './scanner.ts';
import {
  type Fault,
  isIn,
  isTestSupport,
  resolveSpecifier,
  type SourceFile,
  type SourceTree,
} from './source-tree.ts';

interface Layer {
  readonly folder: string;
  /** Folders or files it may import, beside its own. */
  readonly may: readonly string[];
  /** Packages it may import; `*` is any. */
  readonly packages: readonly string[] | '*';
  readonly node: boolean;
  /** Whether imports from outside its folder must be `import type`. */
  readonly typesOnly?: true;
  /** Whether its subfolders are adapters of their own and must not import each other. */
  readonly apart?: true;
}

const adapter = (name: string, more: Partial<Layer> = {}): Layer => ({
  folder: `src/${name}`,
  may: ['src/core', 'src/ports'],
  packages: '*',
  node: true,
  ...more,
});

const OFFLINE = [
  ...['core', 'engine', 'ports', 'runtime', 'components.ts', 'config'],
  ...['receivers', 'redact', 'revocation', 'telemetry'],
].map((name) => `src/${name}`);

/** Who may import whom (design section 3). The first that holds a file decides. */
export const LAYERS: readonly Layer[] = [
  { folder: 'src/core', may: [], packages: [], node: false },
  {
    folder: 'src/engine',
    may: ['src/core'],
    packages: ['zod', 'simple-statistics', '@marcbachmann/cel-js'],
    node: false,
  },
  { folder: 'src/ports', may: ['src/core'], packages: [], node: false, typesOnly: true },
  {
    folder: 'src/runtime',
    may: ['src/core', 'src/engine', 'src/ports'],
    packages: [],
    node: true,
  },
  adapter('receivers', { apart: true }),
  adapter('redact'),
  adapter('identity'),
  adapter('judge'),
  adapter('ledger'),
  adapter('store', { apart: true }),
  adapter('bus', { apart: true }),
  adapter('revocation'),
  adapter('api'),
  // What checks a bundle runs in a browser too.
  { folder: 'src/export/check', may: ['src/core'], packages: ['fflate'], node: false },
  adapter('export', { packages: ['fflate'] }),
  adapter('config'),
  adapter('telemetry'),
  { folder: 'src/sdk.ts', may: ['src/core', 'src/engine'], packages: [], node: false },
  // The commands: the hands of main.ts.
  { folder: 'src/replay', may: [...OFFLINE, 'src/offline.ts'], packages: [], node: true },
  {
    folder: 'src/demo',
    may: [...OFFLINE, 'src/daemon.ts', 'src/composition', 'client'],
    packages: '*',
    node: true,
  },
  { folder: 'src/cli', may: ['src'], packages: '*', node: true },
  { folder: 'src/composition', may: ['src'], packages: '*', node: true },
  { folder: 'src', may: ['src', 'detectors'], packages: '*', node: true },
  { folder: 'detectors', may: ['src/sdk.ts'], packages: ['zod'], node: false },
  { folder: 'client', may: [], packages: [], node: true },
  {
    folder: 'dashboards/verify',
    may: ['src/export/check'],
    packages: ['fflate', 'vite'],
    node: false,
  },
  {
    folder: 'dashboards/web',
    may: [
      'src/api/contract.ts',
      'src/api/breaker-contract.ts',
      'src/api/detector-contract.ts',
      'src/api/review-contract.ts',
    ],
    packages: ['preact', '@preact/signals', 'uplot', 'vite'],
    node: false,
    typesOnly: true,
  },
];

/** Folders of `src` with a rule of their own; a new one must be given its place above. */
const KNOWN = new Set(LAYERS.map((layer) => layer.folder));

export function layerFaults(tree: SourceTree): readonly Fault[] {
  const faults: Fault[] = [];
  for (const file of tree.sources('src', 'detectors', 'client', 'dashboards')) {
    if (isTestSupport(file.path) || file.path.endsWith('.config.ts')) continue;
    const layer = LAYERS.find((each) => isIn(file.path, each.folder));
    const folder = file.path.split('/').slice(0, 2).join('/');
    if (
      layer === undefined ||
      (isIn(folder, 'src') && !/\.ts$/.test(folder) && !KNOWN.has(folder))
    ) {
      faults.push({ file: file.path, message: 'stands in a folder without a layer' });
      continue;
    }
    for (const found of file.imports) {
      const why = importFault(file, found, layer);
      if (why !== null) faults.push({ file: file.path, line: found.line, message: why });
    }
  }
  return faults;
}

function importFault(file: SourceFile, found: ImportFound, layer: Layer): string | null {
  const { specifier } = found;
  const target = resolveSpecifier(file.path, specifier);
  if (target === null) {
    if (specifier.startsWith('node:')) {
      return layer.node ? null : `${layer.folder} may not import ${specifier}`;
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    const allowed = layer.packages === '*' || layer.packages.includes(name);
    return allowed ? null : `${layer.folder} may not import the package ${name}`;
  }
  if (isTestSupport(target)) return `imports test support: ${target}`;
  if (isIn(target, layer.folder)) {
    return layer.apart === true && areApart(file.path, target, layer.folder)
      ? `imports its neighbour ${target}`
      : null;
  }
  if (!layer.may.some((folder) => isIn(target, folder))) {
    return `${layer.folder} may not import ${target}`;
  }
  return layer.typesOnly === true && !found.typeOnly ? `may import only types of ${target}` : null;
}

const ADAPTERS = [
  'receivers',
  'redact',
  'identity',
  'ledger',
  'store',
  'bus',
  'revocation',
  'api',
  'telemetry',
];

const ROOTS = ['src/daemon.ts', 'src/offline.ts', 'src/composition'];

/** Only the composition roots make adapters; log and tracing are started by the commands. */
export function constructionFaults(tree: SourceTree): readonly Fault[] {
  return tree.sources('src').flatMap((file) => {
    if (isTestSupport(file.path) || ROOTS.some((root) => isIn(file.path, root))) return [];
    return file.imports.flatMap(({ specifier, values, line }) => {
      const target = resolveSpecifier(file.path, specifier) ?? '';
      const adapter = ADAPTERS.find((name) => isIn(target, `src/${name}`));
      if (adapter === undefined || isIn(file.path, `src/${adapter}`)) return [];
      if (adapter === 'telemetry' && /^src\/(cli\/|main\.ts)/.test(file.path)) return [];
      return values
        .filter((name) => /^(create|open|start|fixed)[A-Z]/.test(name))
        .map((name) => ({ file: file.path, line, message: `makes an adapter: ${name}` }));
    });
  });
}

/** Two different subfolders; a file beside them is shared by both. */
function areApart(from: string, to: string, folder: string): boolean {
  const part = (path: string) => {
    const [first = '', ...rest] = path.slice(folder.length + 1).split('/');
    return rest.length === 0 ? null : first;
  };
  const [a, b] = [part(from), part(to)];
  return a !== null && b !== null && a !== b;
}

/** Import cycles, types included, each told once by its members in order. */
export function cycleFaults(tree: SourceTree): readonly Fault[] {
  const state = new Map<string, 'open' | 'done'>();
  const faults: Fault[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    state.set(path, 'open');
    for (const { specifier } of tree.source(path).imports) {
      const target = resolveSpecifier(path, specifier);
      if (target === null || !tree.has(target)) continue;
      if (state.get(target) === 'open') {
        const cycle = [...trail.slice(trail.indexOf(target)), target];
        faults.push({ file: path, message: `closes an import cycle: ${cycle.join(' > ')}` });
      } else if (!state.has(target)) visit(target, [...trail, target]);
    }
    state.set(path, 'done');
  };
  for (const { path } of tree.sources()) if (!state.has(path)) visit(path, [path]);
  return faults;
}

/** Relative imports that lead nowhere. */
export function brokenImportFaults(tree: SourceTree): readonly Fault[] {
  return tree.sources().flatMap((file) =>
    file.imports.flatMap(({ specifier, line }) => {
      const target = resolveSpecifier(file.path, specifier);
      const generated = target === null || isIn(target, 'dist') || target.includes('/dist/');
      if (generated || tree.has(target) || /\.(css|json|svg|js)$/.test(target)) return [];
      return [{ file: file.path, line, message: `imports ${specifier}, which is not there` }];
    }),
  );
}

/** Files of `src` that nothing but tests refers to. */
export function deadFileFaults(tree: SourceTree): readonly Fault[] {
  const alive = new Set(['src/main.ts']);
  const aliveInTests = new Set<string>();
  for (const file of tree.sources()) {
    const into = isTestSupport(file.path) ? aliveInTests : alive;
    // A worker or child entry is named in a URL, sometimes without its extension.
    for (const [, path = ''] of file.text.matchAll(
      /['"`](\.{1,2}\/[\w./-]+?)(?:\.[jt]sx?)?['"`$]/g,
    )) {
      const target = resolveSpecifier(file.path, path) ?? '';
      if (target !== file.path.replace(/\.tsx?$/, ''))
        into.add(`${target}.ts`).add(`${target}.tsx`);
    }
  }
  return tree.sources('src').flatMap(({ path }) => {
    if (/\.test\.ts$/.test(path) || alive.has(path)) return [];
    if (isTestSupport(path) && aliveInTests.has(path)) return [];
    return [{ file: path, message: 'is imported by nothing that runs' }];
  });
}
