import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_REDACTION } from '../core/redaction-policy.ts';
import { fixedPseudonymKeys } from './pseudonym-keys.ts';
import { createRedactor } from './redactor.ts';
import { SubjectStore } from './subject-store.ts';
import { createSubjects } from './subjects.ts';
import { eventWith, testKeys } from './testing/events.ts';

const MAIL = 'alice@example.com';
const CARD = '4111 1111 1111 1111';
const directories: string[] = [];

async function start() {
  const directory = await mkdtemp(join(tmpdir(), 'tripcoil-subjects-'));
  directories.push(directory);
  const keys = testKeys();
  const store = new SubjectStore(keys, directory);
  const modes = { email: 'vault', card: 'vault' } as const;
  const policyOf = () => ({ ...DEFAULT_REDACTION, modes });
  const redactor = createRedactor({ keys, policyOf, vault: store });
  const subjects = createSubjects({ store, keys: fixedPseudonymKeys(keys), redactor });
  const event = redactor.redact(
    eventWith({ principal: { sub: MAIL }, attrs: { card: CARD, cc: 'carol@example.com' } }),
  );
  redactor.flush?.();
  return { directory, store, subjects, event };
}

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

describe('the vault', () => {
  it('gives back what a token stands for, and nothing to another tenant', async () => {
    const { subjects, event, store } = await start();
    expect(subjects.reveal('acme', String(event.attrs['card']))).toBe(CARD);
    expect(subjects.reveal('acme', event.principal?.sub ?? '')).toBe(MAIL);
    expect(subjects.reveal('globex', String(event.attrs['card']))).toBeNull();
    store.close();
  });

  it('holds no value in plain on disk', async () => {
    const { directory, store } = await start();
    const bytes = () =>
      readdirSync(directory)
        .map((name) => readFileSync(join(directory, name), 'latin1'))
        .join('');
    expect(bytes()).not.toContain(MAIL);
    store.close();
    expect(bytes()).not.toContain(MAIL);
    expect(bytes()).not.toContain('4111');
  });

  it('forgets a person with what was sealed under their key, and nobody else', async () => {
    const { directory, subjects, event, store } = await start();
    const before = readFileSync(join(directory, 'subjects.db')).length;
    expect(before).toBeGreaterThan(0);
    const tokens = subjects.tokensOf('acme', 'Alice@Example.com');
    expect(tokens).toContain(event.principal?.sub);
    expect(subjects.holdings('acme', tokens)).toEqual({ keys: 1, values: 2 });
    expect(subjects.erase('acme', tokens)).toEqual({ keys: 1, values: 2 });
    expect(subjects.reveal('acme', event.principal?.sub ?? '')).toBeNull();
    expect(subjects.reveal('acme', String(event.attrs['card']))).toBeNull();
    expect(subjects.reveal('acme', String(event.attrs['cc']))).toBe('carol@example.com');
    expect(subjects.holdings('acme', tokens)).toEqual({ keys: 0, values: 0 });
    const bytes = readFileSync(join(directory, 'subjects.db'), 'latin1');
    expect(bytes).not.toContain(event.principal?.sub);
    store.close();
  });

  it('keeps holds, on a person or on everybody', async () => {
    const { store } = await start();
    expect(store.heldBecause('acme', ['t1'])).toBeNull();
    store.hold('acme', ['t1'], 'case 12');
    expect(store.heldBecause('acme', ['t0', 't1'])).toBe('case 12');
    expect(store.heldBecause('acme', ['t2'])).toBeNull();
    store.hold('acme', [], 'audit');
    expect(store.heldBecause('acme', ['t2'])).toBe('audit');
    expect(store.release('acme', [])).toBe(1);
    expect(store.heldBecause('acme', ['t2'])).toBeNull();
    store.close();
  });
});
