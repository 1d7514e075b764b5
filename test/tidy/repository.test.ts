import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/core/errors.ts';
import * as documents from './documents.ts';
import * as layers from './layers.ts';
import * as rules from './rules.ts';
import { type Fault, faultText, readTree } from './source-tree.ts';

const tree = readTree();

describe('the repository', () => {
  const checks: Readonly<Record<string, () => readonly Fault[]>> = {
    'imports point down only': () => layers.layerFaults(tree),
    'makes adapters in daemon.ts alone': () => layers.constructionFaults(tree),
    'has no import cycles': () => layers.cycleFaults(tree),
    'imports what is there': () => layers.brokenImportFaults(tree),
    'has no dead files': () => layers.deadFileFaults(tree),
    'keeps clock, chance and I/O out of the pure part': () => rules.globalFaults(tree),
    'mints Redacted in the redactor alone': () => rules.redactedCastFaults(tree),
    'keeps files, functions and lines short': () => rules.sizeFaults(tree),
    'exports by name': () => rules.defaultExportFaults(tree),
    'leaves no notes to finish something': () => rules.leftoverFaults(tree),
    'uses every limit': () => rules.unusedLimitFaults(tree),
    'has code, test and page of each detector': () => rules.detectorTrioFaults(tree),
    'gives each page one title': () => documents.titleFaults(tree),
    'links to what is there': () => documents.linkFaults(tree),
    'does not speak of the machine it was written on': () => documents.machineFaults(tree),
    'documents every error code': () =>
      documents.errorPageFaults(Object.keys(ERROR_CODES), tree.texts.get('docs/errors.md') ?? ''),
  };

  it.each(Object.entries(checks))('%s', (_name, check) => {
    expect(check().map(faultText)).toEqual([]);
  });
});
