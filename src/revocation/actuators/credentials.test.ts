import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import type { PostRequest } from '../guarded-post.ts';
import { createCredentials, referenceProblem } from './credentials.ts';

const NEVER = new AbortController().signal;

function credentials(vaultAnswer: { status?: number; text?: string } = {}) {
  const asked: PostRequest[] = [];
  const read = createCredentials({
    environment: { TOKEN: 'from-environment', EMPTY: '', VAULT_TOKEN: 'v-token' },
    readFile: async (path) => {
      if (path === '/long') return 'x'.repeat(LIMITS.credentialBytes + 1);
      if (path === '/empty') return '\n';
      if (path !== '/run/secret') throw new Error('ENOENT');
      return '  from file \n';
    },
    vault: {
      address: 'https://vault.example:8200/',
      token: 'env:VAULT_TOKEN',
      request: async (request) => {
        asked.push(request);
        return { status: 200, retryAfter: null, text: '', ...vaultAnswer };
      },
    },
  });
  return { read: (reference: string) => read(reference, NEVER), asked };
}

describe('a credential by reference', () => {
  it('is read from the environment, and from a file without its end of line', async () => {
    const { read } = credentials();
    expect(await read('env:TOKEN')).toBe('from-environment');
    expect(await read('file:/run/secret')).toBe('  from file');
  });

  it('is read from a Vault, whose own token is a reference too', async () => {
    const text = JSON.stringify({ data: { data: { password: 'from-vault', port: 5 } } });
    const { read, asked } = credentials({ text });
    expect(await read('vault:kv/data/bots/a b#password')).toBe('from-vault');
    expect(asked[0]).toMatchObject({
      method: 'GET',
      headers: { 'x-vault-token': 'v-token' },
      body: '',
      answerBytes: LIMITS.credentialBytes,
    });
    expect(asked[0]?.url.href).toBe('https://vault.example:8200/v1/kv/data/bots/a%20b');
    // Only text is a secret, and only the field that was asked for.
    await expect(read('vault:kv/data/bots#port')).rejects.toThrow('credential_missing');
    await expect(read('vault:kv/data/bots#other')).rejects.toThrow('credential_missing');
  });

  it.each([
    ['env:NOBODY', 'credential_missing'],
    ['env:EMPTY', 'credential_missing'],
    ['file:/nowhere', 'credential_missing'],
    ['file:/empty', 'credential_missing'],
    ['file:/long', 'credential_too_long'],
    ['vault:kv/data/bots#password', 'credential_missing'],
    ['a secret itself', 'credential_reference'],
  ])('that is none is told by a code: %s', async (reference, code) => {
    const { read } = credentials({ status: 403, text: '{"errors":["s3cret"]}' });
    const refused = await read(reference).catch((error: Error) => error.message);
    expect(refused).toBe(code);
  });

  it('needs a Vault where it names one', async () => {
    const read = createCredentials({ environment: {}, readFile: async () => 'x' });
    await expect(read('vault:kv/data/bots#password', NEVER)).rejects.toThrow('credential_missing');
  });
});

describe('referenceProblem', () => {
  it.each(['env:NAME', 'file:/run/x', 'vault:kv/data/a#b'])('takes %s', (reference) => {
    expect(referenceProblem(reference)).toBeNull();
  });

  it.each(['hunter2', 'env:', 'env:1A', 'file:', 'vault:kv/data/a', 'vault:#b', 'http://x'])(
    'refuses %s, and does not repeat it',
    (reference) => {
      const problem = referenceProblem(reference);
      expect(problem).toContain('must be a reference');
      expect(problem).not.toContain(`${reference} `);
    },
  );
});
