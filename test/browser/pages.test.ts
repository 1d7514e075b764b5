import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from './browser.ts';
import { FIXTURE_CHAIN } from './fixture-findings.ts';
import { type FixtureServer, type Scenario, startFixtureServer } from './fixture-server.ts';
import { type PageCase, pageChecks } from './page-checks.ts';

const OVERVIEW = '#/';
const AGENT = '#/agents/globex/invoice-bot';
const CHAIN = `#/chains/${FIXTURE_CHAIN}`;
const CHAINS = '#/chains';
const BREAKERS = '#/breakers';
const BREAKER = '#/breakers/globex/agent/invoice-bot';
const APPROVAL = '#/approvals/a812';
const FINDINGS = '#/findings';
const SOURCES = '#/sources';
const FINDING = '#/findings/globex/901-0';
const REVIEWS = '#/reviews';
const REVIEW = '#/reviews/r812';
const DETECTORS = '#/detectors';
const PRIVACY = '#/privacy';

const CASES: Readonly<Record<Scenario, readonly PageCase[]>> = {
  data: [
    { name: 'overview', hash: OVERVIEW, shows: 'supplier-onboarder' },
    { name: 'agent', hash: AGENT, shows: 'In five minutes' },
    { name: 'agent as table', hash: `${AGENT}?view=table`, shows: 'From' },
    { name: 'blind agent', hash: '#/agents/acme/lead-enricher', shows: 'resource.tenant' },
    { name: 'chain', hash: CHAIN, shows: 'Crosses from tenant globex into initech' },
    { name: 'chain gaps', hash: CHAIN, shows: 'Execution without decision' },
    { name: 'chains', hash: CHAINS, shows: 'Ran after a deny' },
    { name: 'chains filtered', hash: `${CHAINS}?gap=approval_missing`, shows: 'Clear them' },
    { name: 'breakers', hash: BREAKERS, shows: 'asked by kim (ops)' },
    { name: 'breaker', hash: BREAKER, shows: 'Ask for a reset' },
    {
      name: 'breaker on probation',
      hash: '#/breakers/globex/agent/contract-reader',
      shows: 'up to 12.5 calls a minute',
    },
    {
      name: 'breaker exempt',
      hash: '#/breakers/acme/agent/warehouse-planner',
      shows: 'End the exemption',
    },
    { name: 'approval', hash: APPROVAL, shows: 'agreed with finance' },
    { name: 'findings', hash: FINDINGS, shows: 'Held: still learning' },
    { name: 'finding', hash: FINDING, shows: 'Nobody has said yet' },
    { name: 'finding judged', hash: '#/findings/globex/455-0', shows: 'the file came late' },
    {
      name: 'findings of a detector',
      hash: `${FINDINGS}?detector=volume_spike`,
      shows: 'Show all',
    },
    { name: 'reviews', hash: REVIEWS, shows: 'only the judge doubts it' },
    { name: 'reviews decided', hash: `${REVIEWS}?show=decided`, shows: 'reasoning given' },
    { name: 'review', hash: REVIEW, shows: 'Did nothing run that was denied?' },
    { name: 'review decided', hash: '#/reviews/r402', shows: 'agreed by phone' },
    { name: 'detectors', hash: DETECTORS, shows: 'blind for 15 of 18' },
    {
      name: 'detectors in shadow',
      hash: `${DETECTORS}?show=shadow`,
      shows: 'nothing to judge yet',
    },
    { name: 'privacy', hash: PRIVACY, shows: 'action.arguments.command' },
    {
      name: 'privacy of one type',
      hash: `${PRIVACY}?type=iban`,
      shows: 'action.arguments.account',
    },
    { name: 'sources', hash: SOURCES, shows: 'agent.id: [acme.bot.id]' },
    { name: 'missing', hash: '#/nowhere', shows: 'No such page' },
  ],
  calm: [{ name: 'overview', hash: OVERVIEW, shows: 'No breaker is open' }],
  empty: [
    { name: 'overview', hash: OVERVIEW, shows: 'Nothing received yet' },
    { name: 'agent', hash: AGENT, shows: 'No such agent' },
    { name: 'chain', hash: CHAIN, shows: 'No chain by that id' },
    { name: 'chains', hash: CHAINS, shows: 'No request of the last day' },
    { name: 'breakers', hash: BREAKERS, shows: 'Nobody waits' },
    { name: 'breaker', hash: BREAKER, shows: 'Never tripped' },
    { name: 'approval', hash: APPROVAL, shows: 'No such approval' },
    { name: 'findings', hash: FINDINGS, shows: 'No detector has spoken' },
    { name: 'finding', hash: FINDING, shows: 'No such finding' },
    { name: 'reviews', hash: REVIEWS, shows: 'Nothing waits for a person' },
    { name: 'review', hash: REVIEW, shows: 'No such review' },
    { name: 'detectors', hash: DETECTORS, shows: 'No detectors' },
    { name: 'privacy', hash: PRIVACY, shows: 'No personal data met' },
    { name: 'sources', hash: SOURCES, shows: 'No event has arrived yet' },
  ],
  error: [
    { name: 'overview', hash: OVERVIEW, shows: 'Could not load: overview' },
    { name: 'agent', hash: AGENT, shows: 'Could not load: agent' },
    { name: 'chain', hash: CHAIN, shows: 'Could not load: chain' },
    { name: 'chains', hash: CHAINS, shows: 'Could not load: latest first' },
    { name: 'breakers', hash: BREAKERS, shows: 'Could not load: waiting for a second person' },
    { name: 'breaker', hash: BREAKER, shows: 'Could not load: breaker' },
    { name: 'approval', hash: APPROVAL, shows: 'Could not load: approval' },
    { name: 'findings', hash: FINDINGS, shows: 'Could not load: newest first' },
    { name: 'finding', hash: FINDING, shows: 'Could not load: finding' },
    { name: 'reviews', hash: REVIEWS, shows: 'Could not load: waiting for a person' },
    { name: 'review', hash: REVIEW, shows: 'Could not load: review' },
    { name: 'detectors', hash: DETECTORS, shows: 'Could not load: detectors and rules' },
    { name: 'privacy', hash: PRIVACY, shows: 'Could not load: by type' },
    { name: 'sources', hash: SOURCES, shows: 'Could not load: who sends' },
  ],
  slow: [
    { name: 'overview', hash: OVERVIEW, shows: 'Agents by risk' },
    { name: 'chain', hash: CHAIN, shows: 'Loading' },
    { name: 'review', hash: REVIEW, shows: 'Loading' },
    { name: 'breakers', hash: BREAKERS, shows: 'Loading' },
    { name: 'breaker', hash: BREAKER, shows: 'Loading' },
    { name: 'approval', hash: APPROVAL, shows: 'Loading' },
  ],
  locked: [{ name: 'overview', hash: OVERVIEW, shows: 'A token is needed to look' }],
};

const found = hasBrowser();

describe.skipIf(!found).each(Object.keys(CASES) as Scenario[])('every page: %s', (scenario) => {
  let browser: Browser;
  let server: FixtureServer;
  beforeAll(async () => {
    browser = await launchBrowser();
    server = await startFixtureServer(scenario);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  describe.each(CASES[scenario])('$name', (one) => {
    it.each(['light', 'dark'] as const)('is clean in %s', async (scheme) => {
      expect(await pageChecks(browser, server.baseUrl, one, { scheme })).toEqual([]);
    });

    it('fits a phone of 360 px', async () => {
      expect(await pageChecks(browser, server.baseUrl, one, { width: 360 })).toEqual([]);
    });
  });
});
