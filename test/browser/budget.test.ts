import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const built = fileURLToPath(new URL('../../dist/ui', import.meta.url));
const page = readFileSync(join(built, 'index.html'), 'utf8');

function gzipKib(pattern: RegExp): number {
  const named = [...page.matchAll(pattern)].map((match) => match[1] ?? '');
  expect(named.length).toBeGreaterThan(0);
  const bytes = named.map((name) => gzipSync(readFileSync(join(built, name)), { level: 9 }).length);
  return bytes.reduce((sum, size) => sum + size, 0) / 1024;
}

describe('the built page', () => {
  it('starts with at most 60 KiB of script and 8 KiB of style', () => {
    expect(gzipKib(/<script[^>]+src="\.\/([^"]+)"/g)).toBeLessThanOrEqual(60);
    expect(gzipKib(/<link[^>]+stylesheet[^>]+href="\.\/([^"]+)"/g)).toBeLessThanOrEqual(8);
  });

  it('loads later pieces of at most 25 KiB each', () => {
    for (const file of readdirSync(join(built, 'assets')).filter((name) => name.endsWith('.js'))) {
      if (page.includes(file)) continue;
      const size = gzipSync(readFileSync(join(built, 'assets', file)), { level: 9 }).length / 1024;
      expect(size, file).toBeLessThanOrEqual(25);
    }
  });

  it('has hashed names and nothing inline', () => {
    for (const file of readdirSync(join(built, 'assets'))) expect(file).toMatch(/-[\w-]{8}\.\w+$/);
    expect(page).not.toMatch(/<style|<script(?![^>]+src=)|\sstyle=|\son\w+=/);
  });
});
