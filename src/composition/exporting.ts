import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SOFTWARE_VERSION } from '../components.ts';
import { createExports } from '../export/exporter.ts';
import type { Exports } from '../ports/exports.ts';
import type { Surroundings } from './surroundings.ts';

/** Evidence for strangers; each export is an entry of the ledger itself. */
export function openExports(s: Surroundings): Exports {
  const { redactor } = s.redaction;
  const page = join(s.options.webDirectory, 'verify.html');
  return createExports({
    ...{ evidence: s.evidence, clock: s.options.clock, software: SOFTWARE_VERSION },
    readPage: () => readFile(page).catch(() => null),
    redactText: (tenant, text) => redactor.redactText(tenant, text),
    record: async (tenant, body) => {
      redactor.flush?.();
      await s.host.partition.append([{ kind: 'export', tenant, body }]);
    },
  });
}
