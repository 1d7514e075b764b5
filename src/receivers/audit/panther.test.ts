import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Coverage, coverageOf, coveragePage } from './testing/coverage.ts';

const DATA = process.env['TRIPCOIL_DATA'] ?? '../shared/data';
const FILE = `${DATA}/panther/audit-events-dev.jsonl`;
const PAGE = `${import.meta.dirname}/../../../docs/formats/panther-log-types.md`;
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

describe('audit events of some ninety log types', () => {
  if (!existsSync(FILE)) {
    console.warn(`skipped: ${FILE} is not there; set TRIPCOIL_DATA to the folder that holds it`);
    it.skip('needs the recorded events', () => {});
    return;
  }
  const lines = readFileSync(FILE, 'utf8').trim().split('\n');
  const coverage: Coverage = coverageOf(lines.map((line) => JSON.parse(line)));

  it('have their actor and action extracted wherever a record names them', () => {
    expect(coverage.records).toBe(1_500);
    expect(coverage.mapped).toBeGreaterThanOrEqual(1_160);
    expect(coverage.recognisedTwice).toBe(0);
  });

  it('never come out as anything but an event or a reject with a pointer', () => {
    for (const [reason] of coverage.refused) expect(reason).toMatch(/^(?:unknown_format|\w+ \/)/);
  });

  it('are listed in docs/formats/panther-log-types.md as they are', () => {
    const page = coveragePage(coverage);
    if (UPDATE) writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});
