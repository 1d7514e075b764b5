import { createHmac } from 'node:crypto';

/**
 * Headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` in base64, version `v1`.
 * The secret is base64, with or without `whsec_` before it.
 */
export function webhookHeaders(
  { id, body }: { readonly id: string; readonly body: string },
  nowMs: number,
  secret: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
