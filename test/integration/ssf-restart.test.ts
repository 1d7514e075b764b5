import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CAEP, isAbout, PUBLIC_URL, type PushReceiver, TransmitterSite } from './ssf-site.ts';

const REVOKED = `${CAEP}/session-revoked`;

let site: TransmitterSite;
let token: string;

beforeEach(async () => {
  site = await TransmitterSite.start();
  token = await site.accessToken();
});
afterEach(() => site?.close());

/** Tokens about this agent's revocation, as they were pushed. */
async function pushedAbout(receiver: PushReceiver, agent: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { body } of receiver.requests) {
    if (isAbout(await site.verified(body), REVOKED, agent)) found.push(body);
  }
  return found;
}

describe('streams over a restart', () => {
  it('are found again, and a paused one still holds what it held', async () => {
    const [live, held] = [await site.pushReceiver(), await site.pushReceiver()];
    const open = await site.create(token, live, { description: 'live' });
    const paused = await site.create(token, held, { description: 'held' });
    const stream_id = paused.body.stream_id as string;
    await site.setStatus(token, stream_id, 'paused');
    const quiet = held.requests.length;
    await site.trip('before-bot');
    const before = await live.event(REVOKED, 'before-bot');

    await site.restart();

    token = await site.accessToken();
    const { body: streams } = await site.ask('GET', '/ssf/streams', { token });
    const byId = (left: { stream_id: string }, right: { stream_id: string }) =>
      left.stream_id < right.stream_id ? -1 : 1;
    expect(streams.toSorted(byId)).toEqual([open.body, paused.body].toSorted(byId));
    const status = await site.ask('GET', `/ssf/status?stream_id=${stream_id}`, { token });
    expect(status.body).toMatchObject({ stream_id, status: 'paused' });
    await site.trip('after-bot');
    await live.event(REVOKED, 'after-bot');
    expect(held.requests).toHaveLength(quiet);

    await site.setStatus(token, stream_id, 'enabled');
    const late = await held.event(REVOKED, 'before-bot');
    await held.event(REVOKED, 'after-bot');
    expect(late['txn']).toBe(before['txn']);
    expect(late.jti).not.toBe(undefined);
  });

  it('offer a polling receiver what it has not answered', async () => {
    const stream = await site.create(token);
    await site.trip('polled-bot');
    const first = await site.poll(token, stream, { returnImmediately: false });
    const jtis = Object.keys(first.body.sets);
    expect(jtis.length).toBeGreaterThan(0);

    await site.restart();

    token = await site.accessToken();
    const again = await site.poll(token, stream, { returnImmediately: false });
    expect(Object.keys(again.body.sets)).toEqual(jtis);
  });
});

describe('a new signing key', () => {
  it('signs from then on, while the old one stays in the JWKS', async () => {
    const receiver = await site.pushReceiver();
    await site.create(token, receiver);
    await site.trip('old-key-bot');
    await receiver.event(REVOKED, 'old-key-bot');

    const operator = site.own.token('local-operator');
    const url = `${PUBLIC_URL}/v1/keys/signing/rotate`;
    const rotated = await site.ask('POST', url, { token: operator, body: { at_once: true } });
    expect(rotated.status).toBe(200);
    await site.trip('new-key-bot');
    await receiver.event(REVOKED, 'new-key-bot');

    const kidsAbout = async (agent: string) =>
      (await pushedAbout(receiver, agent)).map((set) => decodeProtectedHeader(set).kid);
    const { key_id, previous_key_id } = rotated.body;
    expect(key_id).not.toBe(previous_key_id);
    expect(new Set(await kidsAbout('old-key-bot'))).toEqual(new Set([previous_key_id]));
    expect(new Set(await kidsAbout('new-key-bot'))).toEqual(new Set([key_id]));
    const { body: jwks } = await site.ask('GET', '/jwks.json');
    const published = jwks.keys.map(({ kid }: { kid: string }) => kid);
    expect(published).toEqual(expect.arrayContaining([key_id, previous_key_id]));

    await site.restart();
    const { body: kept } = await site.ask('GET', '/jwks.json');
    expect(kept).toEqual(jwks);
    expect(await pushedAbout(receiver, 'old-key-bot')).not.toEqual([]);
  });
});
