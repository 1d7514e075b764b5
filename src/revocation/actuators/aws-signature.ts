import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region: string;
  readonly service: string;
}

interface AwsRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The headers of a request with those of AWS Signature Version 4 (AWS General Reference, "Create a
 * signed AWS API request"). Paths are taken as they are, so that it serves plain paths alone.
 */
export function awsSignedHeaders(
  { method, url, headers, body }: AwsRequest,
  credentials: AwsCredentials,
  nowMs: number,
): Readonly<Record<string, string>> {
  const at = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = at.slice(0, 8);
  const { accessKeyId, secretAccessKey, sessionToken, region, service } = credentials;
  const all: Record<string, string> = { ...headers, host: url.host, 'x-amz-date': at };
  if (sessionToken !== null) all['x-amz-security-token'] = sessionToken;
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    url.pathname,
    queryOf(url),
    ...names.map((name) => `${name}:${(all[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    hex(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', at, scope, hex(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (previous, word) => hmac(previous, word),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const signature = hmac(key, toSign).toString('hex');
  const authorization = [
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${signature}`,
  ].join(', ');
  return { ...all, authorization };
}

function queryOf(url: URL): string {
  const encode = (word: string) =>
    encodeURIComponent(word).replace(
      /[!'()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
