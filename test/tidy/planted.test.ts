import { describe, expect, it } from 'vitest';
import * as documents from './documents.ts';
import * as layers from './layers.ts';
import * as rules from './rules.ts';
import { type Fault, faultText, SourceTree } from './source-tree.ts';

type Files = Readonly<Record<string, string>>;
type Check = (tree: SourceTree) => readonly Fault[];

/** Each fault alone must be told, and the same file without it must not. */
const PLANTED: readonly (readonly [string, Check, Files, string, Files])[] = [
  [
    'core imports engine',
    layers.layerFaults,
    { 'src/core/a.ts': "import { b } from '../engine/b.ts';", 'src/engine/b.ts': '' },
    'src/core/a.ts:1 src/core may not import src/engine/b.ts',
    { 'src/core/a.ts': "import { b } from './b.ts';", 'src/core/b.ts': '' },
  ],
  [
    'an adapter imports another',
    layers.layerFaults,
    { 'src/api/a.ts': "import type { B } from '../store/b.ts';" },
    'src/api/a.ts:1 src/api may not import src/store/b.ts',
    { 'src/api/a.ts': "import type { B } from '../ports/b.ts';" },
  ],
  [
    'a receiver imports its neighbour',
    layers.layerFaults,
    { 'src/receivers/otlp/a.ts': "import { b } from '../audit/b.ts';" },
    'src/receivers/otlp/a.ts:1 imports its neighbour src/receivers/audit/b.ts',
    { 'src/receivers/otlp/a.ts': "import { b } from '../shared.ts';" },
  ],
  [
    'the engine imports node',
    layers.layerFaults,
    { 'src/engine/a.ts': "import { readFileSync } from 'node:fs';" },
    'src/engine/a.ts:1 src/engine may not import node:fs',
    { 'src/engine/a.ts': "import { mean } from 'simple-statistics';" },
  ],
  [
    'a detector imports beside the sdk',
    layers.layerFaults,
    { 'detectors/a.ts': "import { b } from '../src/core/b.ts';" },
    'detectors/a.ts:1 detectors may not import src/core/b.ts',
    { 'detectors/a.ts': "import { b } from '../src/sdk.ts';\nimport * as z from 'zod';" },
  ],
  [
    'the client imports the server',
    layers.layerFaults,
    { 'client/src/a.ts': "import type { B } from '../../src/core/b.ts';" },
    'client/src/a.ts:1 client may not import src/core/b.ts',
    { 'client/src/a.ts': "import type { B } from './b.ts';" },
  ],
  [
    'the UI imports a value of the contract',
    layers.layerFaults,
    { 'dashboards/web/src/a.tsx': "import { B } from '../../../src/api/contract.ts';" },
    'dashboards/web/src/a.tsx:1 may import only types of src/api/contract.ts',
    { 'dashboards/web/src/a.tsx': "import type { B } from '../../../src/api/contract.ts';" },
  ],
  [
    'a new folder has no layer',
    layers.layerFaults,
    { 'src/misc/a.ts': '' },
    'src/misc/a.ts stands in a folder without a layer',
    { 'src/core/a.ts': '' },
  ],
  [
    'code imports test support',
    layers.layerFaults,
    { 'src/ledger/a.ts': "import { b } from './testing/b.ts';" },
    'src/ledger/a.ts:1 imports test support: src/ledger/testing/b.ts',
    { 'src/ledger/a.test.ts': "import { b } from './testing/b.ts';" },
  ],
  [
    'a command makes an adapter',
    layers.constructionFaults,
    { 'src/cli/a.ts': "import { type B, openLedger } from '../ledger/b.ts';" },
    'src/cli/a.ts:1 makes an adapter: openLedger',
    {
      'src/cli/a.ts': "import { verify } from '../ledger/b.ts';",
      'src/daemon.ts': "import { openLedger } from './ledger/b.ts';",
    },
  ],
  [
    'two files import each other',
    layers.cycleFaults,
    {
      'src/core/a.ts': "import { b } from './b.ts';",
      'src/core/b.ts': "import type { A } from './a.ts';",
    },
    'src/core/b.ts closes an import cycle: src/core/a.ts > src/core/b.ts > src/core/a.ts',
    { 'src/core/a.ts': "import { b } from './b.ts';", 'src/core/b.ts': '' },
  ],
  [
    'an import leads nowhere',
    layers.brokenImportFaults,
    { 'src/core/a.ts': "import { b } from './b.ts';" },
    'src/core/a.ts:1 imports ./b.ts, which is not there',
    { 'src/core/a.ts': "import { b } from './b.ts';", 'src/core/b.ts': '' },
  ],
  [
    'only a test imports a file',
    layers.deadFileFaults,
    { 'src/core/a.ts': '', 'src/core/a.test.ts': "import './a.ts';" },
    'src/core/a.ts is imported by nothing that runs',
    { 'src/core/a.ts': '', 'src/main.ts': "new URL('./core/a.ts', import.meta.url);" },
  ],
  ...(
    [
      ['Date.now()', 'Date.now: take log time as an argument'],
      ['new Date()', 'new Date(): take log time as an argument'],
      ['Math.random()', 'Math.random: the fold is deterministic'],
      ['performance.now()', 'performance: measure in the runtime'],
      ['crypto.randomUUID()', 'crypto: hashes and ids come from the runtime'],
      ['setTimeout(f, 1)', 'a timer: logged ticks are the only timer'],
      ['process.env', 'process: configuration is a log entry'],
      ["fetch('x')", 'fetch: the fold has no I/O'],
      ['await f()', 'async or await: the fold is synchronous'],
      ['globalThis.x', 'globalThis'],
      ['a.localeCompare(b)', 'the locale: machines differ in it'],
    ] as const
  ).map(
    ([code, what]) =>
      [
        `the engine uses ${code}`,
        rules.globalFaults,
        { 'src/engine/a.ts': `\nconst x = ${code};` },
        `src/engine/a.ts:2 uses ${what}`,
        { 'src/engine/a.ts': `// ${code}\nconst x = new Date(0); const y = 'Date.now()';` },
      ] as const,
  ),
  [
    'an adapter reads the clock',
    rules.globalFaults,
    { 'src/api/a.ts': 'const at = Date.now();' },
    'src/api/a.ts:1 uses Date.now: take a Clock',
    { 'src/daemon.ts': 'const at = Date.now();' },
  ],
  [
    'an adapter reads the environment',
    rules.globalFaults,
    { 'src/store/a.ts': "const a = process.env['A'];" },
    'src/store/a.ts:1 uses process.env: take configuration as an argument',
    { 'src/main.ts': "const a = process.env['A'];" },
  ],
  [
    'an adapter mints Redacted',
    rules.redactedCastFaults,
    { 'src/store/a.ts': 'const a = b as Redacted<Event>;' },
    'src/store/a.ts:1 casts to Redacted: only the redactor mints it',
    { 'src/redact/a.ts': 'const a = b as Redacted<Event>;' },
  ],
  [
    'a line is too wide',
    rules.sizeFaults,
    { 'src/core/a.ts': `const a = ${'1'.repeat(91)};\n`.replace(';', '') },
    'src/core/a.ts:1 is 101 columns wide, more than 100',
    { 'src/core/a.ts': `const a = ${'1'.repeat(90)}\nconst b = /${'x'.repeat(99)}/;` },
  ],
  [
    'a file is too long',
    rules.sizeFaults,
    { 'src/core/a.ts': 'f();\n'.repeat(401) },
    'src/core/a.ts has 401 code lines, more than 400',
    { 'src/core/a.ts': 'f();\n// why\n'.repeat(400) },
  ],
  [
    'a function is too long',
    rules.sizeFaults,
    { 'src/core/a.ts': `function a(): B[] {\n${'f();\n'.repeat(69)}}\n` },
    'src/core/a.ts:1 a function of 71 lines, more than 70',
    { 'src/core/a.ts': `function a(): B[] {\n${'f();\n'.repeat(68)}}\n` },
  ],
  [
    'a default export',
    rules.defaultExportFaults,
    { 'src/core/a.ts': 'export default 1;' },
    'src/core/a.ts:1 has a default export',
    { 'detectors/a.ts': 'export default 1;', 'vite.config.ts': 'export default 1;' },
  ],
  [
    'a note to finish something',
    rules.leftoverFaults,
    { 'src/core/a.ts': 'f();\n// TODO: more' },
    'src/core/a.ts:2 has a note to finish it',
    { 'src/core/a.ts': "f('TODO');" },
  ],
  [
    'a limit that nothing reads',
    rules.unusedLimitFaults,
    {
      'src/core/limits.ts': 'export const LIMITS = {\n  a: 1,\n  b: { c: 2 },\n};',
      'src/x.ts': 'LIMITS.a',
    },
    'src/core/limits.ts LIMITS.b is not used',
    {
      'src/core/limits.ts': 'export const LIMITS = {\n  a: 1,\n};',
      'src/x.ts': 'const { a } = LIMITS;',
    },
  ],
  [
    'a detector without a page',
    rules.detectorTrioFaults,
    { 'detectors/a-b.ts': '', 'detectors/a-b.test.ts': '' },
    'detectors/a-b.md is missing',
    {
      'detectors/a.ts': '',
      'detectors/a.test.ts': '',
      'detectors/a.md': '',
      'detectors/README.md': '',
    },
  ],
  [
    'a page with two titles',
    documents.titleFaults,
    { 'docs/a.md': '# A\n\n# B\n' },
    'docs/a.md has 2 titles (lines that begin with "# "), not one',
    { 'docs/a.md': '# A\n\n```sh\n# comment\n```\n' },
  ],
  [
    'a link to nothing',
    documents.linkFaults,
    { 'docs/a.md': '# A\n\n[b](b.md)' },
    'docs/a.md:3 links to b.md, which is not there',
    {
      'docs/a.md': '# A\n[b](adr/b.md) [c](adr/) [d](https://e.example) `[f](f.md)`',
      'docs/adr/b.md': '',
    },
  ],
  [
    'a link to a missing heading',
    documents.linkFaults,
    { 'docs/a.md': '# A\n\n[b](#not-a)' },
    'docs/a.md:3 links to #not-a, where no such heading is',
    { 'docs/a.md': '# A\n## The `b` part\n[b](#the-b-part)' },
  ],
  [
    'the path of a machine',
    documents.machineFaults,
    { 'docs/a.md': '# A\nsee /work/main' },
    'docs/a.md:2 speaks of the machine or the manner it was written on',
    { 'docs/a.md': '# A\nsee docs/work/main' },
  ],
];

describe('a planted fault is told', () => {
  it.each(PLANTED)('%s', (_name, check, bad, message, good) => {
    expect(check(new SourceTree(bad)).map(faultText)).toContain(message);
    expect(check(new SourceTree(good)).map(faultText)).toEqual([]);
  });

  it('an error code without its section, and a section without its code', () => {
    expect(documents.errorPageFaults(['a', 'b'], '# E\n\n## `b`\n\n## c\n').map(faultText)).toEqual(
      [
        'docs/errors.md lacks the error code a',
        'docs/errors.md documents c, which is no error code',
      ],
    );
  });
});
