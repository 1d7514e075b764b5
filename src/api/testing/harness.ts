import type { FastifyInstance } from 'fastify';
import type { Approval } from '../../core/approval.ts';
import type { Transition } from '../../core/breaker.ts';
import { breakerKeyText } from '../../core/breaker.ts';
import type { Command } from '../../core/entry.ts';
import { TripcoilError } from '../../core/errors.ts';
import type { Evaluation } from '../../core/evaluation.ts';
import type { Feedback } from '../../core/feedback.ts';
import type { Finding } from '../../core/finding.ts';
import type { GrantSet } from '../../core/grant.ts';
import type { CheckAnswer, FeedDelta } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgentView, BreakerDetail, DetectorView, RiskPart } from '../../ports/engine-view.ts';
import type { EvidenceView } from '../../ports/evidence-views.ts';
import type { BusSourceView, IntakeView, SourceView } from '../../ports/ingest-status.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import type { PersonalFinding } from '../../ports/personal-findings.ts';
import type { ReviewView } from '../../ports/reviews.ts';
import type { ChainRow, FindingQuery } from '../../ports/store.ts';
import type { SubjectOrders } from '../../ports/subject-orders.ts';
import { type ReadApiOptions, readApi } from '../read-api.ts';
import { createHttpServer } from '../server.ts';
import { createAuthenticator } from '../tokens.ts';
import { CALM_BOARD } from './calm-board.ts';
import { fakeStore } from './fake-store.ts';
import { NO_LOGS } from './no-logs.ts';

export const NOW = Date.UTC(2026, 10, 21, 9);

const CALM: CheckAnswer = {
  allow: true,
  level: 0,
  reason: 'closed',
  class: null,
  key: null,
  epoch: 0,
  posture: 'enforce',
};

/** One token per role and reach; every token is its own name, repeated to a decent length. */
export const TOKENS = createAuthenticator(
  (
    [
      ['viewer-all', ['viewer'], '*'],
      ['viewer-acme', ['viewer'], ['acme']],
      ['viewer-globex', ['viewer'], ['globex']],
      ['operator-all', ['operator'], '*'],
      ['operator-acme', ['operator'], ['acme']],
      ['operator-globex', ['operator'], ['globex']],
      ['broker-acme', ['broker'], ['acme']],
      ['ingest-acme', ['ingest'], ['acme']],
    ] as const
  ).map(([name, roles, tenants]) => ({
    name,
    token: tokenOf(name),
    roles: [...roles],
    tenants: tenants === '*' ? '*' : [...tenants],
    trust: 'broker' as const,
  })),
);

export function tokenOf(name: string): string {
  return `${name}-secret-token`;
}

export function bearer(name: string): { authorization: string } {
  return { authorization: `Bearer ${tokenOf(name)}` };
}

const EVALUATED: { readonly chain: string; readonly evaluation: Evaluation } = {
  chain: 't-1',
  evaluation: {
    ...{ rubric: 'default-1', score: 40, verdict: 'review' },
    outcomes: [{ id: 'token_bound', question: '?', weight: 2, required: false, result: 'fail' }],
  },
};

export function reviewView(tenant: string, id: string, rest: Partial<ReviewView> = {}): ReviewView {
  const request = { chain: 't-1', agents: ['bot'], rubric: 'default-1', score: 40 };
  const failed = ['token_bound'] as const;
  return { tenant, id, ...request, failed, judge: null, openedAt: NOW, decided: null, ...rest };
}

function riskPart(detector: string, points: number): RiskPart {
  const finding = { finding: '7-0', detector, family: 'statistical', score: points } as const;
  const times = { since: NOW, at: NOW, halfLifeMs: 14_400_000 };
  return { ...finding, ...times, points, value: points, share: 1 };
}

export function agentView(tenant: string, agent: string, rest: Partial<AgentView> = {}): AgentView {
  return {
    tenant,
    agent,
    posture: 'enforce',
    risk: 10,
    riskParts: [riskPart('volume_spike', 10)],
    riskExplanation: 'Risk 10 of 100.',
    level: 0,
    grant: { tenant, agent, role: 'billing', owners: { business: 'fin-ops' } },
    firstSeen: NOW - 1_000_000,
    lastSeen: NOW,
    baselineAgeMs: 1_000_000,
    learning: false,
    calls: 12,
    coverage: [
      { detector: 'volume_spike', mode: 'enforce', blind: null },
      {
        detector: 'cross_tenant_access',
        mode: 'shadow',
        blind: { field: 'resource.tenant', cure: 'Send the owner of the resource.' },
      },
    ],
    ...rest,
  };
}

export function breakerDetail(tenant: string, id: string, open: boolean): BreakerDetail {
  return {
    key: { tenant, kind: 'agent', id },
    term: 3,
    title: open ? 'Five times the usual records' : null,
    state: open
      ? {
          phase: 'open',
          epoch: 2,
          level: 4,
          reason: 'volume_spike',
          class: 'statistical',
          openedAt: NOW,
          closesAt: null,
          findingId: '7-0',
          ...{ latch: null, score: 90, source: 'broker', cascadeOf: null },
        }
      : { phase: 'closed', epoch: 1 },
    acknowledgedBy: open ? ['broker-1'] : [],
    awaiting: open ? ['broker-2'] : [],
    late: [],
  };
}

/** A whole API over plain values, with every order it gives written down. */
export function createHarness(overrides: Partial<ReadApiOptions> = {}) {
  const state = {
    agents: [agentView('acme', 'invoice-bot'), agentView('globex', 'globex-bot')],
    breakers: [
      breakerDetail('acme', 'invoice-bot', true),
      breakerDetail('acme', 'calm-bot', false),
      breakerDetail('globex', 'globex-bot', true),
    ],
    findings: [] as Finding[],
    chain: [] as ChainRow[],
    transitions: [] as { seq: number; transition: Transition }[],
    detectors: [] as DetectorView[],
    feedback: new Map<string, Feedback>(),
    ready: true,
    orders: [] as { tenant: string; command: Command }[],
    grants: [] as { tenant: string; grants: GrantSet }[],
    asked: [] as FindingQuery[],
    sources: [] as SourceView[],
    intakes: [] as IntakeView[],
    busSources: [] as BusSourceView[],
    views: [] as EvidenceView[],
    storeDown: false,
    reviews: [] as ReviewView[],
    approvals: [] as Approval[],
  };
  const findingListeners = new Set<(finding: Finding) => void>();
  const transitionListeners = new Set<(delta: FeedDelta) => void>();
  const ticks: (() => void)[] = [];
  const clock: Clock = {
    now: () => NOW,
    monotonicMs: () => 0,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve();
        ticks.push(resolve);
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  const seen = (tenants: readonly string[] | '*', tenant: string) =>
    tenants === '*' || tenants.includes(tenant);
  const options: ReadApiOptions = {
    view: {
      term: 3,
      chainClock: () => ({
        logTime: NOW,
        graceMs: 0,
        decisions: null,
        tokens: null,
        executions: null,
      }),
      ledgerHead: { seq: 41, hash: 'abc', unrecorded: 0 },
      tenants: () =>
        ['acme', 'globex'].map((tenant) => ({
          tenant,
          posture: 'enforce',
          ...{ agents: 1, openBreakers: 1, lateBreakers: 0, wouldHaveTripped: 0 },
          ...{ storm: null, singleOperator: false },
        })),
      ...CALM_BOARD,
      approvals: (tenants) => state.approvals.filter(({ key }) => seen(tenants, key.tenant)),
      agents: (tenants) => state.agents.filter(({ tenant }) => seen(tenants, tenant)),
      risks: () => [],
      agent: (tenant, agent) =>
        state.agents.find((view) => view.tenant === tenant && view.agent === agent) ?? null,
      breaker: (key) => {
        const text = breakerKeyText(key);
        return state.breakers.find((one) => breakerKeyText(one.key) === text) ?? null;
      },
      breakers: (tenants, includeClosed) =>
        state.breakers.filter(
          ({ key, state: { phase } }) =>
            seen(tenants, key.tenant) && (includeClosed || phase !== 'closed'),
        ),
      detectors: (tenants) => state.detectors.filter(({ tenant }) => seen(tenants, tenant)),
      feedback: (tenant, finding) => state.feedback.get(`${tenant}/${finding}`) ?? null,
      onFinding: (listener) => {
        findingListeners.add(listener);
        return () => findingListeners.delete(listener);
      },
      counters: () => ({
        events: 1_000,
        rejected: 2,
        perSecond: 10,
        lastEventAt: NOW,
        delivered: 4,
        unacknowledged: 1,
        acknowledgeDelaysMs: [30, 10, 20, 400],
      }),
    },
    breakers: {
      term: 3,
      snapshot: (tenant) => ({ tenant, term: 3, seq: 0, posture: 'enforce', breakers: [] }),
      since: () => null,
      check: () => CALM,
      subscribe: (listener) => {
        transitionListeners.add(listener);
        return () => transitionListeners.delete(listener);
      },
      join: () => () => {},
    },
    store: fakeStore(state, seen),
    reviews: {
      list: (tenants, wanted) =>
        state.reviews.filter(
          ({ tenant, decided }) =>
            seen(tenants, tenant) &&
            (wanted === 'all' || (decided === null) === (wanted === 'open')),
        ),
      find: (tenants, id) =>
        state.reviews.find((one) => one.id === id && seen(tenants, one.tenant)) ?? null,
      evaluate: async (_tenant, chain) => (chain === EVALUATED.chain ? EVALUATED.evaluation : null),
    },
    control: {
      command: async (tenant, command) => {
        if (command.type === 'reset' && command.epoch !== 2) {
          throw new TripcoilError('conflict', 'The breaker has moved on.');
        }
        state.orders.push({ tenant, command });
        return 'key' in command ? command.key : null;
      },
      recordedKey: (key) => ({ ...key, id: key.id.replace('@example.com', '-bot') }),
      replaceGrants: async (tenant, grants) => {
        state.grants.push({ tenant, grants });
      },
      acknowledge: async () => {},
      propose: async () => CALM,
    },
    subjectOrders: NO_SUBJECTS,
    personalFindings: { list: (tenants) => PERSONAL.filter(of(tenants)), untold: 0 },
    authenticator: TOKENS,
    clock,
    log: SILENT_LOG,
    metrics: SILENT_METRICS,
    info: { version: '1.2.3', startedAt: NOW, demo: false, storeKind: 'memory' },
    parseGrants: (text) => {
      if (text.startsWith('resources:')) return { grants: new Map() };
      return text.includes('acme')
        ? {
            grants: new Map([['acme', { agents: [], principals: [], resources: [], actions: [] }]]),
          }
        : { problems: [{ path: 'agents.0.agent', message: 'is missing' }] };
    },
    ...{ localReads: false, logs: NO_LOGS },
    evidenceViews: {
      saw: ({ name }, evidence) => {
        state.views.unshift({ ...evidence, actor: name, at: NOW });
      },
      latest: (tenants, limit) =>
        state.views.filter(({ tenant }) => seen(tenants, tenant)).slice(0, limit),
    },
    ingestStatus: {
      sources: (tenants) => state.sources.filter(({ tenant }) => seen(tenants, tenant)),
      intakes: (tenants) => (tenants === '*' ? state.intakes : []),
      turnedAway: () => [{ format: 'otlp.traces', code: 'unauthenticated', count: 3 }],
      queue: () => ({ length: 12, capacity: 65_536, overloaded: false, writable: true }),
    },
    busSources: () => state.busSources,
    readiness: () =>
      state.ready ? { ready: true, reasons: [] } : { ready: false, reasons: ['shutting down'] },
    exposition: { contentType: 'text/plain; version=0.0.4', text: async () => 'tripcoil_up 1\n' },
    ...overrides,
  };
  return {
    state,
    options,
    publishFinding: (finding: Finding) => {
      for (const listener of findingListeners) listener(finding);
    },
    publishTransition: (transition: Transition) => {
      for (const listener of transitionListeners) listener({ term: 3, transition });
    },
    listeners: () => findingListeners.size + transitionListeners.size,
    tick: () => ticks.shift()?.(),
  };
}

export async function startApi(
  harness: ReturnType<typeof createHarness>,
): Promise<FastifyInstance> {
  const { clock, log, metrics } = harness.options;
  const app = createHttpServer({ clock, log, metrics });
  await app.register(readApi(harness.options));
  await app.ready();
  return app;
}

const PERSONAL: readonly PersonalFinding[] = ['acme', 'globex'].map((tenant) => ({
  ...{ tenant, type: 'email', source: 'native', field: 'action.arguments.to', agent: 'bot' },
  ...{ count: 3, firstSeen: NOW - 1_000, lastSeen: NOW },
}));

function of(tenants: readonly string[] | '*') {
  return ({ tenant }: PersonalFinding) => tenants === '*' || tenants.includes(tenant);
}

const refuse = async () => {
  throw new TripcoilError('not_found', 'nobody');
};

const NO_SUBJECTS: SubjectOrders = {
  ...{ erase: refuse, hold: refuse, release: refuse, rotate: refuse },
  ...{ requestReveal: refuse, approveReveal: refuse, readReveal: refuse },
  revealTenant: () => null,
};
