import { readFileSync } from 'node:fs';

const FOLDER = `${import.meta.dirname}/..`;

/** Formats that have a mapper of their own, each with `testing/records.json`. */
export const CODED_FORMATS = [
  ...['native', 'cloudevents', 'opa', 'cerbos', 'vault', 'kubernetes', 'cloudtrail', 'teleport'],
  ...['authzen', 'ocsf', 'litellm'],
];

/** A made-up record and the format it belongs to. */
export interface FixtureRecord {
  readonly name: string;
  readonly record: unknown;
}

/** Every made-up record, of the mappers and of the profiles. */
export function fixtureRecords(): readonly FixtureRecord[] {
  const coded = CODED_FORMATS.flatMap((name) =>
    (readJson(`${name}/testing/records.json`) as unknown[]).map((record) => ({ name, record })),
  );
  const profiles = readJson('profile/testing/records.json') as Record<string, unknown[]>;
  return [
    ...coded,
    ...Object.entries(profiles).flatMap(([name, records]) =>
      records.map((record) => ({ name, record })),
    ),
  ];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${FOLDER}/${path}`, 'utf8'));
}
