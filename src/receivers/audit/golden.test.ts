import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUDIT_FORMATS, detectAuditFormat } from './formats.ts';
import { SHIPPED_PROFILES } from './profile/shipped.ts';
import { CODED_FORMATS, fixtureRecords } from './testing/fixtures.ts';

const HERE = import.meta.dirname;
/** Writes what came out as what is expected; look at the difference before committing it. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';
const PROFILES = `${HERE}/profile/testing/expected.json`;
const FIXTURES = fixtureRecords();

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const write = (path: string, value: unknown): void =>
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

function mapped(name: string): unknown {
  const records = FIXTURES.filter((each) => each.name === name).map(({ record }) => record);
  const all = records.map((record, position) => AUDIT_FORMATS.get(name)?.map(record, { position }));
  return JSON.parse(JSON.stringify(all));
}

const names = SHIPPED_PROFILES.map(({ name }) => name);
if (UPDATE) {
  for (const name of CODED_FORMATS) write(`${HERE}/${name}/testing/expected.json`, mapped(name));
  write(PROFILES, Object.fromEntries(names.map((name) => [name, mapped(name)])));
}

describe('each format', () => {
  it.each(CODED_FORMATS)('%s maps its records as expected', (name) => {
    expect(mapped(name)).toEqual(read(`${HERE}/${name}/testing/expected.json`));
  });

  it.each(names)('profile %s maps its records as expected', (name) => {
    expect(mapped(name)).toEqual((read(PROFILES) as Record<string, unknown>)[name]);
    expect(JSON.stringify(mapped(name))).toContain('"v":1');
  });

  it.each(FIXTURES.map(({ name, record }, index) => [name, index, record] as const))(
    '%s recognises its record %i and nobody else does',
    (name, _index, record) => {
      const recognised = [...AUDIT_FORMATS.values()].filter((each) => each.recognises(record));
      expect(recognised.map((each) => each.name)).toEqual([name]);
      expect(detectAuditFormat(record)?.name).toBe(name);
    },
  );

  it('keeps no token that a record held', () => {
    const text = CODED_FORMATS.map((name) => JSON.stringify(mapped(name))).join('');
    expect(text).not.toMatch(/RAWTOKENVALUE|SECRETSESSIONTOKEN/);
  });
});
