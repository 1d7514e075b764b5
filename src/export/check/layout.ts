/** First line of a manifest; behind it one line a file, as `sha256sum` writes them. */
export const MANIFEST_HEADER = 'tripcoil.dev/evidence-bundle@v1';

/** Names of the files in a bundle. All others are named in `bundle.json`. */
export const MANIFEST = 'manifest.txt';
export const INDEX = 'bundle.json';
export const SIGNING_KEY = 'signing-key.txt';
export const READABLE = 'entries.jsonl';

export function saltedFile(seq: number): string {
  return `entries/${seq}.salted`;
}

export function proofFile(seq: number): string {
  return `proofs/${seq}.tlog-proof`;
}

export function checkpointFile(log: number): string {
  return `logs/${log}/checkpoint.txt`;
}

export function logKeyFile(log: number): string {
  return `logs/${log}/verifier-key.txt`;
}

/** What files of a bundle may be called: relative, and harmless to whoever unpacks it. */
export const BUNDLE_PATH = /^(?!.*\.\.)[A-Za-z0-9][\w./-]{0,99}$/;

/** `bundle.json`: what was asked for and what is there. Times are RFC 3339. */
export interface BundleIndex {
  readonly format: 'tripcoil-evidence-bundle';
  readonly version: 1;
  readonly made_at: string;
  readonly software: string;
  readonly asked: Readonly<Record<string, string>>;
  readonly actor: string;
  readonly reason: string;
  /** The part of the ledger that was read for it. */
  readonly read: { readonly from_seq: number; readonly to_seq: number };
  readonly logs: readonly { readonly tenant: string; readonly origin: string }[];
  readonly entries: readonly BundleEntry[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export interface BundleEntry {
  readonly seq: number;
  /** Place in `logs`. */
  readonly log: number;
  readonly kind: string;
  readonly logged_at: string;
}

/** A line of `entries.jsonl`: an entry for reading; what is proven is its salted file. */
export function readableLine(entry: {
  readonly seq: number;
  readonly loggedAt: number;
  readonly kind: string;
  readonly tenant: string;
  readonly engineVersion: number;
  readonly body: string;
}): string {
  const { seq, loggedAt, kind, tenant, engineVersion, body } = entry;
  const time = new Date(loggedAt).toISOString();
  const head = { seq, logged_at: time, kind, tenant, engine_version: engineVersion };
  return `${JSON.stringify(head).slice(0, -1)},"body":${body}}`;
}
