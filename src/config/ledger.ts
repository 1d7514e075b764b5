import * as z from 'zod';

const SECRET = /^\s*(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)\s*$/;

export const LEDGER_SCHEMA = z.strictObject({
  master_key: z
    .strictObject({
      secret: z
        .string()
        .regex(SECRET, 'must be 32 bytes, as 64 hex digits or in base64')
        .optional()
        .describe(`The key itself, as \${env:NAME} or \${file:/run/secrets/master}.`),
      command: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('A program that wraps and unwraps data keys; see docs/retention.md.'),
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('A service that does the same by POST; https, or http on this machine.'),
      authorization: z
        .string()
        .min(1)
        .optional()
        .describe(`Value of its Authorization header; better \${env:NAME} than in plain.`),
    })
    .refine((key) => [key.secret, key.command, key.url].filter((way) => way).length <= 1, {
      message: 'takes one of `secret`, `command` and `url`',
    })
    .prefault({})
    .describe('What wraps the data keys. Default: a key in `keys/ledger-master.key`.'),
});

/** Where the key is that wraps data keys; `file` is our own, which is made when absent. */
export type MasterKeyConfig =
  | { readonly kind: 'file' }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'command'; readonly command: readonly string[] }
  | { readonly kind: 'http'; readonly url: string; readonly authorization: string | null };

export function masterKeyOf({ master_key: key }: z.infer<typeof LEDGER_SCHEMA>): MasterKeyConfig {
  const { secret, command, url, authorization = null } = key;
  if (secret !== undefined) return { kind: 'secret', secret };
  if (command !== undefined) return { kind: 'command', command };
  if (url !== undefined) return { kind: 'http', url, authorization };
  return { kind: 'file' };
}
