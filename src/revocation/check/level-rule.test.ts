import { describe, expect, it } from 'vitest';
import { LEVEL_CASES } from '../../../client/src/level-rule.cases.ts';
import { ruleOnLevel } from './level-rule.ts';

describe('ruleOnLevel', () => {
  it.each(LEVEL_CASES)('level $level, op $op, $posture, $class', (row) => {
    const { level, op, posture, class: cause, ...ruling } = row;
    expect(ruleOnLevel({ level, op, posture, class: cause })).toEqual(ruling);
  });
});
