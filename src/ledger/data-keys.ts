import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { assert, TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import {
  type DoomedKeys,
  readDoomedKeys,
  removeDoomedKeys,
  writeDoomedKeys,
} from './doomed-keys.ts';
import {
  type DestroyedNote,
  type KeyName,
  type KeyState,
  keyFileName,
  keyFileText,
  parseKeyFileName,
  readKeyFile,
  tenantHash,
} from './key-file.ts';
import { type KeyWrap, wrapDuring } from './key-wrap.ts';
import type { LedgerFiles } from './ledger-files.ts';
import type { BlockKey } from './sealed-block.ts';

/**
 * `destroyed` on purpose; `lost`: its file is not there; `foreign`: another master wrapped it;
 * `damaged`: its file is not as it was written.
 */
export type KeyReading = BlockKey | 'destroyed' | 'lost' | 'foreign' | 'damaged';

/** A key and when it was destroyed, if it was. */
export interface ListedKey extends KeyName {
  readonly destroyedAt: number | null;
}

const SECRET_BYTES = 32;
const ID_BYTES = 8;
const KEY_FILE_VERSION = 1;

/**
 * The keys that seal the ledger, one for each tenant and month, so that destroying keys erases a
 * tenant, or what is older than its retention, and nothing else.
 */
export class DataKeys {
  readonly #files: LedgerFiles;
  readonly #directory: string;
  #wrap: KeyWrap;
  /** Names of all key files by key id. */
  readonly #names: Map<string, KeyName>;
  readonly #opened = new Map<string, BlockKey>();
  /** What seals now, by tenant, of which there are `LIMITS.tenants`; changes with the month. */
  readonly #current = new Map<string, { readonly period: string; readonly key: BlockKey }>();
  /** Tenants that are being erased, with what must be done before they get another key. */
  #last: Promise<unknown> = Promise.resolve();
  /** Keys that somebody was destroying when it was opened. */
  #doomed: DoomedKeys | null = null;
  /** Told of each key that is made. */
  onMade: ((tenant: string, name: KeyName) => void) | null = null;
  /** Those that were made before anybody was told: as many as there are tenants. */
  readonly made: { readonly tenant: string; readonly name: KeyName }[] = [];
  readonly #retired = new Map<string, () => Promise<unknown>>();
  #month = { from: 0, before: 0, period: '' };

  private constructor(
    files: LedgerFiles,
    directory: string,
    wrap: KeyWrap,
    names: Map<string, KeyName>,
  ) {
    this.#files = files;
    this.#directory = directory;
    this.#wrap = wrap;
    this.#names = names;
  }

  /** Reads which keys there are, not the keys. */
  static async open(files: LedgerFiles, directory: string, wrap: KeyWrap): Promise<DataKeys> {
    await files.makeDirectory(directory);
    const keys = await DataKeys.read(files, directory, wrap);
    if (keys.#doomed === null) return keys;
    const names = [...keys.#names.values()].filter((name) => keys.#isDoomed(name));
    await keys.#destroyNamed(names, keys.#doomed.note);
    await removeDoomedKeys(files, directory);
    keys.#doomed = null;
    return keys;
  }

  /** The same without making anything: for whoever only looks. */
  static async read(files: LedgerFiles, directory: string, wrap: KeyWrap): Promise<DataKeys> {
    const names = new Map<string, KeyName>();
    for (const file of await files.list(directory)) {
      const name = parseKeyFileName(file);
      if (name !== null) names.set(name.id, name);
    }
    const keys = new DataKeys(files, directory, wrap, names);
    keys.#doomed = await readDoomedKeys(files, directory);
    return keys;
  }

  #isDoomed(name: KeyName): boolean {
    return this.#doomed?.files.includes(keyFileName(name)) ?? false;
  }

  /** Whether `current` has an answer for what is logged at this time. */
  isReady(tenant: string, loggedAt: number): boolean {
    return this.#current.get(tenant)?.period === this.#periodOf(loggedAt);
  }

  /** The key that seals for a tenant what is logged at this time, which `isReady`. */
  current(tenant: string): BlockKey {
    const current = this.#current.get(tenant);
    assert(current !== undefined, 'the key of a tenant was made ready');
    return current.key;
  }

  /** The same; null for a tenant that has none now. */
  ready(tenant: string): BlockKey | null {
    return this.#current.get(tenant)?.key ?? null;
  }

  /** Finds or makes the key of a tenant for this time; it is durable before it seals anything. */
  async makeReady(tenant: string, loggedAt: number): Promise<void> {
    await this.#retired.get(tenant)?.();
    const period = this.#periodOf(loggedAt);
    const latest = this.#latest(tenant, period);
    const reading = latest === null ? 'lost' : await this.byId(latest.id);
    if (reading === 'foreign') {
      const message = `The data key ${latest?.id} was wrapped by another master key.`;
      throw new TripcoilError('config_invalid', message);
    }
    const usable = typeof reading === 'string' ? null : reading;
    const key = usable ?? (await this.#make(tenant, period, (latest?.generation ?? 0) + 1));
    this.#remember(tenant, period, key);
  }

  /** Seals with a new key from now on; what was sealed stays under the old one. */
  async rotate(tenant: string, loggedAt: number): Promise<KeyName> {
    await this.#retired.get(tenant)?.();
    const period = this.#periodOf(loggedAt);
    const generation = (this.#latest(tenant, period)?.generation ?? 0) + 1;
    const key = await this.#make(tenant, period, generation);
    this.#remember(tenant, period, key);
    return { tenant: tenantHash(tenant), period, generation, id: key.id };
  }

  /**
   * From this moment nothing more is sealed under the keys a tenant has; it gets another one once
   * `destroy` has destroyed them.
   */
  retire(tenant: string, destroy: () => Promise<unknown>): void {
    this.#current.delete(tenant);
    this.#retired.set(tenant, destroy);
  }

  /** The retired keys of a tenant are destroyed: it may have another one. */
  replaceable(tenant: string): void {
    this.#retired.delete(tenant);
  }

  /** The name of a key's file, which stays when the key is destroyed. */
  nameOf(id: string): KeyName | null {
    return this.#names.get(id) ?? null;
  }

  async byId(id: string): Promise<KeyReading> {
    const known = this.#opened.get(id);
    if (known) return known;
    const name = this.#names.get(id);
    const text = name && (await this.#files.readSmall(this.#pathOf(name)));
    if (name !== undefined && this.#isDoomed(name)) return 'destroyed';
    if (name === undefined || !text) return 'lost';
    const state = readKeyFile(text);
    if (state === null) return 'damaged';
    if ('destroyed' in state) return 'destroyed';
    const secret = await this.#wrap.unwrap(state.wrapped, contextOf(name));
    if (secret === null) return 'foreign';
    const key = blockKey(id, secret);
    if (this.#opened.size >= LIMITS.dataKeysOpened) this.#opened.clear();
    this.#opened.set(id, key);
    return key;
  }

  /** Whether a key was destroyed for its age, and its tenant is still there. */
  async isExpired(id: string): Promise<boolean> {
    const name = this.#names.get(id);
    if (name && this.#isDoomed(name)) return this.#doomed?.note.by === 'age';
    const text = name && (await this.#files.readSmall(this.#pathOf(name)));
    const state = text ? readKeyFile(text) : null;
    return state !== null && 'destroyed' in state && state.by === 'age';
  }

  /** All keys with what became of them, by name: of a tenant, or of all. */
  async list(tenant: string | null, most: number): Promise<readonly ListedKey[]> {
    const names = tenant === null ? [...this.#names.values()] : this.of(tenant);
    const listed: ListedKey[] = [];
    for (const name of names.slice(-most)) {
      const text = await this.#files.readSmall(this.#pathOf(name));
      const state = text && readKeyFile(text);
      const destroyedAt = state && 'destroyed' in state ? state.destroyed : null;
      listed.push({ ...name, destroyedAt });
    }
    return listed;
  }

  /** Key names of a tenant, oldest first. */
  of(tenant: string): readonly KeyName[] {
    const wanted = tenantHash(tenant);
    return [...this.#names.values()]
      .filter((name) => name.tenant === wanted)
      .sort((a, b) => (a.period + a.generation < b.period + b.generation ? -1 : 1));
  }

  /**
   * Destroys keys for good: overwritten, flushed, and replaced by a note that says when. What they
   * sealed can never be read again; every hash over it stays valid. Returns how many there were;
   * safe to repeat after a crash.
   */
  destroy(names: readonly KeyName[], at: number, by?: 'age'): Promise<number> {
    return this.#inTurn(() => this.#destroyAll(names, { destroyed: at, ...(by && { by }) }));
  }

  async #destroyAll(names: readonly KeyName[], note: DestroyedNote): Promise<number> {
    if (names.length === 0) return 0;
    // With those that an error has left half overwritten before.
    const left = (await readDoomedKeys(this.#files, this.#directory))?.files ?? [];
    const doomed = [...new Set([...left, ...names.map(keyFileName)])];
    await writeDoomedKeys(this.#files, this.#directory, { note, files: doomed });
    const all = [...this.#names.values()].filter((name) => doomed.includes(keyFileName(name)));
    const count = await this.#destroyNamed(all, note);
    await removeDoomedKeys(this.#files, this.#directory);
    return count;
  }

  async #destroyNamed(names: readonly KeyName[], note: DestroyedNote): Promise<number> {
    let count = 0;
    for (let first = 0; first < names.length; first += LIMITS.syncsAtOnce) {
      const some = names.slice(first, first + LIMITS.syncsAtOnce);
      const destroyed = await Promise.all(some.map((name) => this.#destroyOne(name, note)));
      count += destroyed.filter((was) => was).length;
    }
    return count;
  }

  async #destroyOne(name: KeyName, note: DestroyedNote): Promise<boolean> {
    const path = this.#pathOf(name);
    this.#opened.delete(name.id);
    for (const [tenant, { key }] of this.#current) {
      if (key.id === name.id) this.#current.delete(tenant);
    }
    const known = await this.#files.readSmall(path);
    const state = known && readKeyFile(known);
    if (known === null || (state !== null && 'destroyed' in state)) return false;
    const file = await this.#files.open(path, 'write');
    try {
      await file.write(Buffer.alloc(await file.size()), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#write(name, note);
    return true;
  }

  /** Wraps every key anew under another master; safe to repeat after a crash. */
  rewrap(next: KeyWrap): Promise<number> {
    return this.#inTurn(async () => {
      const current = this.#wrap;
      this.#wrap = wrapDuring(current, next);
      let count = 0;
      for (const name of [...this.#names.values()]) {
        count += Number(await this.#rewrapOne(name, current, next));
      }
      this.#wrap = next;
      return count;
    });
  }

  async #rewrapOne(name: KeyName, current: KeyWrap, next: KeyWrap): Promise<boolean> {
    const text = await this.#files.readSmall(this.#pathOf(name));
    const state = text && readKeyFile(text);
    if (state === null) {
      throw new TripcoilError('ledger_corrupt', `The file of data key ${name.id} is damaged.`);
    }
    if ('destroyed' in state) return false;
    const context = contextOf(name);
    // What a round that was cut off has done already.
    if ((await next.unwrap(state.wrapped, context)) !== null) return false;
    const secret = await current.unwrap(state.wrapped, context);
    if (secret === null) {
      throw new TripcoilError('config_invalid', `The data key ${name.id} has another master.`);
    }
    await this.#write(name, { wrapped: await next.wrap(secret, context) });
    return true;
  }

  /** Nothing writes a key file while another does: what was destroyed must stay so. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #make(tenant: string, period: string, generation: number): Promise<BlockKey> {
    const secret = randomBytes(SECRET_BYTES);
    const id = randomBytes(ID_BYTES).toString('hex');
    const name = { tenant: tenantHash(tenant), period, generation, id };
    await this.#write(name, { wrapped: await this.#wrap.wrap(secret, contextOf(name)) });
    this.#names.set(id, name);
    if (this.onMade) this.onMade(tenant, name);
    else if (this.made.length < LIMITS.tenants) this.made.push({ tenant, name });
    return blockKey(id, secret);
  }

  async #write(name: KeyName, state: KeyState): Promise<void> {
    await this.#files.replace(this.#pathOf(name), Buffer.from(keyFileText(state)));
  }

  #remember(tenant: string, period: string, key: BlockKey): void {
    this.#opened.set(key.id, key);
    this.#current.set(tenant, { period, key });
  }

  #latest(tenant: string, period: string): KeyName | null {
    return this.of(tenant).findLast((name) => name.period === period) ?? null;
  }

  #pathOf(name: KeyName): string {
    return join(this.#directory, keyFileName(name));
  }

  #periodOf(loggedAt: number): string {
    if (loggedAt < this.#month.from || loggedAt >= this.#month.before) {
      const date = new Date(loggedAt);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      const period = `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}`;
      this.#month = { from: Date.UTC(year, month), before: Date.UTC(year, month + 1), period };
    }
    return this.#month.period;
  }
}

function contextOf({ tenant, period, id }: KeyName): string {
  return `tripcoil data key ${KEY_FILE_VERSION} ${tenant} ${period} ${id}`;
}

function blockKey(id: string, secret: Uint8Array): BlockKey {
  const saltSecret = new Uint8Array(hkdfSync('sha256', secret, '', 'tripcoil salts 2', 32));
  return { id, secret: createSecretKey(secret), saltSecret };
}
