import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { completed, type Lock, missingEntries } from './complete-lock.ts';

const LOCK: Lock = {
  packages: {
    '': { version: '1.0.0' },
    'node_modules/tool': {
      version: '2.0.0',
      optionalDependencies: {
        '@tool/cli-linux-x64-musl': '2.0.0',
        '@tool/cli-darwin-arm64': '2.0.0',
      },
    },
    'node_modules/@tool/cli-darwin-arm64': { version: '2.0.0', integrity: 'sha512-x' },
  },
};

describe('completing the lock', () => {
  it('adds what other platforms need, with platform and version', () => {
    expect(missingEntries(LOCK)).toEqual({
      'node_modules/@tool/cli-linux-x64-musl': {
        version: '2.0.0',
        cpu: ['x64'],
        libc: ['musl'],
        optional: true,
        os: ['linux'],
      },
    });
    expect(missingEntries(completed(LOCK))).toEqual({});
    expect(completed(LOCK).packages['node_modules/@tool/cli-darwin-arm64']).toMatchObject({
      integrity: 'sha512-x',
    });
  });

  it('refuses what it would have to guess', () => {
    const packages = { a: { optionalDependencies: { 'plain-name': '^1.0.0' } } };
    expect(() => missingEntries({ packages })).toThrow('pin it by hand');
  });

  it('has been done: npm ci needs it on every platform', async () => {
    const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lock;
    expect(missingEntries(lock)).toEqual({});
  });
});
