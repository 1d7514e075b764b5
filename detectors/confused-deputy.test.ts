import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import confusedDeputy from './confused-deputy.ts';

detectorConformance(confusedDeputy, { hearsDecisions: true });

describe('confused_deputy', () => {
  const acme = scenario('acme');
  const step = (agent: string, granted: readonly string[], required?: readonly string[]) =>
    acme
      .agent(agent)
      .session('s-1')
      .having({ trace: { traceId: 't-1' } })
      .scopes(granted, required);
  const begun = (scopes: readonly string[] = ['crm.read']) => {
    const run = new DetectorRun(confusedDeputy, { hearsDecisions: true });
    run.see(step('intern', scopes).reads(1));
    return run;
  };
  const deputy = step('deputy', ['crm.admin'], ['crm.admin']);

  it('is blind without scopes or without decisions', () => {
    const run = new DetectorRun(confusedDeputy);
    expect(run.blindFor(acme.agent('a').writes())).toBe('scopes.granted');
    expect(run.blindFor(deputy.writes())).toBe('decision');
    expect(begun().blindFor(deputy.writes())).toBeNull();
  });

  it('steps up when another agent does what the first was not allowed', () => {
    expect(begun().see(deputy.writes('delete_user'))[0]).toMatchObject({
      level: 'high',
      trip: { key: 'session', level: 2 },
      facts: { agent: 'deputy', tool: 'delete_user' },
    });
  });

  it('says nothing of what the origin may do itself, of reads, and of refused calls', () => {
    expect(begun(['crm.read', 'crm.admin']).see(deputy.writes())).toEqual([]);
    expect(begun().see(deputy.reads(1))).toEqual([]);
    expect(begun().see(deputy.outcome('denied').writes())).toEqual([]);
    expect(begun().see(step('intern', [], ['crm.admin']).writes())).toEqual([]);
  });

  it('takes a decision or an approval of its own for authorisation', () => {
    const allowed = deputy.having({ decision: { verdict: 'allow' } });
    expect(begun().see(allowed.writes())).toEqual([]);
    const run = begun();
    run.see(
      deputy.having({ kind: 'authz_decision', decision: { verdict: 'allow' } }).writes('pay'),
    );
    expect(run.see(deputy.writes('pay'))).toEqual([]);
    expect(run.see(deputy.writes('delete_user'))).toHaveLength(1);
    const said = begun().see(allowed.trust('agent').writes());
    expect(said).toHaveLength(1);
  });
});
