import { hash } from 'node:crypto';
import { LIMITS } from '../core/limits.ts';

/**
 * An identifier no longer than `LIMITS.identifierChars`. A longer one is cut with 16 hex digits of
 * its SHA-256 behind, so that two that differ stay two.
 */
export function boundedId(id: string): string {
  if (id.length <= LIMITS.identifierChars) return id;
  const digest = hash('sha256', id).slice(0, 16);
  // The cut may go through a pair of surrogates.
  return `${id.slice(0, LIMITS.identifierChars - digest.length - 1).toWellFormed()}~${digest}`;
}
