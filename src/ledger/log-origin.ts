import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Log } from '../ports/log.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** What a name of signed notes may be made of: neither spaces nor `+`. */
const ORIGIN = /^[\w.:/~%-]{1,200}$/;

/**
 * The name of this deployment's logs. Chosen once: proofs name it, so that it must not change when
 * the address does. `wanted` is a host name, and a path if need be; without one a name is drawn.
 */
export async function readOrigin(options: {
  readonly files: LedgerFiles;
  readonly directory: string;
  readonly wanted: string | null;
  readonly log: Log;
}): Promise<string> {
  const { files, directory, log } = options;
  const wanted = options.wanted?.replace(/^https?:\/\//, '').replace(/\/+$/, '') ?? null;
  const path = join(directory, 'origin');
  const known = (await files.readSmall(path))?.toString('utf8').trim();
  if (known !== undefined) {
    if (wanted !== null && wanted !== known) {
      log.warn('the transparency logs keep the origin they began with', { origin: known });
    }
    return known;
  }
  const drawn = `tripcoil.local/${randomBytes(8).toString('hex')}`;
  const origin = wanted !== null && ORIGIN.test(wanted) ? wanted : drawn;
  await files.makeDirectory(directory);
  await files.replace(path, Buffer.from(`${origin}\n`));
  return origin;
}

/** The origin line of one tenant's log. */
export function originOf(base: string, tenant: string): string {
  return `${base}/t/${encodeURIComponent(tenant.toWellFormed())}/log`;
}
