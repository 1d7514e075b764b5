import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { AUDIT_FORMATS } from './formats.ts';

const FOLDER = join(import.meta.dirname, '../../../docs/formats');
const NAMES = [...AUDIT_FORMATS.keys()];

describe('the page of each audit format', () => {
  it.each(NAMES)('%s has the lines that point its product here', (name) => {
    const page = readFileSync(join(FOLDER, `${name}.md`), 'utf8');
    const [, setup = ''] = /^## Point it at Tripcoil\n([\s\S]*?)^## /m.exec(page) ?? [];
    const blocks = [...setup.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
    expect(blocks.length).toBeGreaterThan(0);
    expect(setup).toMatch(new RegExp(`/v1/(?:audit/${name}|events|cloudevents|audit)\\b`));
    for (const [, language, text = ''] of blocks) {
      if (language === 'json') expect(() => JSON.parse(text)).not.toThrow();
      if (language !== 'yaml') continue;
      expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
    }
  });

  it('names headers for Envoy that can be headers', () => {
    const page = readFileSync(join(FOLDER, 'envoy.md'), 'utf8');
    const headers = [...page.matchAll(/%REQ\(([^)]*)\)%/g)].flatMap(([, of = '']) => of.split('?'));
    expect(headers).toEqual(expect.arrayContaining([':METHOD', 'MCP-METHOD', 'MCP-NAME']));
    expect(headers.filter((header) => !/^:?[A-Z-]+$/.test(header))).toEqual([]);
  });

  it('is of a format that is there', () => {
    const pages = readdirSync(FOLDER).map((file) => file.replace('.md', ''));
    expect(pages.filter((page) => !NAMES.includes(page))).toEqual(['panther-log-types']);
  });
});
