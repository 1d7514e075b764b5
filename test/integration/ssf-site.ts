import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { type OwnDaemon, startOwnDaemon } from './canary-in-process.ts';
import { createWorkplace, eventually, type Workplace } from './served-daemon.ts';

/** What the transmitter calls itself; its addresses lead to the daemon on this machine. */
export const PUBLIC_URL = 'https://transmitter.example';
export const ISSUER = `${PUBLIC_URL}/t/acme`;
export const CAEP = 'https://schemas.openid.net/secevent/caep/event-type';
export const RISC = 'https://schemas.openid.net/secevent/risc/event-type';
export const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';
export const UPDATED = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated';
const SECRET = 'a secret of sixteen characters and more';

const CLIENTS = [
  'manager',
  'other',
  'reader, scopes: [ssf.read]',
  'complex, subject_profile: complex',
  'legacy, compat: { verify_status: 200, legacy_sse: true }',
];
const HASH = createHash('sha256').update(SECRET).digest('hex');
const SETTINGS = `secret_sha256: "${HASH}", tenants: [acme], audience: "https://receiver.example"`;

const CONFIG = `public_url: ${PUBLIC_URL}
tokens:
  - { name: gateway, token: "gateway-token-of-16", roles: [broker], tenants: [acme], trust: broker }
  - { name: viewer, token: "viewer-token-of-16", roles: [viewer], tenants: [acme], trust: broker }
revocation:
  ssf:
    allow_loopback: true
    clients:
${CLIENTS.map((client) => `      - { id: ${client}, ${SETTINGS} }`).join('\n')}
`;

/** Anything that was parsed: compared, never trusted. */
export type Json = ReturnType<typeof JSON.parse>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** A daemon that transmits, as receivers know it. */
export class TransmitterSite {
  readonly workplace: Workplace;
  own: OwnDaemon;
  /** Receivers of this test file; the last test closes them. */
  readonly #receivers: PushReceiver[] = [];

  private constructor(workplace: Workplace, own: OwnDaemon) {
    this.workplace = workplace;
    this.own = own;
  }

  static async start(): Promise<TransmitterSite> {
    const workplace = await createWorkplace(CONFIG);
    return new TransmitterSite(workplace, await startOwnDaemon(workplace));
  }

  async restart(): Promise<void> {
    await this.own.daemon.close();
    this.own = await startOwnDaemon(this.workplace);
  }

  async close(): Promise<void> {
    for (const receiver of this.#receivers) receiver.close();
    await this.own.daemon.close();
    await this.workplace.remove();
  }

  /** A public address of the transmitter, on this machine. */
  local(url: string): string {
    return url.replace(PUBLIC_URL, this.own.daemon.urls.main);
  }

  async ask(
    method: string,
    url: string,
    asked: { token?: string | null; body?: unknown; raw?: string; form?: URLSearchParams } = {},
  ): Promise<HttpAnswer> {
    const { token, body, raw, form } = asked;
    const sent = form?.toString() ?? raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const path = url.startsWith('http') ? url : `${ISSUER}${url}`;
    const response = await fetch(this.local(path), {
      method,
      headers: {
        ...(sent === undefined ? {} : { 'content-type': type }),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      body: json ? JSON.parse(text) : text,
    };
  }

  /** An access token by client credentials. */
  async accessToken(client = 'manager', scope?: string): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      ...{ client_id: client, client_secret: SECRET, ...(scope && { scope }) },
    });
    return (await this.ask('POST', '/oauth/token', { form })).body.access_token as string;
  }

  /** Deletes every stream of a receiver. */
  async clear(token: string): Promise<void> {
    const { body } = await this.ask('GET', '/ssf/streams', { token });
    for (const { stream_id } of body) {
      await this.ask('DELETE', `/ssf/streams?stream_id=${stream_id}`, { token });
    }
  }

  async pushReceiver(): Promise<PushReceiver> {
    const receiver = await startPushReceiver(this);
    this.#receivers.push(receiver);
    return receiver;
  }

  /** Makes a stream; one that polls unless a receiver is given. */
  async create(token: string, receiver?: PushReceiver, more: object = {}): Promise<HttpAnswer> {
    const method = receiver ? 'urn:ietf:rfc:8935' : 'urn:ietf:rfc:8936';
    const delivery = {
      method,
      ...(receiver && { endpoint_url: receiver.url, authorization_header: 'Bearer from-receiver' }),
    };
    return this.ask('POST', '/ssf/streams', { token, body: { delivery, ...more } });
  }

  poll(token: string, stream: { body: { delivery: { endpoint_url: string } } }, body: object) {
    return this.ask('POST', stream.body.delivery.endpoint_url, { token, body });
  }

  setStatus(token: string, stream_id: string, status: string) {
    return this.ask('POST', '/ssf/status', { token, body: { stream_id, status } });
  }

  /** Trips an agent by hand; resolves when it holds. */
  async trip(agent: string, level = 4, kind = 'agent'): Promise<void> {
    const body = {
      key: { tenant: 'acme', kind, id: agent },
      ...{ level, reason: 'looks wrong', actor: 'kim' },
    };
    await this.#order('trip', body);
  }

  async reset(agent: string): Promise<void> {
    const token = this.own.token('local-operator');
    const url = `${PUBLIC_URL}/v1/breakers?tenant=acme`;
    const { body: found } = await this.ask('GET', url, { token });
    const open = found.items.find((each: { key: { id: string } }) => each.key.id === agent);
    const { key, epoch } = open;
    await this.#order('reset', { key, epoch, reason: 'all is well', actor: 'kim' });
  }

  async #order(what: string, body: object): Promise<void> {
    const token = this.own.token('local-operator');
    const answer = await this.ask('POST', `${PUBLIC_URL}/v1/breakers/${what}`, { token, body });
    if (answer.status >= 300) throw new Error(`${what}: ${JSON.stringify(answer.body)}`);
  }

  /** Verifies a token as a receiver does. */
  async verified(token: string): Promise<JWTPayload & Record<string, unknown>> {
    const { body } = await this.ask('GET', '/jwks.json');
    const keys = createLocalJWKSet(body as JSONWebKeySet);
    const options = { issuer: ISSUER, typ: 'secevent+jwt', algorithms: ['RS256'] };
    const { payload, protectedHeader } = await jwtVerify(token, keys, options);
    if (protectedHeader.kid === undefined) throw new Error('no kid');
    return payload;
  }
}

export interface PushReceiver {
  readonly url: string;
  readonly requests: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  /** Claims of verified tokens, newest last. */
  readonly claims: (JWTPayload & Record<string, Json>)[];
  /** What is answered; 202 unless set. */
  answer: { status: number; body?: string };
  /** The first token with this event about this agent, as soon as it is there. */
  event(type: string, agent?: string): Promise<JWTPayload & Record<string, Json>>;
  close(): void;
}

async function startPushReceiver(site: TransmitterSite): Promise<PushReceiver> {
  const requests: PushReceiver['requests'] = [];
  const claims: PushReceiver['claims'] = [];
  let isClosed = false;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    requests.push({ headers: request.headers, body });
    if (receiver.answer.status === 202) claims.push(await site.verified(body));
    response.writeHead(receiver.answer.status, { 'content-type': 'application/json' });
    response.end(receiver.answer.body ?? '');
  };
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      // What still arrives while the site closes has nobody to ask for keys.
      if (!isClosed) throw error;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const receiver: PushReceiver = {
    url: `http://127.0.0.1:${port}/events`,
    requests,
    claims,
    answer: { status: 202 },
    event: async (type, agent) => {
      const found = () => claims.find((each) => isAbout(each, type, agent));
      return (
        (await eventually(
          async () => found(),
          (each) => each !== undefined,
        )) ?? {}
      );
    },
    close: () => {
      isClosed = true;
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}

export function isAbout(claims: Record<string, Json>, type: string, agent?: string): boolean {
  const about = agent === undefined || JSON.stringify(claims['sub_id']).includes(`"${agent}"`);
  return type in (claims['events'] as object) && about;
}
