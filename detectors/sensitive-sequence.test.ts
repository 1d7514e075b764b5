import { describe, expect, it } from 'vitest';
import type { Destination } from '../src/core/access-event.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { FoldRun } from '../src/engine/detect/testing/fold-run.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import sensitiveSequence from './sensitive-sequence.ts';

detectorConformance(sensitiveSequence);

const EVE: Destination = { type: 'email', value: '[email:k:eve]', group: 'evil.example' };
const PAGE: Destination = { type: 'host', value: 'news.example', group: 'news.example' };
const agent = scenario('acme').agent('bot').session('s-1');
const salaries = agent.having({
  resource: { type: 'hr', id: 'salaries', sensitivity: 'confidential' },
});
const page = agent.having({ destinations: [PAGE] });
const mail = agent.having({ destinations: [EVE] });
const run = (surroundings = {}) => new DetectorRun(sensitiveSequence, surroundings);

describe('sensitive_sequence', () => {
  it('asks for approval when sensitive data may leave to a new place', () => {
    const seen = run();
    expect(seen.see(salaries.at(0).calls('read_table'))).toEqual([]);
    const [verdict] = seen.see(mail.at(5).calls('send_email', 'write'));
    expect(verdict).toMatchObject({
      level: 'high',
      score: 60,
      title: 'send_email sends out 5 minutes after sensitive data was read',
      trip: { key: 'session', level: 2 },
      facts: { read: 'sensitive', new_destination: 'yes' },
    });
  });

  it('takes untrusted content for as much, and both for more', () => {
    const seen = run();
    seen.see(page.at(0).calls('get_page', 'read'));
    expect(seen.see(mail.at(1).calls('send_email', 'write'))[0]?.facts?.['read']).toBe('untrusted');
    const both = run();
    both.see(page.at(0).calls('get_page', 'read'));
    both.see(salaries.at(1).calls('read_table'));
    expect(both.see(mail.at(2).calls('send_email', 'write'))[0]?.score).toBe(75);
  });

  it('lets the known way out be, but notes it after sensitive data', () => {
    const seen = run();
    seen.see(mail.session('s-0').at(0).calls('send_email', 'write'));
    seen.see(page.at(1).calls('get_page', 'read'));
    expect(seen.see(mail.at(2).calls('send_email', 'write'))).toEqual([]);
    seen.see(salaries.at(3).calls('read_table'));
    const [verdict] = seen.see(mail.at(4).calls('send_email', 'write'));
    expect(verdict).toMatchObject({ level: 'medium', trip: null });
  });

  it('joins by trace and transaction where sessions differ', () => {
    const traced = { trace: { traceId: '0af7651916cd43dd8448eb211c80319c' } };
    const seen = run();
    seen.see(salaries.having(traced).at(0).calls('read_table'));
    const other = scenario('acme').agent('helper').session('s-2').having(traced);
    const out = other
      .having({ destinations: [EVE] })
      .at(1)
      .calls('send_email', 'write');
    expect(seen.see(out)).toHaveLength(1);
  });

  it('says nothing across sessions, after many hours, of what failed, and of your own', () => {
    const seen = run({ options: { own_groups: ['evil.example'] } });
    seen.see(salaries.at(0).calls('read_table'));
    expect(seen.see(mail.at(1).calls('send_email', 'write'))).toEqual([]);
    const strict = run();
    strict.see(salaries.at(0).calls('read_table'));
    expect(strict.see(mail.session('s-2').at(1).calls('send_email', 'write'))).toEqual([]);
    expect(strict.see(mail.at(13 * 60).calls('send_email', 'write'))).toEqual([]);
    const failed = mail.outcome('denied').at(2);
    expect(strict.see(failed.calls('send_email', 'write'))).toEqual([]);
    expect(strict.see(mail.at(3).calls('search_mail', 'read'))).toEqual([]);
  });

  it('lets no tenant taint the agents of another', () => {
    const fold = new FoldRun(sensitiveSequence);
    const same = { trace: { traceId: '0af7651916cd43dd8448eb211c80319c' } };
    const of = (tenant: string) => scenario(tenant).agent('bot').session('s-1').having(same);
    const read = of('globex').having({
      resource: { type: 'hr', id: 'salaries', sensitivity: 'confidential' },
      destinations: [PAGE],
    });
    const sends = (tenant: string, minute: number) =>
      of(tenant)
        .having({ destinations: [EVE], id: 'out' })
        .at(minute)
        .calls('send_email', 'write');
    fold.see(read.at(0).calls('read_table'), read.at(1).calls('get_page', 'read'));
    expect(fold.see(sends('acme', 2))).toEqual([]);
    expect(fold.see(sends('globex', 3))).toMatchObject([{ detector: 'sensitive_sequence' }]);
  });

  it('obeys what the grants file says of an action', () => {
    const inward = run({ actionFact: { match: 'send_*', outward: false } });
    inward.see(salaries.at(0).calls('read_table'));
    expect(inward.see(mail.at(1).calls('send_email', 'write'))).toEqual([]);
    const outward = run({ actionFact: { match: 'publish', op: 'write', outward: true } });
    outward.see(salaries.at(0).calls('read_table'));
    expect(outward.see(agent.on('site', 'x').at(1).calls('publish', 'write'))).toHaveLength(1);
  });

  it('names what it lacks', () => {
    expect(run().blindFor(agent.calls('send_email', 'write'))).toBe('action.arguments');
  });
});
