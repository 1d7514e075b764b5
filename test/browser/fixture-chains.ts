import type { ChainSummaryBody } from '../../src/api/contract.ts';
import { FIXTURE_CHAIN } from './fixture-findings.ts';

/** A few requests: one complete, one with what should not be, one that is still going on. */
export function fixtureChains(now: number): readonly ChainSummaryBody[] {
  const at = (ms: number): string => new Date(now - ms).toISOString();
  const chain = (own: Partial<ChainSummaryBody>): ChainSummaryBody => ({
    id: FIXTURE_CHAIN,
    tenant: 'globex',
    agents: ['invoice-bot'],
    principal: 'tok_alice_7Qx2',
    started_at: at(42_000),
    ended_at: at(40_600),
    steps: 6,
    actions: ['search_accounts', 'send_email'],
    executions: 2,
    verdicts: ['allow'],
    gaps: [],
    pending: 0,
    truncated: false,
    ...own,
  });
  return [
    chain({ agents: ['crm-summarizer', 'invoice-bot'], gaps: ['execution_without_decision'] }),
    chain({
      ...{ id: 'txn-7f31aa02c4', tenant: 'acme', agents: ['lead-enricher'], principal: null },
      ...{ started_at: at(95_000), ended_at: at(94_200), steps: 3, actions: ['enrich_lead'] },
      ...{ executions: 1, pending: 1 },
    }),
    chain({
      ...{ id: 'session:s-440', agents: ['ticket-triage'], verdicts: ['deny'], executions: 1 },
      ...{ started_at: at(260_000), ended_at: at(251_000), actions: ['close_ticket'] },
      ...{ gaps: ['execution_after_deny', 'outcome_missing'] },
    }),
    chain({
      ...{ id: 'event:8f00b204e9800998:evt-1', agents: ['mail-sorter'], verdicts: [], steps: 1 },
      ...{ started_at: at(900_000), ended_at: at(900_000), actions: [], executions: 0 },
    }),
    chain({
      ...{ id: '9b2f60c1d4e84e0c8b1f0d6f5e7a3c21', tenant: 'acme', agents: ['report-writer'] },
      ...{ started_at: at(2_400_000), ended_at: at(2_388_000), steps: 400, truncated: true },
      ...{ actions: ['read_table', 'summarize', 'write_report'], executions: 188 },
    }),
  ];
}
