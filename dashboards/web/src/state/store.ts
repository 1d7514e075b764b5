import { computed, signal } from '@preact/signals';
import type { TransitionBody } from '../../../../src/api/breaker-contract.ts';
import type { FindingBody, StatusBody } from '../../../../src/api/contract.ts';
import { createAnnouncer } from './announce.ts';
import { api } from './api.ts';
import { breakerApi } from './breaker-api.ts';
import { type Connection, type ConnectionStep, stepConnection } from './connection.ts';
import { credentialHeaders, isLocked } from './credential.ts';
import { followStream } from './event-stream.ts';
import { FEED_FINDINGS, mergeFindings, mergeTransitions } from './feed.ts';
import { createResource, type LiveResource } from './resource.ts';
import { tenantFilter } from './router.ts';
import type { StreamEvent } from './sse-parser.ts';

/** Refreshed when the stream says so; polled as well, since a stream may die unheard. */
const POLL_MS = 15_000;
/** A burst of events asks for the lists once. */
const GATHER_MS = 300;

export const status = createResource(() => api.status());
export const agents = createResource(() => api.agents(tenantFilter.peek()));
export const breakers = createResource(() => api.breakers(tenantFilter.peek()));
/** Orders that wait for a second person. */
export const approvals = createResource(() => breakerApi.approvals(tenantFilter.peek()));
/**
 * The store behind the list lags the stream by a moment, so what the stream brought is kept, unless
 * another process answers by now.
 */
export const findings: LiveResource<readonly FindingBody[]> = createResource(async () => {
  const { items } = await api.findings({ limit: FEED_FINDINGS });
  const startedAt = status.state.peek().data?.started_at ?? '';
  const isSame = knownProcess === '' || knownProcess === startedAt;
  knownProcess = startedAt;
  return mergeFindings(isSame ? (findings.state.peek().data ?? []) : [], items);
});
let knownProcess = '';

export const transitions = signal<readonly TransitionBody[]>([]);
export const connection = signal<Connection>({ phase: 'connecting' });
/** The viewer's clock, ticking once a second while the page is visible. */
export const now = signal(Date.now());
/** What a screen reader is told. */
export const announcement = signal('');

const announcer = createAnnouncer((text) => {
  announcement.value = text;
});

const inTenant = (tenant: string): boolean =>
  tenantFilter.value === '' || tenant === tenantFilter.value;

/** Agents of the chosen tenant; the list of the tenant before is never shown for it. */
export const visibleAgents = computed(() =>
  (agents.state.value.data ?? []).filter((agent) => inTenant(agent.tenant)),
);

/** How many agents there are, which may be more than one page of them. */
export const agentCount = computed(() => {
  const tenants = status.state.value.data?.tenants ?? [];
  const counted = tenants
    .filter(({ tenant }) => inTenant(tenant))
    .reduce((sum, { agents: count }) => sum + count, 0);
  return Math.max(counted, visibleAgents.value.length);
});

export const openBreakers = computed(() =>
  (breakers.state.value.data ?? [])
    .filter((breaker) => breaker.phase !== 'closed' && inTenant(breaker.key.tenant))
    .sort((left, right) => right.level - left.level || openedAt(right) - openedAt(left)),
);

/** Those that hold something: an exemption holds nothing. */
export const heldBreakers = computed(() =>
  openBreakers.value.filter(({ phase }) => phase !== 'exempt'),
);

export const pendingApprovals = computed(() =>
  (approvals.state.value.data ?? []).filter(({ key }) => inTenant(key.tenant)),
);

/** Tenants whose statistics stop nothing for now. */
export const storms = computed(() =>
  (status.state.value.data?.tenants ?? []).flatMap(({ tenant, storm }) =>
    storm === null || !inTenant(tenant) ? [] : [{ tenant, ...storm }],
  ),
);

function openedAt(breaker: { readonly opened_at: string | null }): number {
  return breaker.opened_at === null ? 0 : Date.parse(breaker.opened_at);
}

/** Asks for everything the overview shows. */
export function refreshAll(): void {
  for (const resource of [status, agents, breakers, approvals, findings]) void resource.refresh();
}

let isGathering = false;

function refreshSoon(): void {
  if (isGathering) return;
  isGathering = true;
  setTimeout(() => {
    isGathering = false;
    void breakers.refresh();
    void approvals.refresh();
    void agents.refresh();
  }, GATHER_MS);
}

/** Takes in one event of the stream. Unknown events and unreadable data are left alone. */
export function takeIn(event: StreamEvent): void {
  let body: unknown;
  try {
    body = JSON.parse(event.data);
  } catch {
    return;
  }
  if (typeof body !== 'object' || body === null) return;
  if (event.event === 'finding') {
    const finding = body as FindingBody;
    findings.update((known) => mergeFindings(known, [finding]));
    announcer.push(finding);
    refreshSoon();
  } else if (event.event === 'transition') {
    transitions.value = mergeTransitions(transitions.value, body as TransitionBody);
    refreshSoon();
  } else if (event.event === 'status') {
    status.update(() => body as StatusBody);
  }
}

function step(what: ConnectionStep): void {
  connection.value = stepConnection(connection.value, what);
}

let following = new AbortController();
let lastHeardAt = Date.now();

/** Loads everything and follows the stream anew, for a page shown again or a token just given. */
export function startAgain(): void {
  following.abort();
  following = new AbortController();
  refreshAll();
  void followStream(
    {
      url: 'v1/stream',
      headers: credentialHeaders,
      onOpen: () => {
        const wasLost = connection.value.phase === 'lost';
        step({ type: 'opened' });
        // What happened while nobody listened is in the lists, not in the stream.
        if (wasLost) refreshAll();
      },
      onBytes: () => {
        lastHeardAt = Date.now();
      },
      onEvent: takeIn,
      onLost: () => step({ type: 'lost', lastHeardAt }),
    },
    following.signal,
  );
}

/** Follows the server while the page is visible; a hidden page costs the server nothing. */
export function startLive(): void {
  startAgain();
  document.addEventListener('visibilitychange', () => {
    step({ type: document.hidden ? 'hidden' : 'shown' });
    if (document.hidden) following.abort();
    else startAgain();
  });
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 1000);
  setInterval(() => {
    if (!document.hidden && !isLocked.peek()) refreshAll();
  }, POLL_MS);
  let tenant = tenantFilter.peek();
  tenantFilter.subscribe((chosen) => {
    if (chosen === tenant) return;
    tenant = chosen;
    void agents.refresh();
    void breakers.refresh();
    void approvals.refresh();
  });
}
