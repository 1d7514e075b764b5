import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import { FilesRead, watchFiles } from './files-read.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tripcoil-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function reading(...files: readonly string[]): FilesRead {
  const read = new FilesRead();
  for (const file of files) read.read(at(file));
  read.looksFor(at('*.yaml'));
  return read;
}

describe('files that were read', () => {
  it.each([
    ['a file that changed', () => writeFileSync(at('a.yaml'), 'longer')],
    ['one that went', () => rmSync(at('a.yaml'))],
    ['one that came', () => writeFileSync(at('b.yaml'), 'x')],
    ['one that a link names now', () => swap('link', at('other'))],
  ])('tell of %s', (_name, change) => {
    writeFileSync(at('a.yaml'), 'a');
    writeFileSync(at('first'), 'one');
    writeFileSync(at('other'), 'other one');
    symlinkSync(at('first'), at('link'));
    const read = reading('a.yaml', 'link');
    expect(read.now()).toBe(read.asRead);
    change();
    expect(read.now()).not.toBe(read.asRead);
    expect(reading('a.yaml', 'link').asRead).toBe(read.now());
  });

  it('are joined to those of a later reading, as they were then', () => {
    writeFileSync(at('a.txt'), 'a');
    const first = reading('a.txt');
    writeFileSync(at('a.txt'), 'longer');
    const both = first.with(reading('a.txt', 'new.txt'));
    expect(both.now()).toBe(both.asRead);
    writeFileSync(at('new.txt'), 'x');
    expect(both.now()).not.toBe(both.asRead);
  });
});

function swap(link: string, target: string): void {
  symlinkSync(target, at('next'));
  renameSync(at('next'), at(link));
}

describe('watching files', () => {
  it('tells of a change once, and only when it has stood still for a look', async () => {
    writeFileSync(at('a.yaml'), '');
    let read = reading('a.yaml');
    let changes = 0;
    const changed = async (): Promise<void> => {
      changes += 1;
      read = reading('a.yaml');
    };
    const clock = new FakeClock(0);
    const stop = new AbortController();
    const done = watchFiles({ files: () => read, changed, clock, signal: stop.signal });
    const look = () => clock.advance(LIMITS.configLookMs);
    await look();
    writeFileSync(at('a.yaml'), 'half');
    await look();
    writeFileSync(at('a.yaml'), 'half and half');
    await look();
    expect(changes).toBe(0);
    await look();
    expect(changes).toBe(1);
    await look();
    await look();
    expect(changes).toBe(1);
    stop.abort();
    await done;
  });
});
