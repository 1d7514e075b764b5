import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf } from '../../src/revocation/actuators/testing/orders.ts';
import { targetActuator } from './target-actuator.ts';

const CLIENT = { client_id: 'broker', client_secret: 'a secret of the broker' };

/** As much of the package, which brings no types, as is used here. */
interface Package {
  readonly default: new (issuer: string, configuration: object) => { callback(): RequestListener };
}

/** Named apart, so that nobody looks for types. */
const PACKAGE: string = 'oidc-provider';

/** oidc-provider, a certified OpenID provider, as the authorization server that agents use. */
describe('a real authorization server', () => {
  let server: Server;
  let base: string;

  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', await serving(base));
  });

  afterAll(() => void server.close());

  const endpoints = () => ({
    revocation_endpoint: `${base}/token/revocation`,
    introspection_endpoint: `${base}/token/introspection`,
    client_id: CLIENT.client_id,
    client_secret: 'env:SECRET',
  });

  it('revokes one opaque token (RFC 7009), as introspection shows', async () => {
    const actuator = targetActuator('oauth-token', endpoints(), { SECRET: CLIENT.client_secret });
    const [token, other] = [await issue(base), await issue(base)];
    expect(await actuator.observe(orderOf(), token)).toBe('active');
    expect(await actuator.freeze(orderOf(), token)).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), token)).toBe('frozen');
    expect(await actuator.observe(orderOf(), other)).toBe('active');
    expect(await actuator.freeze(orderOf(), token)).toMatchObject({ status: 'done' });
  });

  it('revokes the token that is kept for an agent', async () => {
    const environment = { SECRET: CLIENT.client_secret, KEPT: await issue(base) };
    const parameters = { ...endpoints(), token: 'env:KEPT' };
    const actuator = targetActuator('oauth-grant', parameters, environment);
    expect(await actuator.freeze(orderOf(), 'invoice-bot')).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), 'invoice-bot')).toBe('frozen');
  });

  it('is refused with a wrong secret, and tries again later', async () => {
    const actuator = targetActuator('oauth-token', endpoints(), { SECRET: 'wrong' });
    const receipt = await actuator.freeze(orderOf(), await issue(base));
    expect(receipt).toMatchObject({ status: 'retry', detail: 'status_401' });
  });

  it('deletes the registration of an agent, which then gets no token', async () => {
    const agent = await register(base);
    expect((await tokenFor(base, agent.client_id, agent.client_secret)).status).toBe(200);
    const parameters = { registration_endpoint: `${base}/reg`, registration_token: 'env:TOKEN' };
    const environment = { TOKEN: agent.registration_access_token };
    const actuator = targetActuator('oauth-registration', parameters, environment);
    expect(await actuator.freeze(orderOf(), agent.client_id)).toMatchObject({ status: 'done' });
    expect((await tokenFor(base, agent.client_id, agent.client_secret)).status).toBe(401);
  });
});

async function serving(issuer: string): Promise<RequestListener> {
  const { default: Provider } = (await import(PACKAGE)) as Package;
  const provider = new Provider(issuer, {
    clients: [
      { ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      registration: { enabled: true },
      registrationManagement: { enabled: true },
      devInteractions: { enabled: false },
    },
  });
  return provider.callback();
}

function tokenFor(base: string, id: string, secret: string): Promise<Response> {
  const pair = [id, secret].map(encodeURIComponent).join(':');
  return fetch(`${base}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
}

async function issue(base: string): Promise<string> {
  const answer = await tokenFor(base, CLIENT.client_id, CLIENT.client_secret);
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function register(base: string) {
  const answer = await fetch(`${base}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
      token_endpoint_auth_method: 'client_secret_basic',
    }),
  });
  return (await answer.json()) as {
    readonly client_id: string;
    readonly client_secret: string;
    readonly registration_access_token: string;
  };
}
