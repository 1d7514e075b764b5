import { TripcoilError } from '../core/errors.ts';

/**
 * Turns an error of the file system into `storage_unavailable`; anything else is a bug or already
 * a TripcoilError, and passes unchanged. The message names the system's code and no path.
 */
export function asStorageError(action: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === null) return error;
  return new TripcoilError('storage_unavailable', `The ledger cannot ${action} (${code}).`, {
    retryable: true,
    cause: error,
  });
}

/** The code of a system error (`ENOSPC`), null for every other value. */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || error instanceof TripcoilError) return null;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' && Reflect.has(error, 'syscall') ? code : null;
}
