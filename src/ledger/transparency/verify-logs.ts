import type { DataKeys } from '../data-keys.ts';
import { textsOf } from '../entry-run.ts';
import { type EntryHead, parseEntryHead, parseEntryText } from '../entry-text.ts';
import { BLOCK_TYPE, type BlockFrame, COMMIT_TYPE, decodeBlock, decodeCommit } from '../frame.ts';
import { FrameReader } from '../frame-reader.ts';
import { readCheckedLine, tenantHash } from '../key-file.ts';
import type { LedgerFile, LedgerFiles } from '../ledger-files.ts';
import { readRetentionNote, WHOLE } from '../retention-note.ts';
import { type BlockKey, openBlock, SaltsByKey } from '../sealed-block.ts';
import { HEADER_BYTES } from '../segment-header.ts';
import { listSegments, withSegment } from '../segments.ts';
import type { VerificationProgress } from '../verify.ts';
import { type KeptHead, LogCheck } from './log-check.ts';
import { LogDirectory } from './log-directory.ts';
import { LogFault } from './log-problem.ts';
import { type CheckpointTrust, logFile, readCheckpoint, readStoredLog } from './stored-log.ts';

/** What the logs are checked with. */
export interface LogsToCheck {
  readonly files: LedgerFiles;
  readonly directory: string;
  readonly trust: CheckpointTrust;
  /** Names of all keys, and the keys themselves where the master key is known. */
  readonly keys: Pick<DataKeys, 'byId' | 'nameOf'>;
  readonly canOpen: boolean;
  /** Checkpoints kept elsewhere: each proves that its log has only grown since. */
  readonly kept: readonly { readonly file: string; readonly text: string }[];
}

/** What was counted while nothing was wrong. */
export interface LogsCounted {
  readonly logs: number;
  /** Entries under a signed checkpoint. */
  readonly proven: number;
  /** Entries whose text was held against its commitment. */
  readonly opened: number;
  /** Entries whose key was destroyed. */
  readonly erased: number;
  /** Entries that wait for their checkpoint: those of a daemon's last second, or of a crash. */
  readonly unpublished: number;
}

/**
 * Checks every transparency log against the segments in one pass over them. Opened before the
 * segments are checked, so that what is read of them later can only be more.
 */
export class LogsCheck {
  readonly #options: LogsToCheck;
  readonly #checks = new Map<string, LogCheck>();
  /** Tenants by what stands for them in the names of keys. */
  readonly #tenants = new Map<string, string>();
  readonly #salts = new SaltsByKey();
  readonly #integratedSeq: number;
  #requiredSeq = 0;
  #opened = 0;
  #erased = 0;

  private constructor(options: LogsToCheck, integratedSeq: number) {
    this.#options = options;
    this.#integratedSeq = integratedSeq;
  }

  /** @throws LogFault where a checkpoint, an edge or the list of logs is wrong by itself. */
  static async open(options: LogsToCheck): Promise<LogsCheck> {
    const { files, directory, trust, kept } = options;
    const logs = new LogDirectory(files, directory);
    const { seq, tenants } = await readIntegrated(logs);
    const heads = kept.map(({ file, text }) => keptHead(file, text, tenants, trust));
    const check = new LogsCheck(options, seq);
    for (const tenant of tenants) {
      const stored = await readStoredLog(logs, tenant, trust);
      const edge = await readEdge(logs, tenant);
      const ownHeads = heads.filter((each) => each.tenant === tenant);
      check.#tenants.set(tenantHash(tenant), tenant);
      const own = { directory: logs, tenant, stored, edge, kept: ownHeads };
      check.#checks.set(tenant, new LogCheck(own));
    }
    return check;
  }

  /**
   * Walks the segments up to the entry `headSeq`, which are known to be sound.
   * @throws LogFault at the first problem.
   */
  async run(
    head: { readonly seq: number; readonly closed: boolean },
    onProgress: (progress: VerificationProgress) => void,
  ): Promise<LogsCounted> {
    const { files, directory } = this.#options;
    this.#requiredSeq = head.closed ? head.seq : this.#integratedSeq;
    const { firstSeq: begin } = (await readRetentionNote(files, directory)) ?? WHOLE;
    for (const check of this.#checks.values()) this.#erased += await check.addDeleted(begin);
    const listed = await listSegments(files, directory);
    const segments = listed.filter(({ firstSeq }) => firstSeq >= begin);
    for (const [segmentIndex, { name, firstSeq }] of segments.entries()) {
      if (firstSeq > head.seq) break;
      const place = { segment: name, segmentIndex, segments: segments.length };
      await withSegment(files, directory, name, async (file) => {
        const segmentBytes = await file.size();
        await this.#walk(file, name, segmentBytes, head.seq, (bytes, entries) =>
          onProgress({ ...place, bytes, segmentBytes, entries }),
        );
      });
    }
    const checks = [...this.#checks.values()];
    for (const check of checks) check.finish();
    return {
      logs: checks.length,
      proven: checks.reduce((sum, { size }) => sum + size, 0),
      ...{ opened: this.#opened, erased: this.#erased },
      unpublished: checks.reduce((sum, { beyond }) => sum + beyond, 0),
    };
  }

  async #walk(
    file: LedgerFile,
    segment: string,
    size: number,
    headSeq: number,
    onProgress: (bytes: number, entries: number) => void,
  ): Promise<void> {
    const reader = new FrameReader(file, HEADER_BYTES, size);
    let entries = 0;
    for (;;) {
      const step = reader.step();
      if (step === 'load') {
        if (!(await reader.load())) return;
        onProgress(reader.offset, entries);
        continue;
      }
      // Behind what is sound there is only what a running writer has not committed.
      if (step !== 'frame') return;
      const { bytes, payload, end } = reader;
      if (bytes[payload] === COMMIT_TYPE) {
        entries = decodeCommit(bytes, payload, end)?.lastSeq ?? entries;
        if (entries >= headSeq) return;
      }
      const block = bytes[payload] === BLOCK_TYPE ? decodeBlock(bytes, payload, end) : null;
      if (block !== null) await this.#block(block, segment);
    }
  }

  async #block(block: BlockFrame, segment: string): Promise<void> {
    const { keyId, firstSeq, stored } = block;
    const { keys, canOpen } = this.#options;
    const fault = (kind: 'altered' | 'missing' | 'wrong_key', file: string, message: string) =>
      new LogFault({ kind, tenant: this.#tenantOf(keyId), file, seq: firstSeq, message });
    if (!stored.sealed) return this.#open(block, null, segment);
    const key = await keys.byId(keyId);
    const file = `data-keys/…-${keyId}.key`;
    if (key === 'lost') throw fault('missing', file, `the data key ${keyId} is gone`);
    if (key === 'damaged') throw fault('altered', file, `the data key ${keyId} is damaged`);
    if (key === 'foreign' && canOpen) {
      throw fault('wrong_key', file, `the data key ${keyId} is under another master key`);
    }
    if (typeof key === 'string') return this.#closed(block, key === 'destroyed');
    return this.#open(block, key, segment);
  }

  async #open(block: BlockFrame, key: BlockKey | null, segment: string): Promise<void> {
    const { firstSeq, lastSeq, count, stored, header } = block;
    const run = openBlock(stored, key, header);
    const texts = run && textsOf(run);
    const tenant = texts?.[0] && parseEntryText(texts[0].toString('utf8'))?.tenant;
    if (texts?.length !== count || tenant == null) {
      throw this.#unsound(segment, firstSeq, 'a block does not open with its key');
    }
    const heads = headsOf(texts);
    if (heads === null) {
      throw this.#unsound(segment, firstSeq, 'a block holds what is no entry, or none in order');
    }
    const check = this.#checkOf(tenant, firstSeq);
    const salts = this.#salts.of(key).of(heads.map(({ seq }) => seq));
    for (let place = 0; place < count; place += 1) {
      const head = heads[place];
      const text = texts[place];
      if (head === undefined || text === undefined) break;
      const { beyond } = check;
      if (check.add(head, text, salts, place)) await check.check();
      if (check.beyond > beyond) this.#requireSigned(check, head.seq);
    }
    if (heads.at(-1)?.seq !== lastSeq) {
      throw this.#unsound(segment, firstSeq, 'a block ends with another entry');
    }
    this.#opened += count;
  }

  async #closed(block: BlockFrame, destroyed: boolean): Promise<void> {
    const tenant = this.#tenantOf(block.keyId);
    if (tenant === null) {
      const message = 'the tenant of this key has no log';
      const file = 'logs/integrated.json';
      throw new LogFault({ kind: 'missing', tenant, file, seq: block.firstSeq, message });
    }
    const check = this.#checkOf(tenant, block.firstSeq);
    const { beyond } = check;
    await check.addClosed(block);
    if (check.beyond > beyond) this.#requireSigned(check, block.lastSeq);
    if (destroyed) this.#erased += block.count;
  }

  #requireSigned(check: LogCheck, seq: number): void {
    if (seq <= this.#requiredSeq) throw check.missing(seq);
  }

  #checkOf(tenant: string, seq: number): LogCheck {
    const known = this.#checks.get(tenant);
    if (known) return known;
    if (seq <= this.#requiredSeq) {
      const message = 'the log of this tenant is not there';
      const file = logFile(tenant, 'checkpoint');
      throw new LogFault({ kind: 'missing', tenant, file, seq, message });
    }
    const directory = new LogDirectory(this.#options.files, this.#options.directory);
    const check = new LogCheck({ directory, tenant, stored: null, edge: null, kept: [] });
    this.#checks.set(tenant, check);
    this.#tenants.set(tenantHash(tenant), tenant);
    return check;
  }

  #tenantOf(keyId: string): string | null {
    const name = this.#options.keys.nameOf(keyId);
    return (name && this.#tenants.get(name.tenant)) ?? null;
  }

  #unsound(segment: string, seq: number, message: string): LogFault {
    return new LogFault({ kind: 'altered', tenant: null, file: `wal/${segment}`, seq, message });
  }
}

/** Null where one of them is no entry, or they are not in order. */
function headsOf(texts: readonly Buffer[]): readonly EntryHead[] | null {
  const heads: EntryHead[] = [];
  let before = 0;
  for (const text of texts) {
    const head = parseEntryHead(text);
    if (head === null || head.seq <= before) return null;
    before = head.seq;
    heads.push(head);
  }
  return heads;
}

async function readIntegrated(logs: LogDirectory) {
  const bytes = await logs.readIntegratedBytes();
  if (bytes === null) return { seq: 0, tenants: [] };
  const { seq, tenants } = readCheckedLine(bytes) ?? {};
  if (typeof seq !== 'number' || !Array.isArray(tenants)) {
    const message = 'the list of logs is not as it was written';
    const file = 'logs/integrated.json';
    throw new LogFault({ kind: 'altered', tenant: null, file, seq: null, message });
  }
  return { seq, tenants: tenants.map(String) };
}

async function readEdge(logs: LogDirectory, tenant: string) {
  const bytes = await logs.readEdgeBytes(tenant);
  const fault = (kind: 'altered' | 'missing', message: string) =>
    new LogFault({ kind, tenant, file: logFile(tenant, 'edge.json'), seq: null, message });
  if (bytes === null) throw fault('missing', 'the edge that a restart goes on from is gone');
  const text = bytes.toString('utf8');
  const size = Number(/^\{"seq":\d+,"size":(\d+),/.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(size)) throw fault('altered', 'the edge is not as it was written');
  return { size, text };
}

function keptHead(
  file: string,
  text: string,
  tenants: readonly string[],
  trust: CheckpointTrust,
): KeptHead & { readonly tenant: string } {
  const origin = text.slice(0, text.indexOf('\n'));
  const tenant = tenants.find((each) => trust.originOf(each) === origin);
  if (tenant === undefined) {
    const message = 'the checkpoint kept is of a log that is not here';
    throw new LogFault({ kind: 'missing', tenant: null, file, seq: null, message });
  }
  return { tenant, file, head: readCheckpoint(text, { ...trust, tenant, file }) };
}
