import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from './log.ts';

function logging(level: LogLevel) {
  const lines: string[] = [];
  const log = createLog({ level, destination: { write: (line) => void lines.push(line) } });
  return { log, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('log', () => {
  it('writes one JSON object a line, from its level up', () => {
    const { log, read } = logging('warn');
    log.info('not this');
    log.warn('ledger slow', { ms: 12 });
    expect(read()).toEqual([
      { level: 'warn', time: expect.stringMatching(/^2.*Z$/), ms: 12, msg: 'ledger slow' },
    ]);
  });

  it.each(['authorization', 'cookie', 'token', 'set-cookie', 'password'])('hides %s', (name) => {
    const { log, read } = logging('debug');
    log.error('odd', { [name]: 'hush-hush', nested: { [name]: 'hush-hush' } as never });
    expect(JSON.stringify(read())).not.toContain('hush-hush');
    expect(read()[0]?.[name]).toBe('[REDACTED]');
  });
});
