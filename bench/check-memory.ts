import { playFeed } from '../client/src/testing/played-feed.ts';
import { rounded } from './rounded.ts';

const OPEN = 100_000;
const QUESTIONS = 4_096;

/** Microseconds of one `check()` of a broker that holds 100,000 open breakers. */
export async function checkMicroseconds(rounds: number): Promise<number> {
  const breakers = Array.from({ length: OPEN }, (_, index) => ({ id: `agent-${index}`, level: 4 }));
  const { client } = playFeed(breakers);
  while (client.status().open < OPEN) await new Promise(setImmediate);
  const questions = Array.from({ length: QUESTIONS }, (_, index) => ({
    agent: `agent-${(index % 10 === 0 ? 0 : OPEN) + index}`,
    session: `session-${index}`,
    chain: `txn-${index}`,
    trace: `trace-${index}`,
    jti: `token-${index}`,
    tool: `tool-${index % 50}`,
    op: 'write',
  }));
  const ask = (times: number): number => {
    let denied = 0;
    for (let at = 0; at < times; at += 1) {
      const question = questions[at % QUESTIONS];
      if (question && !client.check(question).allow) denied += 1;
    }
    return denied;
  };
  if (ask(QUESTIONS * 4) === 0) throw new Error('nothing was denied');
  const startMs = performance.now();
  ask(rounds);
  const us = ((performance.now() - startMs) * 1_000) / rounds;
  await client.close();
  return rounded(us);
}
