import { LIMITS } from '../../core/limits.ts';
import type { Post } from '../guarded-post.ts';

/** Reads a secret by its reference, anew for each use, so that a rotated one is taken at once. */
export type Credentials = (reference: string, signal: AbortSignal) => Promise<string>;

export interface CredentialsOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rejects where the file cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
  /** A Vault or OpenBao with a KV engine of version 2, for references that begin with `vault:`. */
  readonly vault?: {
    readonly address: string;
    /** A reference too. */
    readonly token: string;
    readonly request: Post;
  };
}

const REFERENCE = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|vault:[^#]+#[^#]+)$/;

/** What is wrong with a reference to a secret, in words that do not repeat it; null if nothing. */
export function referenceProblem(reference: string): string | null {
  if (REFERENCE.test(reference)) return null;
  return 'must be a reference: env:NAME, file:/path or vault:mount/data/path#field';
}

/** Resolves `env:NAME`, `file:/path` (its text without the end of line) and `vault:path#field`. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const read: Credentials = async (reference, signal) => {
    const colon = reference.indexOf(':');
    const argument = reference.slice(colon + 1);
    switch (reference.slice(0, colon)) {
      case 'env':
        return present(options.environment[argument]);
      case 'file': {
        const text = present(await options.readFile(argument).catch(() => undefined));
        if (text.length > LIMITS.credentialBytes) throw new Error('credential_too_long');
        return present(text.trimEnd());
      }
      case 'vault':
        return readVault(argument, signal);
      default:
        throw new Error('credential_reference');
    }
  };
  const readVault = async (argument: string, signal: AbortSignal): Promise<string> => {
    if (!options.vault) throw new Error('credential_missing');
    const { address, token, request } = options.vault;
    const [path = '', field = ''] = argument.split('#');
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const answer = await request({
      method: 'GET',
      url: new URL(`${address.replace(/\/+$/, '')}/v1/${encoded}`),
      headers: { 'x-vault-token': await read(token, signal) },
      body: '',
      signal,
      answerBytes: LIMITS.credentialBytes,
    });
    if (answer.status !== 200) throw new Error('credential_missing');
    const { data } = JSON.parse(answer.text) as { data?: { data?: Record<string, unknown> } };
    const value = data?.data?.[field];
    return present(typeof value === 'string' ? value : undefined);
  };
  return read;
}

function present(text: string | undefined): string {
  if (text === undefined || text === '') throw new Error('credential_missing');
  return text;
}
