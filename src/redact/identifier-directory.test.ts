import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import { createIdentifierDirectory } from './identifier-directory.ts';
import { fixedPseudonymKeys, rotatingPseudonymKeys } from './pseudonym-keys.ts';
import { createRedactor } from './redactor.ts';
import { SubjectStore } from './subject-store.ts';
import { createSubjects } from './subjects.ts';
import { eventWith, testKeys } from './testing/events.ts';

const MAIL = 'alice@example.com';
const SPELT = 'Alice@Example.com';
const CARD = '4111 1111 1111 1111';
const directories: string[] = [];

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tripcoil-identifiers-'));
  directories.push(directory);
  return directory;
}

function open(directory: string, keys = testKeys()) {
  const store = new SubjectStore(keys, directory);
  const identifiers = createIdentifierDirectory(store);
  const redactor = createRedactor({ keys, vault: store, directory: identifiers });
  const subjects = createSubjects({ store, keys: fixedPseudonymKeys(keys), redactor });
  const redact = (members: Partial<AccessEvent>) => redactor.redact(eventWith(members));
  const idOf = (id: string): string => redact({ agent: { id } }).agent.id;
  return { store, identifiers, redactor, subjects, redact, idOf };
}

const bytesOf = (directory: string): string =>
  readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'latin1'))
    .join('');

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describe('the directory of identifiers', () => {
  it('resolves what became a token, as it was spelt, also after a start', () => {
    const directory = newDirectory();
    const first = open(directory);
    const ids = [MAIL, SPELT, CARD, `team/${MAIL}/7`, '+1 (415) 555-2671', 'worker-193.104.23.7'];
    const tokens = ids.map(first.idOf);
    expect(new Set(tokens).size).toBe(ids.length);
    first.redactor.flush?.();
    first.store.close();
    const { identifiers, store } = open(directory);
    expect(tokens.map((token) => identifiers.plainOf('acme', token))).toEqual(ids);
    expect(tokens.map((token) => identifiers.plainOf('globex', token))).toEqual(
      ids.map(() => null),
    );
    expect(identifiers.plainOf('acme', `txn:${tokens[0]}`)).toBe(`txn:${MAIL}`);
    expect(identifiers.plainOf('acme', 'invoice-bot')).toBe('invoice-bot');
    store.close();
    for (const id of [...ids, 'alice', '4111', '193.104']) {
      expect(bytesOf(directory)).not.toContain(id);
    }
  });

  it('holds every identifier that a breaker may be named by', () => {
    const { redact, identifiers, store } = open(newDirectory());
    const out = redact({
      agent: { id: MAIL },
      session: { id: `${MAIL}/7` },
      token: { jti: `j-${MAIL}`, txn: `x-${MAIL}`, iss: 'https://193.104.23.7/idp' },
    });
    const { agent, session, token } = out;
    const ids = [agent.id, session?.id, token?.jti, token?.txn, token?.iss];
    expect(ids.map((id) => identifiers.plainOf('acme', id ?? ''))).toEqual([
      ...[MAIL, `${MAIL}/7`, `j-${MAIL}`, `x-${MAIL}`, 'https://193.104.23.7/idp'],
    ]);
    store.close();
  });

  it('tells no secret, and keeps nothing for a question', () => {
    const { idOf, redactor, identifiers, subjects, store } = open(newDirectory());
    const secret = idOf(`ghp_${'a1'.repeat(18)}`);
    expect(identifiers.plainOf('acme', secret)).toBeNull();
    expect(identifiers.plainOf('acme', idOf(`ghp_${'a1'.repeat(18)} ${MAIL}`))).toBeNull();
    const asked = redactor.redactIdentifier('acme', 'bob@example.com');
    expect(identifiers.plainOf('acme', asked)).toBeNull();
    const held = subjects.holdings('acme', subjects.tokensOf('acme', 'bob@example.com'));
    expect(held.values).toBe(0);
    expect(redactor.keepIdentifier?.('acme', 'bob@example.com')).toBe(asked);
    expect(identifiers.plainOf('acme', asked)).toBe('bob@example.com');
    store.close();
  });

  it('forgets a person in every spelling, in memory and on disk, and nobody else', () => {
    const directory = newDirectory();
    const { idOf, redactor, identifiers, subjects, store } = open(directory);
    const tokens = [MAIL, SPELT, `team/${MAIL}/7`, `${MAIL}+bob@example.com,bob@example.com`];
    const recorded = tokens.map(idOf);
    const bob = idOf('bob@example.com');
    redactor.flush?.();
    const before = identifiers.erasures;
    const order = subjects.tokensOf('acme', 'ALICE@example.com');
    expect(order).toEqual(expect.arrayContaining(recorded.slice(0, 3)));
    expect(subjects.holdings('acme', order).values).toBeGreaterThanOrEqual(3);
    subjects.erase('acme', order);
    expect(identifiers.erasures).toBeGreaterThan(before);
    expect(recorded.slice(0, 3).map((token) => identifiers.plainOf('acme', token))).toEqual([
      ...[null, null, null],
    ]);
    expect(identifiers.plainOf('acme', bob)).toBe('bob@example.com');
    expect(subjects.holdings('acme', order).values).toBe(0);
    expect(bytesOf(directory)).not.toContain(recorded[0]);
    store.close();
  });

  it('keeps the token of an identifier when keys rotate, and erases by it', () => {
    const keys = testKeys();
    const store = new SubjectStore(keys, newDirectory());
    const clock = { now: () => 1_000 };
    const pseudonymKeys = rotatingPseudonymKeys({ keys, store, clock });
    const identifiers = createIdentifierDirectory(store);
    const redactor = createRedactor({ keys, vault: store, directory: identifiers, pseudonymKeys });
    const subjects = createSubjects({ store, keys: pseudonymKeys, redactor });
    const idOf = () => redactor.redact(eventWith({ agent: { id: `x/${SPELT}` } })).agent.id;
    const before = idOf();
    subjects.rotate('acme', 0);
    expect(idOf()).toBe(before);
    subjects.erase('acme', subjects.tokensOf('acme', MAIL));
    expect(identifiers.plainOf('acme', before)).toBeNull();
    store.close();
  });

  it('leaves a token where nothing can be sealed, and tries again after a failed write', () => {
    const kept: string[] = [];
    let fault = true;
    const store = {
      keepIdentifier: (_tenant: string, token: string) => {
        if (fault) throw new Error('disk');
        kept.push(token);
      },
      identifier: () => {
        throw new Error('disk');
      },
    };
    const vault = {
      seal: () => undefined,
      flush: () => {
        throw new Error('disk');
      },
    };
    const directory = createIdentifierDirectory(store);
    const redactor = createRedactor({ keys: testKeys(), directory, vault });
    const event = eventWith({ agent: { id: MAIL } });
    const { id } = redactor.redact(event).agent;
    expect(directory.plainOf('acme', id)).toBeNull();
    fault = false;
    redactor.redact(event);
    redactor.redact(event);
    expect(kept).toEqual([id]);
    expect(() => redactor.flush?.()).toThrow('disk');
    redactor.redact(event);
    expect(kept).toEqual([id, id]);
  });
});
