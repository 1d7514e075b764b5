import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENT_FIELDS } from '../../core/event-field.ts';
import { USAGE_METRICS } from './metric-record.ts';

const DOCS = join(import.meta.dirname, '../../../docs');
const EMITTERS = join(DOCS, 'emitters');
const pages = readdirSync(EMITTERS).filter((name) => name !== 'README.md');
const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8');

describe('the pages on telemetry', () => {
  it('name every attribute of our own convention', () => {
    const page = read(DOCS, 'telemetry.md');
    const named = new Set<string>();
    for (const [, words = ''] of page.matchAll(/^\| (`tripcoil\..*?) \|/gm)) {
      let prefix = '';
      for (const [, key = ''] of words.matchAll(/`([\w.]+)`/g)) {
        if (key.startsWith('.')) named.add(`${prefix}${key}`);
        else {
          named.add(key);
          prefix = key.slice(0, key.lastIndexOf('.'));
        }
      }
    }
    for (const [, member = ''] of page.matchAll(/`\.(sub_goals|alternatives|confidence)`/g)) {
      named.add(`tripcoil.reasoning.${member}`);
    }
    named.add('tripcoil.reasoning.summary');
    expect(EVENT_FIELDS.filter((field) => !named.has(`tripcoil.${field}`))).toEqual([]);
  });

  it('name every metric that is read', () => {
    const page = read(DOCS, 'telemetry.md');
    for (const name of USAGE_METRICS.keys()) expect(page).toContain(`\`${name}\``);
  });

  it.each(pages)('%s says how to point it here and what is read', (name) => {
    const page = read(EMITTERS, name);
    expect(page).toMatch(/^# \S/);
    expect(page).toContain('\n## Point it at Tripcoil\n');
    expect(page).toContain('\n## What is read\n');
    expect(page).toMatch(/^```\w+$/m);
    expect(read(EMITTERS, 'README.md')).toContain(`](${name})`);
  });
});
