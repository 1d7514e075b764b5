import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer as it came, before anybody reads it as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export async function ask(url: string, asked: Asked = {}): Promise<Answer> {
  const { method = asked.body === undefined ? 'GET' : 'POST', token, headers, body } = asked;
  const response = await fetch(url, {
    method,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    // As bytes, so that no content type is added.
    ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}

/** Somebody else's endpoint: answers 200 to everything and keeps what it was sent. */
export interface Sink {
  readonly url: string;
  readonly bodies: readonly Buffer[];
  /** Head of each request as JSON, in the order of `bodies`. */
  readonly heads: readonly string[];
  close(): void;
}

export async function startSink(): Promise<Sink> {
  const bodies: Buffer[] = [];
  const heads: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    heads.push(JSON.stringify([request.url, request.headers]));
    bodies.push(Buffer.concat(chunks));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    heads,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The sum of a Prometheus counter over the series that have all these labels. */
export function sumOf(
  exposition: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name) continue;
    const given = match[2] ?? '';
    const fits = Object.entries(labels).every(([key, value]) =>
      given.includes(`${key}="${value}"`),
    );
    if (fits) sum += Number(match[3]);
  }
  return sum;
}

/** A stream of server-sent events that is being followed. */
export interface Followed {
  /** Everything that came so far. */
  text(): string;
  /** The data of each event of that name, as JSON. */
  events<Data>(name: string): readonly Data[];
  close(): void;
}

export function follow(
  url: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
  onChunk: (text: string) => void = () => {},
): Followed {
  let text = '';
  const request = httpRequest(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
  request.on('error', () => undefined);
  request.on('response', (response) => {
    response.setEncoding('utf8');
    response.on('error', () => undefined);
    response.on('data', (chunk: string) => {
      text += chunk;
      onChunk(chunk);
    });
  });
  request.end();
  return {
    text: () => text,
    events: <Data>(name: string) =>
      text
        .split('\n\n')
        .slice(0, -1)
        .filter((block) => block.split('\n').includes(`event: ${name}`))
        .map((block) => JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null') as Data),
    close: () => request.destroy(),
  };
}
