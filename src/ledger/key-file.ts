import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Which key a file holds; its name says it, also when the key in it was destroyed. */
export interface KeyName {
  /** First 16 hex digits of the tenant's SHA-256. */
  readonly tenant: string;
  /** The month of log time it seals, `2026-11`. */
  readonly period: string;
  /** Rises with each rotation within a month. */
  readonly generation: number;
  readonly id: string;
}

/** A key under its master key, or the time (ms) at which it was destroyed. */
export type KeyState = { readonly wrapped: string } | DestroyedNote;

/** What stands in the place of a key; by an order to erase its tenant unless it says otherwise. */
export interface DestroyedNote {
  readonly destroyed: number;
  readonly by?: 'age';
}

const FILE = /^([0-9a-f]{16})-(\d{4}-\d{2})-(\d{4})-([0-9a-f]{16})\.key$/;
const TENANT_DIGITS = 16;
const VERSION = 1;

export function keyFileName({ tenant, period, generation, id }: KeyName): string {
  return `${tenant}-${period}-${String(generation).padStart(4, '0')}-${id}.key`;
}

/** Null for what is no key file. */
export function parseKeyFileName(file: string): KeyName | null {
  const [, tenant, period, generation, id] = FILE.exec(file) ?? [];
  if (tenant === undefined || period === undefined || id === undefined) return null;
  return { tenant, period, generation: Number(generation), id };
}

/** What stands for a tenant in the names of its keys. */
export function tenantHash(tenant: string): string {
  return hash('sha256', tenant, 'hex').slice(0, TENANT_DIGITS);
}

/** One line of JSON, with the CRC-32 of what it says. */
export function keyFileText(state: KeyState): string {
  return checkedLine({ v: VERSION, ...state });
}

/** Null for a file that is not, byte for byte, as it was written. */
export function readKeyFile(bytes: Buffer): KeyState | null {
  const line = readCheckedLine(bytes);
  if (line === null || line['v'] !== VERSION) return null;
  const { destroyed, wrapped, by } = line;
  if (typeof destroyed === 'number') return by === 'age' ? { destroyed, by } : { destroyed };
  return typeof wrapped === 'string' ? { wrapped } : null;
}

/** Small files that nothing else proves carry a checksum of themselves. */
export function checkedLine(content: { readonly [name: string]: unknown }): string {
  return `${JSON.stringify({ ...content, crc32: crc32(JSON.stringify(content)) })}\n`;
}

/** The content again; null when a byte of it is another. */
export function readCheckedLine(bytes: Buffer): { readonly [name: string]: unknown } | null {
  try {
    const { crc32: _, ...content } = JSON.parse(bytes.toString('utf8'));
    return Buffer.from(checkedLine(content)).equals(bytes) ? content : null;
  } catch {
    return null;
  }
}
