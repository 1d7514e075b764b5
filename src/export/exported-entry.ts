import { hash } from 'node:crypto';
import type { AccessEvent } from '../core/access-event.ts';
import type { Transition } from '../core/breaker.ts';
import type { Command } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import type { Revocation } from '../core/revocation.ts';
import type { CommittedEntry } from '../ports/evidence.ts';

/** An entry as the forms of export read it. Bodies were redacted before they were written. */
export interface ExportedEntry {
  readonly seq: number;
  readonly loggedAt: number;
  readonly tenant: string;
  readonly kind: string;
  /** SHA-256 of salt and text, in hex: what the ledger has committed to. */
  readonly commitment: string;
  readonly body: unknown;
}

export function exportedEntry(entry: CommittedEntry): ExportedEntry {
  const { seq, loggedAt, tenant, kind, salted } = entry;
  const commitment = hash('sha256', salted, 'hex');
  return { seq, loggedAt, tenant, kind, commitment, body: JSON.parse(entry.body) };
}

export function eventOf({ kind, body }: ExportedEntry): AccessEvent | null {
  return kind === 'input' ? (body as AccessEvent) : null;
}

export function findingOf({ kind, body }: ExportedEntry): Finding | null {
  return kind === 'finding' ? (body as { readonly decision: Finding }).decision : null;
}

export function transitionOf({ kind, body }: ExportedEntry): Transition | null {
  return kind === 'transition' ? (body as { readonly decision: Transition }).decision : null;
}

export function revocationOf({ kind, body }: ExportedEntry): Revocation | null {
  return kind === 'revocation' ? (body as { readonly decision: Revocation }).decision : null;
}

export function commandOf({ kind, body }: ExportedEntry): Command | null {
  return kind === 'command' ? (body as Command) : null;
}

/** The time of what happened; of everything else, when it was logged. RFC 3339. */
export function timeOf(entry: ExportedEntry): string {
  const time = (eventOf(entry) ?? findingOf(entry) ?? transitionOf(entry))?.time;
  return new Date(Math.trunc(time ?? entry.loggedAt)).toISOString();
}
