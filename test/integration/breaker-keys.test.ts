import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from './served-daemon.ts';
import { Site } from './site.ts';

const KEY = 'acme/agent/4111111111111111';
/** More than one page. */
const TRIPPED = 505;

describe('breakers on the command line', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.open();
  });

  afterAll(() => site?.close());

  it('are shown and closed by a name that is recorded as a pseudonym', async () => {
    const reason = ['--reason', 'test'];
    expect((await site.cli('breakers', 'trip', KEY, ...reason)).code).toBe(0);
    const shown = await site.cli('breakers', 'show', KEY, '-o', 'json');
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject([{ phase: 'isolated', level: 4 }]);
    expect(shown.stdout).not.toContain('4111111111111111');
    expect((await site.cli('breakers', 'reset', KEY, ...reason)).code).toBe(0);
    const closed = await site.cli('breakers', 'show', KEY, '-o', 'json');
    expect(JSON.parse(closed.stdout)).toMatchObject([{ phase: 'closed' }]);
    expect((await site.cli('breakers', 'reset', KEY, ...reason)).code).toBe(3);
    expect((await site.cli('breakers', 'show', 'acme/agent/nobody')).code).toBe(3);
  });

  it('are listed to the last, over as many pages as that takes', async () => {
    const operator = await site.daemon.token('local-operator');
    const trips = Array.from({ length: TRIPPED }, async (_, n) => {
      const key = { tenant: 'acme', kind: 'agent', id: `bot-${n}` };
      const order = { key, level: 4, reason: 'test' };
      return (await call(site.daemon, operator, 'POST', '/v1/breakers/trip', order)).status;
    });
    expect(new Set(await Promise.all(trips))).toEqual(new Set([200]));
    const { stdout } = await site.cli('breakers', 'list', '-o', 'jsonl');
    expect(stdout.match(/acme\/agent\/bot-/g)).toHaveLength(TRIPPED);
  });
});
