import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exceptionLines } from './feedback.ts';

const EXCEPTION = {
  detector: 'volume_spike',
  agent: 'invoice-bot',
  owner: 'kim (operator)',
  reason: 'month end: "agreed" # with finance',
  expires: '2027-02-19',
};

describe('the exception that is offered', () => {
  it('reads back as what it is, whatever its words', () => {
    expect(parse(exceptionLines(EXCEPTION))).toEqual({ detectors: { exceptions: [EXCEPTION] } });
    for (const agent of ['yes', 'null', '007', '*', '- a', 'a: b', 'é\n\t', '1e3', 'off']) {
      const own = { ...EXCEPTION, tool: 'send', agent };
      expect(parse(exceptionLines(own), { version: '1.1' }).detectors.exceptions).toEqual([own]);
    }
  });

  it('is quoted where it must be alone', () => {
    expect(exceptionLines(EXCEPTION)).toContain('    - detector: volume_spike\n      agent: inv');
    expect(exceptionLines(EXCEPTION)).toContain('owner: "kim (operator)"');
  });
});
