import { hash } from 'node:crypto';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommittedEntry, Evidence } from '../ports/evidence.ts';
import type { ExportedFile, ExportOrder, Exports } from '../ports/exports.ts';
import { bundleOf } from './bundle.ts';
import { csvOf } from './csv.ts';
import { exportedEntry } from './exported-entry.ts';
import { ocsfOf } from './ocsf.ts';
import { Selection } from './selection.ts';
import { stixOf } from './stix.ts';

export interface ExporterOptions {
  readonly evidence: Evidence;
  readonly clock: Clock;
  readonly software: string;
  /** The built verifier page; null where it was not built. */
  readonly readPage: () => Promise<Uint8Array | null>;
  /** Makes words fit to be recorded and told to strangers. */
  readonly redactText: (tenant: string, text: string) => string;
  /** Resolves once it stands in the ledger. */
  readonly record: (tenant: string, body: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Takes evidence out of the ledger; who took what is in the ledger before it is handed over. */
export function createExports(options: ExporterOptions): Exports {
  let underWay = 0;
  return {
    async run(given) {
      if (underWay >= LIMITS.exportsAtOnce) {
        throw new TripcoilError('overloaded', 'too many exports are made', { retryable: true });
      }
      underWay += 1;
      try {
        return await exported(options, redacted(options, given));
      } finally {
        underWay -= 1;
      }
    },
  };
}

/** What the export says of itself passes the redactor like everything else. */
function redacted({ redactText }: ExporterOptions, order: ExportOrder): ExportOrder {
  const [tenant = ''] = order.tenants;
  const words = (text: string): string => redactText(tenant, text);
  return { ...order, actor: words(order.actor), reason: words(order.reason) };
}

async function exported(options: ExporterOptions, order: ExportOrder): Promise<ExportedFile> {
  const { entries, read } = await gathered(options.evidence, order);
  if (entries.length === 0) throw new TripcoilError('not_found', 'there is nothing to export');
  const file = await fileOf(options, order, entries, read);
  for (const tenant of new Set(entries.map((entry) => entry.tenant))) {
    const own = entries.filter((entry) => entry.tenant === tenant);
    await options.record(tenant, {
      ...{ type: 'export', format: order.format, actor: order.actor, reason: order.reason },
      ...{ asked: order.asked, entries: own.length, first: own[0]?.seq, last: own.at(-1)?.seq },
      sha256: hash('sha256', file.bytes, 'hex'),
    });
  }
  return file;
}

async function fileOf(
  { evidence, clock, software, readPage }: ExporterOptions,
  order: ExportOrder,
  entries: readonly CommittedEntry[],
  read: { readonly from_seq: number; readonly to_seq: number },
): Promise<ExportedFile> {
  const madeAt = clock.now();
  const stamp = new Date(madeAt).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const name = (suffix: string): string => `tripcoil-evidence-${stamp}${suffix}`;
  const count = entries.length;
  const text = (suffix: string, contentType: string, content: string): ExportedFile => ({
    ...{ name: name(suffix), contentType, entries: count, bytes: Buffer.from(content) },
  });
  switch (order.format) {
    case 'bundle': {
      const page = await readPage();
      const parts = { order, entries, read, evidence, madeAt, software, page };
      const bytes = await bundleOf(parts);
      return { name: name('.zip'), contentType: 'application/zip', bytes, entries: count };
    }
    case 'csv':
      return text('.csv', 'text/csv; charset=utf-8', csvOf(entries.map(exportedEntry)));
    case 'ocsf': {
      const lines = ocsfOf(entries.map(exportedEntry), software);
      return text('.ocsf.jsonl', 'application/x-ndjson', lines);
    }
    case 'stix': {
      const title = Object.entries(order.asked).map(([key, value]) => `${key} ${value}`);
      const subject = { title: title.join(', '), madeAt, software };
      const content = stixOf(entries.map(exportedEntry), subject);
      return text('.stix.json', 'application/stix+json;version=2.1', content);
    }
  }
}

/** Reads the span of the ledger that may hold what was asked for, and what became of it. */
async function gathered(evidence: Evidence, order: ExportOrder) {
  const span = await spanOf(evidence, order);
  const selection = new Selection(order);
  const entries: CommittedEntry[] = [];
  let chars = 0;
  let lastTaken: CommittedEntry | null = null;
  let to = span.from - 1;
  for await (const batch of evidence.read(span.from, span.to)) {
    for (const entry of batch) {
      to = entry.seq;
      if (isPast(order, entry, lastTaken, span)) {
        return { entries, read: { from_seq: span.from, to_seq: to } };
      }
      if (!selection.takes(entry)) continue;
      lastTaken = entry;
      entries.push(entry);
      chars += entry.salted.length;
      if (entries.length > LIMITS.exportEntries || chars > LIMITS.exportBytes) throw tooMuch();
    }
    // Others get their turn between the parts of a long reading.
    await new Promise<void>((resolve) => setImmediate(() => resolve()));
  }
  return { entries, read: { from_seq: span.from, to_seq: Math.max(to, span.from) } };
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** Sequence of the last input that was asked for. */
  readonly lastInput: number;
}

async function spanOf(evidence: Evidence, { subject, tenants }: ExportOrder): Promise<Span> {
  const to = evidence.headSeq();
  if (subject.type === 'inputs') {
    const from = subject.seqs.reduce((least, seq) => Math.min(least, seq), to);
    const lastInput = subject.seqs.reduce((most, seq) => Math.max(most, seq), 0);
    return { from: Math.max(1, from), to, lastInput };
  }
  const [tenant = ''] = tenants;
  const from = await evidence.firstSince(tenant, subject.since);
  return { from: from ?? to + 1, to, lastInput: 0 };
}

/** What becomes of a decision is followed for an hour of log time behind the last thing taken. */
function isPast(
  { subject }: ExportOrder,
  { seq, loggedAt }: CommittedEntry,
  lastTaken: CommittedEntry | null,
  { from, lastInput }: Span,
): boolean {
  if (seq - Math.max(from, lastInput) > LIMITS.exportScanEntries) {
    if (subject.type === 'agent') throw tooMuch();
    return true;
  }
  const end = subject.type === 'agent' ? subject.until : 0;
  const last = Math.max(end, lastTaken?.loggedAt ?? loggedAt);
  return seq > lastInput && loggedAt > last + LIMITS.exportFollowMs;
}

function tooMuch(): TripcoilError {
  const message = `this is more than one export takes (${LIMITS.exportEntries} entries): narrow it`;
  return new TripcoilError('payload_too_large', message);
}
