import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventOf, Site } from './site.ts';

/** Who asked for the order is told; personal data in its reason is not. */
const MAIL = 'ann.smith@example.com';

let site: Site;

beforeAll(async () => {
  site = await Site.open('');
}, 60_000);
afterAll(() => site?.close());

const patient = { timeout: 300_000 };

it('is merged and reset from the command line, and says so', patient, async () => {
  await site.send(['a', 'b', 'c'].map((id) => eventOf(id, 'old-bot', {})));
  await site.send([eventOf('d', 'new-bot', {})]);
  const words = ['--reason', `asked for by ${MAIL}`, '--actor', 'kim'];
  const order = (...given: readonly string[]) => site.cli('agents', ...given, ...words);
  const merged = await order('merge-baseline', 'default/new-bot', '--from', 'old-bot');
  expect(merged.code, merged.stderr).toBe(0);
  expect(merged.stderr).toContain('what was usual for old-bot is usual for default/new-bot too');
  const reset = await order('reset-baseline', 'default/old-bot', '-o', 'json');
  expect(reset.code, reset.stderr).toBe(0);
  expect(JSON.parse(reset.stdout)).toMatchObject([{ agent: 'old-bot', baseline_age_ms: 0 }]);
  const [toldOfNew] = await site.findings('new-bot');
  expect(toldOfNew).toMatchObject({ detector: 'baseline_merge', level: 'informational' });
  const [toldOfOld] = await site.findings('old-bot');
  expect(toldOfOld).toMatchObject({
    detector: 'baseline_reset',
    title: expect.stringContaining('kim'),
  });
  expect(JSON.stringify([toldOfNew, toldOfOld])).not.toContain(MAIL);
  expect((await order('reset-baseline', 'default/nobody')).code).toBe(3);
});
