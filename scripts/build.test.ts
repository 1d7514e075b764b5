import { describe, expect, it } from 'vitest';
import { packFaults } from './build.ts';

const GOOD = [
  'package.json',
  'LICENSE',
  'README.md',
  'dist/src/main.js',
  'dist/src/main.d.ts',
  'dist/src/revocation/actuators/templates/redis.yaml',
  'dist/ui/verify.html',
  'dist/ui/index.html',
];

describe('packFaults', () => {
  it('accepts compiled code, types and the UI', () => {
    expect(packFaults(GOOD)).toEqual([]);
  });

  it.each([
    'dist/src/core/time.test.js',
    'dist/src/ledger/testing/disk.js',
    'src/main.ts',
    'scripts/node-runtime/package.json',
  ])('refuses %s', (file) => {
    expect(packFaults([...GOOD, file])).toEqual([`must not contain ${file}`]);
  });

  it('misses what must be there', () => {
    expect(packFaults(GOOD.slice(0, -1))).toEqual(['lacks dist/ui/index.html']);
  });
});
