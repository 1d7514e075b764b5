import { it } from 'vitest';
import { WALL_CLOCK } from './wall-clock.ts';

it('sleeps no longer than until the signal aborts', async () => {
  const ended = new AbortController();
  const sleeping = WALL_CLOCK.sleep(3_600_000, ended.signal);
  ended.abort();
  await sleeping;
  await WALL_CLOCK.sleep(3_600_000, AbortSignal.abort());
  await WALL_CLOCK.sleep(0);
});
