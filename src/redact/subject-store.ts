import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KeyRing } from '../ports/key-ring.ts';
import type { SubjectHoldings } from '../ports/subjects.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key that gave, or gives, pseudonyms of one tenant. The first one is the key ring's own. */
export interface KeyGeneration {
  readonly id: string;
  readonly secret: Uint8Array;
  /** Until then the key before this one is used beside it. */
  readonly overlapUntil: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS subject_keys (
    tenant TEXT, subject TEXT, wrapped BLOB NOT NULL, PRIMARY KEY (tenant, subject)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sealed (
    tenant TEXT, token TEXT, subject TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (tenant, token)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS sealed_by_subject ON sealed (tenant, subject);
  CREATE TABLE IF NOT EXISTS identifiers (
    tenant TEXT, token TEXT, subject TEXT, value BLOB NOT NULL,
    PRIMARY KEY (tenant, token, subject)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS identifiers_by_subject ON identifiers (tenant, subject);
  CREATE TABLE IF NOT EXISTS holds (
    tenant TEXT, token TEXT, reason TEXT NOT NULL, PRIMARY KEY (tenant, token)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS generations (
    tenant TEXT, number INTEGER, id TEXT NOT NULL, wrapped BLOB NOT NULL, overlap_until INTEGER,
    PRIMARY KEY (tenant, number)
  ) WITHOUT ROWID;`;

/**
 * The one file of things that can be destroyed: keys of data subjects with what they seal
 * (AES-256-GCM), the plain form of identifiers needed to revoke (docs/adr/0006), legal holds, and
 * generations of pseudonym keys. Keys are wrapped under a key of
 * their tenant that is derived from the key ring and never written. SQLite, because a destroyed key
 * must be overwritten (`secure_delete`) and not merely superseded.
 */
export class SubjectStore {
  readonly #database: DatabaseSync;
  readonly #keys: Pick<KeyRing, 'pseudonymKey'>;
  #pending = false;

  /** Opens or makes `subjects.db` in a directory; without one, in memory. */
  constructor(keys: Pick<KeyRing, 'pseudonymKey'>, directory: string | null) {
    if (directory !== null) mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#keys = keys;
    this.#database = new DatabaseSync(
      directory === null ? ':memory:' : join(directory, 'subjects.db'),
    );
    this.#database.exec(SCHEMA);
  }

  /** Seals a value under its subject's key, unless its token has one already. */
  seal(tenant: string, subject: string, token: string, value: string): void {
    this.#begin();
    if (this.#row('SELECT 1 FROM sealed WHERE tenant = ? AND token = ?', tenant, token)) return;
    const key = this.#subjectKey(tenant, subject) ?? this.#makeKey(tenant, subject);
    const sealed = seal(key, Buffer.from(value), `${tenant}\0${token}`);
    this.#run('INSERT INTO sealed VALUES (?, ?, ?, ?)', tenant, token, subject, sealed);
  }

  /** Puts on disk what was sealed since the last call; before an event is acknowledged. */
  flush(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#database.exec('COMMIT');
  }

  reveal(tenant: string, token: string): string | null {
    const row = this.#row(
      'SELECT subject, value FROM sealed WHERE tenant = ? AND token = ?',
      tenant,
      token,
    );
    const key = row === undefined ? null : this.#subjectKey(tenant, String(row['subject']));
    if (row === undefined || key === null) return null;
    return open(key, bytesOf(row['value']), `${tenant}\0${token}`).toString();
  }

  /** Seals the plain form of an identifier; it goes with any of the persons it names. */
  keepIdentifier(tenant: string, token: string, subjects: readonly string[], plain: string): void {
    this.#begin();
    const sealed = seal(this.#directoryKey(tenant), Buffer.from(plain), `${tenant}\0${token}`);
    for (const subject of new Set(subjects)) {
      this.#run(
        'INSERT OR IGNORE INTO identifiers VALUES (?, ?, ?, ?)',
        tenant,
        token,
        subject,
        sealed,
      );
    }
  }

  /**
   * The plain form of an identifier as recorded, or null.
   * @throws when the key is another than it was sealed with.
   */
  identifier(tenant: string, token: string): string | null {
    const query = 'SELECT value FROM identifiers WHERE tenant = ? AND token = ? LIMIT 1';
    const row = this.#row(query, tenant, token);
    if (row === undefined) return null;
    const key = this.#directoryKey(tenant);
    return open(key, bytesOf(row['value']), `${tenant}\0${token}`).toString();
  }

  /** The identifiers, as recorded, that name any of these subjects. */
  identifiersOf(tenant: string, subjects: readonly string[]): readonly string[] {
    const query = 'SELECT token FROM identifiers WHERE tenant = ? AND subject = ?';
    const statement = this.#database.prepare(query);
    return subjects.flatMap((subject) =>
      statement.all(tenant, subject).map((row) => String(row['token'])),
    );
  }

  holdings(tenant: string, tokens: readonly string[]): SubjectHoldings {
    let keys = 0;
    let values = 0;
    for (const token of new Set(tokens)) {
      keys += this.#count('SELECT count(*) AS n FROM subject_keys', 'subject', tenant, token);
      values += this.#count('SELECT count(*) AS n FROM sealed', 'subject', tenant, token);
      const own =
        'SELECT count(*) AS n FROM sealed WHERE tenant = ? AND token = ? AND subject <> ?';
      values += Number(this.#row(own, tenant, token, token)?.['n'] ?? 0);
    }
    const named = [...tokens, ...this.identifiersOf(tenant, tokens)];
    for (const token of new Set(named)) {
      const query =
        'SELECT count(DISTINCT token) AS n FROM identifiers WHERE tenant = ? AND token = ?';
      values += Number(this.#row(query, tenant, token)?.['n'] ?? 0);
    }
    return { keys, values };
  }

  /** Overwrites keys and values, and the write-ahead log that may still hold them. */
  erase(tenant: string, tokens: readonly string[]): SubjectHoldings {
    this.flush();
    const holdings = this.holdings(tenant, tokens);
    const named = new Set([...tokens, ...this.identifiersOf(tenant, tokens)]);
    this.#begin();
    for (const token of named) {
      this.#run('DELETE FROM identifiers WHERE tenant = ? AND token = ?', tenant, token);
    }
    for (const token of new Set(tokens)) {
      this.#run('DELETE FROM subject_keys WHERE tenant = ? AND subject = ?', tenant, token);
      this.#run('DELETE FROM sealed WHERE tenant = ? AND subject = ?', tenant, token);
      this.#run('DELETE FROM sealed WHERE tenant = ? AND token = ?', tenant, token);
    }
    this.flush();
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return holdings;
  }

  /** The same of everybody in a tenant, with its own keys; holds stay. */
  eraseTenant(tenant: string): SubjectHoldings {
    this.flush();
    const count = (table: string): number =>
      Number(this.#row(`SELECT count(*) AS n FROM ${table} WHERE tenant = ?`, tenant)?.['n']);
    const values = count('sealed') + count('identifiers');
    const holdings = { keys: count('subject_keys') + count('generations'), values };
    this.#begin();
    for (const table of ['identifiers', 'sealed', 'subject_keys', 'generations']) {
      this.#run(`DELETE FROM ${table} WHERE tenant = ?`, tenant);
    }
    this.flush();
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return holdings;
  }

  /** Why nobody's data in a tenant may be erased as a whole, or null. */
  anyHold(tenant: string): string | null {
    const row = this.#row('SELECT reason FROM holds WHERE tenant = ? LIMIT 1', tenant);
    return row === undefined ? null : String(row['reason']);
  }

  hold(tenant: string, tokens: readonly string[], reason: string): void {
    this.#begin();
    for (const token of tokens.length === 0 ? [''] : tokens) {
      this.#run('INSERT OR REPLACE INTO holds VALUES (?, ?, ?)', tenant, token, reason);
    }
    this.flush();
  }

  release(tenant: string, tokens: readonly string[]): number {
    let released = 0;
    this.#begin();
    for (const token of tokens.length === 0 ? [''] : tokens) {
      released += this.#run('DELETE FROM holds WHERE tenant = ? AND token = ?', tenant, token);
    }
    this.flush();
    return released;
  }

  heldBecause(tenant: string, tokens: readonly string[]): string | null {
    const query = 'SELECT reason FROM holds WHERE tenant = ? AND token = ?';
    for (const token of ['', ...tokens]) {
      const row = this.#row(query, tenant, token);
      if (row !== undefined) return String(row['reason']);
    }
    return null;
  }

  /** Keys that were made by rotation, oldest first. */
  generations(tenant: string): readonly KeyGeneration[] {
    const query =
      'SELECT id, wrapped, overlap_until FROM generations WHERE tenant = ? ORDER BY number';
    return this.#database
      .prepare(query)
      .all(tenant)
      .map((row) => {
        const id = String(row['id']);
        const secret = open(this.#wrappingKey(tenant), bytesOf(row['wrapped']), `${tenant}\0${id}`);
        return { id, secret, overlapUntil: Number(row['overlap_until']) };
      });
  }

  /** A new random key; its number stands in its id. */
  addGeneration(tenant: string, overlapUntil: number): KeyGeneration {
    const number = this.generations(tenant).length + 2;
    const id = `p${number}-${randomBytes(4).toString('hex')}`;
    const secret = randomBytes(KEY_BYTES);
    const wrapped = seal(this.#wrappingKey(tenant), secret, `${tenant}\0${id}`);
    this.#begin();
    const insert = 'INSERT INTO generations VALUES (?, ?, ?, ?, ?)';
    this.#run(insert, tenant, number, id, wrapped, overlapUntil);
    this.flush();
    return { id, secret, overlapUntil };
  }

  close(): void {
    this.flush();
    this.#database.close();
  }

  #begin(): void {
    if (this.#pending) return;
    this.#database.exec('BEGIN IMMEDIATE');
    this.#pending = true;
  }

  #row(query: string, ...values: readonly string[]): Record<string, unknown> | undefined {
    return this.#database.prepare(query).get(...values);
  }

  #run(query: string, ...values: readonly (string | number | Uint8Array)[]): number {
    return Number(this.#database.prepare(query).run(...values).changes);
  }

  #count(query: string, column: 'subject', tenant: string, token: string): number {
    return Number(this.#row(`${query} WHERE tenant = ? AND ${column} = ?`, tenant, token)?.['n']);
  }

  #subjectKey(tenant: string, subject: string): Buffer | null {
    const query = 'SELECT wrapped FROM subject_keys WHERE tenant = ? AND subject = ?';
    const row = this.#row(query, tenant, subject);
    if (row === undefined) return null;
    return open(this.#wrappingKey(tenant), bytesOf(row['wrapped']), `${tenant}\0${subject}`);
  }

  #makeKey(tenant: string, subject: string): Buffer {
    const key = randomBytes(KEY_BYTES);
    const wrapped = seal(this.#wrappingKey(tenant), key, `${tenant}\0${subject}`);
    this.#run('INSERT INTO subject_keys VALUES (?, ?, ?)', tenant, subject, wrapped);
    return key;
  }

  #wrappingKey(tenant: string): Buffer {
    return this.#derivedKey(tenant, 'tripcoil subject keys 1');
  }

  #directoryKey(tenant: string): Buffer {
    return this.#derivedKey(tenant, 'tripcoil identifier directory 1');
  }

  #derivedKey(tenant: string, purpose: string): Buffer {
    const { secret } = this.#keys.pseudonymKey(tenant);
    return createHmac('sha256', secret).update(purpose).digest();
  }
}

function seal(key: Buffer, plain: Uint8Array, bound: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/** @throws when the key is another, or the bytes are not what was sealed for this place. */
function open(key: Buffer, sealed: Buffer, bound: string): Buffer {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(bound)).setAuthTag(tag);
  return Buffer.concat([
    decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)),
    decipher.final(),
  ]);
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(value instanceof Uint8Array ? value : new Uint8Array());
}
