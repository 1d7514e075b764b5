import { hash } from 'node:crypto';
import { zipSync } from 'fflate';
import { TripcoilError } from '../core/errors.ts';
import type { CommittedEntry, Evidence, ProvenEntries } from '../ports/evidence.ts';
import type { ExportOrder } from '../ports/exports.ts';
import {
  type BundleIndex,
  checkpointFile,
  INDEX,
  logKeyFile,
  MANIFEST,
  MANIFEST_HEADER,
  proofFile,
  READABLE,
  readableLine,
  SIGNING_KEY,
  saltedFile,
} from './check/layout.ts';
import { CHECK_SCRIPT } from './check-script.ts';
import { readmeOf } from './readme.ts';

/** What a bundle is made of. */
export interface BundleParts {
  readonly order: ExportOrder;
  readonly entries: readonly CommittedEntry[];
  readonly read: BundleIndex['read'];
  readonly evidence: Evidence;
  readonly madeAt: number;
  readonly software: string;
  /** The verifier page; null where it was not built. */
  readonly page: Uint8Array | null;
}

/**
 * One zip file with which a stranger can check every entry: texts and salts, proofs, checkpoints,
 * keys, how to check it, and a signed list of it all.
 */
export async function bundleOf(parts: BundleParts): Promise<Uint8Array> {
  const files = await filesOf(parts);
  const manifest = [...files].map(([path, bytes]) => `${hash('sha256', bytes, 'hex')}  ${path}\n`);
  const { note } = parts.evidence.sign(`${MANIFEST_HEADER}\n${manifest.join('')}`);
  // One time for all: the same content is the same file.
  const mtime = new Date(Math.max(parts.madeAt, EARLIEST));
  const zipped: Record<string, Uint8Array> = { [MANIFEST]: Buffer.from(note) };
  for (const [path, bytes] of files) zipped[path] = bytes;
  return zipSync(zipped, { mtime, level: 6 });
}

/** What the clock of a zip file begins with. */
const EARLIEST = Date.UTC(1980, 0, 2);

async function filesOf(parts: BundleParts): Promise<ReadonlyMap<string, Uint8Array>> {
  const { entries, evidence, page } = parts;
  const tenants = [...new Set(entries.map(({ tenant }) => tenant))];
  const proven: ProvenEntries[] = [];
  for (const tenant of tenants) proven.push(await provenIn(evidence, tenant, entries));
  const files = new Map<string, Uint8Array>();
  const put = (path: string, text: string): void => void files.set(path, Buffer.from(text));
  for (const [log, { verifierKey, checkpoint }] of proven.entries()) {
    put(checkpointFile(log), checkpoint);
    put(logKeyFile(log), `${verifierKey}\n`);
  }
  const readable: string[] = [];
  for (const entry of entries) {
    const proof = proven[tenants.indexOf(entry.tenant)]?.proofs.get(entry.seq) ?? '';
    files.set(saltedFile(entry.seq), entry.salted);
    put(proofFile(entry.seq), proof);
    readable.push(`${readableLine(entry)}\n`);
  }
  put(READABLE, readable.join(''));
  const { verifierKey } = evidence.sign('');
  put(SIGNING_KEY, `${verifierKey}\n`);
  put('public-key.pem', pemOf(verifierKey));
  put('check.py', CHECK_SCRIPT);
  if (page) files.set('verify.html', page);
  const index = indexOf(parts, tenants, proven, files);
  put('README.txt', readmeOf(index, { page: page !== null }));
  put(INDEX, `${JSON.stringify(index, null, 1)}\n`);
  return new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function provenIn(
  evidence: Evidence,
  tenant: string,
  entries: readonly CommittedEntry[],
): Promise<ProvenEntries> {
  const seqs = entries.filter((entry) => entry.tenant === tenant).map(({ seq }) => seq);
  const proven = await evidence.prove(tenant, seqs);
  if (proven === null || proven.proofs.size < seqs.length) {
    const message = 'the transparency log does not hold all of these entries yet';
    throw new TripcoilError('storage_unavailable', message, { retryable: true });
  }
  return proven;
}

function indexOf(
  { order, entries, read, madeAt, software }: BundleParts,
  tenants: readonly string[],
  proven: readonly ProvenEntries[],
  files: ReadonlyMap<string, Uint8Array>,
): BundleIndex {
  return {
    ...{ format: 'tripcoil-evidence-bundle', version: 1 },
    ...{ made_at: new Date(madeAt).toISOString(), software },
    ...{ asked: order.asked, actor: order.actor, reason: order.reason, read },
    logs: tenants.map((tenant, log) => ({ tenant, origin: proven[log]?.origin ?? '' })),
    entries: entries.map(({ seq, tenant, kind, loggedAt }) => ({
      ...{ seq, log: tenants.indexOf(tenant), kind },
      logged_at: new Date(loggedAt).toISOString(),
    })),
    files: [...files].map(([path, bytes]) => ({ path, bytes: bytes.length })),
  };
}

/** The verifier key as OpenSSL reads it: SPKI around the 32 bytes of RFC 8032. */
function pemOf(verifierKey: string): string {
  const material = Buffer.from(verifierKey.split('+').slice(2).join('+'), 'base64');
  const spki = Buffer.concat([SPKI_PREFIX, material.subarray(1)]);
  return `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
