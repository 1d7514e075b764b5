import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuthenticationBody } from '../../src/api/authentication-body.ts';
import type { PageBody } from '../../src/api/contract.ts';
import { ask } from './http.ts';
import { call, eventually } from './served-daemon.ts';
import { Site } from './site.ts';

let site: Site;
beforeAll(async () => {
  site = await Site.open();
}, 60_000);
afterAll(() => site?.close());

it('lists the credential that was refused, once a restart has written it', async () => {
  const refused = await ask(`${site.daemon.main}/v1/agents`, { token: 'nobody-knows-this-one' });
  expect(refused.status).toBe(401);
  await site.daemon.stop();
  await site.start();
  const operator = await site.daemon.token('local-operator');
  const path = '/v1/authentications?tenant=_system&outcome=denied';
  const { body } = await eventually(
    () => call<PageBody<AuthenticationBody>>(site.daemon, operator, 'GET', path),
    ({ status, body: page }) => status === 200 && page.items.length > 0,
  );
  expect(body.items).toMatchObject([
    { agent: 'unauthenticated', error_type: 'unknown_token', count: 1, action: 'authenticate' },
  ]);
}, 60_000);
