import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenConfig } from '../config/load.ts';
import type { Role } from '../ports/ingest.ts';

/** A credential the process made for this machine, readable by its owner alone. */
export interface LocalCredential {
  readonly name: string;
  readonly path: string;
  readonly token: string;
  readonly config: TokenConfig;
}

/** Tenant of everything sent with the local credentials. */
export const LOCAL_TENANT = 'default';

const LOCAL: readonly (readonly [name: string, role: Role, tenants: readonly string[] | '*'])[] = [
  ['local-ingest', 'ingest', [LOCAL_TENANT]],
  ['local-broker', 'broker', [LOCAL_TENANT]],
  ['local-operator', 'operator', '*'],
];

const TOKEN_BYTES = 32;

/**
 * The credentials of a first start: one to send, one to subscribe, one to operate. Kept in the
 * data directory, so that the CLI on the same machine finds them; made once.
 */
export async function localCredentials(dataDirectory: string): Promise<readonly LocalCredential[]> {
  const directory = join(dataDirectory, 'credentials');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return Promise.all(
    LOCAL.map(async ([name, role, tenants]) => {
      const path = join(directory, `${name}.token`);
      const token = await readOrCreate(path);
      const sha256 = createHash('sha256').update(token).digest('hex');
      const roles: readonly Role[] = role === 'operator' ? ['operator', 'viewer'] : [role];
      return {
        name,
        path,
        token,
        config: { name, sha256, roles, tenants, trust: 'broker' as const },
      };
    }),
  );
}

/** The token file of one role, for commands run beside the daemon. Null when there is none. */
export async function readLocalToken(
  dataDirectory: string,
  name: 'local-ingest' | 'local-broker' | 'local-operator',
): Promise<string | null> {
  const path = join(dataDirectory, 'credentials', `${name}.token`);
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
}

async function readOrCreate(path: string): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    await writeFile(path, `${token}\n`, { flag: 'wx', mode: 0o600 });
    return token;
  } catch {
    return (await readFile(path, 'utf8')).trim();
  }
}
