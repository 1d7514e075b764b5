import type { ComponentChildren } from 'preact';
import type { BreakerBody } from '../../../../../src/api/breaker-contract.ts';
import type { AgentBody } from '../../../../../src/api/contract.ts';
import { Level, StateChip } from '../../components/chips.tsx';
import { FindingTable } from '../../components/finding-table.tsx';
import { Failure, Panel, Skeleton } from '../../components/panel.tsx';
import { Age, Timestamp } from '../../components/timestamp.tsx';
import { formatCount, formatDuration } from '../../format/number.ts';
import { agentOfKey } from '../../format/reason.ts';
import { api } from '../../state/api.ts';
import { mergeFindings } from '../../state/feed.ts';
import { hrefTo } from '../../state/router.ts';
import { agents, breakers, findings, openBreakers } from '../../state/store.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { BreakerTable } from '../overview/breakers-panel.tsx';
import { BehaviourPanel } from './behaviour-panel.tsx';
import { CoveragePanel } from './coverage-panel.tsx';
import { HistoryPanel } from './history-panel.tsx';
import { PersonalPanel } from './personal-panel.tsx';
import { RiskPanel } from './risk-panel.tsx';

const FINDINGS_SHOWN = 30;
const AGAIN_MS = 10_000;
const MINUTE_MS = 60_000;

/** Everything about one agent, from the list where it holds it, else asked for by name. */
export function AgentPage({ tenant, agent }: { tenant: string; agent: string }) {
  const known = agents.state.value;
  const body = known.data?.find((one) => one.tenant === tenant && one.agent === agent);
  if (body !== undefined) return <Agent body={body} />;
  return <AskedAgent tenant={tenant} agent={agent} />;
}

function AskedAgent({ tenant, agent }: { tenant: string; agent: string }) {
  const { resource, again } = useLoaded(`${tenant}/${agent}`, (signal) =>
    api.agent(tenant, agent, signal),
  );
  if (resource.data !== null) return <Agent body={resource.data} />;
  const { problem } = resource;
  return (
    <div class="panel">
      <h1 class="hidden-text">{agent}</h1>
      {problem === null && <Skeleton rows={6} />}
      {problem?.status === 404 && (
        <div class="message">
          <h2>No such agent</h2>
          <p>
            {agent} of tenant {tenant} has sent nothing, or is not visible to you.{' '}
            <a class="link" href={hrefTo({ page: 'overview' })}>
              All agents
            </a>
          </p>
        </div>
      )}
      {problem !== null && problem.status !== 404 && (
        <Failure what="Agent" problem={problem} onRetry={again} />
      )}
    </div>
  );
}

function Agent({ body }: { body: AgentBody }) {
  const { tenant, agent } = body;
  const { resource, again } = useLoaded(
    `${tenant}/${agent}`,
    async () => (await api.findings({ tenant, agent, limit: FINDINGS_SHOWN })).items,
    () => AGAIN_MS,
  );
  const live = (findings.state.value.data ?? []).filter(
    (one) => one.tenant === tenant && one.agent === agent,
  );
  const merged = mergeFindings(resource.data ?? [], live);
  const own = openBreakers.value.filter(
    (one) => one.key.tenant === tenant && agentOfKey(one.key) === agent,
  );
  return (
    <>
      <AgentHead body={body} />
      <OwnBreakers rows={own} />
      <div class="columns">
        <div class="stack">
          <BehaviourPanel body={body} findings={merged} />
          <Panel
            title="Findings"
            resource={{ ...resource, data: resource.data === null ? null : merged }}
            onRetry={again}
            aside={
              <a class="link" href={hrefTo({ page: 'findings' }, { agent })}>
                All of this agent
              </a>
            }
          >
            {(rows) =>
              rows.length === 0 ? (
                <p class="message">No detector has found anything about this agent.</p>
              ) : (
                <FindingTable rows={rows.slice(0, FINDINGS_SHOWN)} withAgent={false} />
              )
            }
          </Panel>
        </div>
        <div class="stack">
          <RiskPanel body={body} />
          <CoveragePanel coverage={body.coverage} />
          <PersonalPanel tenant={tenant} agent={agent} />
          <HistoryPanel tenant={tenant} agent={agent} ageMs={body.baseline_age_ms} />
        </div>
      </div>
    </>
  );
}

/** Above everything else: what is stopped comes before why. */
function OwnBreakers({ rows }: { rows: readonly BreakerBody[] }) {
  if (rows.length === 0) return null;
  return (
    <div class="section">
      <Panel
        title="Breakers"
        resource={breakers.state.value}
        onRetry={() => void breakers.refresh()}
      >
        {() => <BreakerTable rows={rows} />}
      </Panel>
    </div>
  );
}

function AgentHead({ body }: { body: AgentBody }) {
  const { owners } = body;
  return (
    <header class="page-head">
      <div>
        <div class="title-line">
          <h1>{body.agent}</h1>
          <StateChip state={body.state} />
          {body.level > 0 && <Level level={body.level} />}
        </div>
        <dl class="facts">
          <Fact name="Tenant">
            {body.tenant}
            {body.posture === 'shadow' && <span class="muted"> (shadow)</span>}
          </Fact>
          {body.role !== null && <Fact name="Role">{body.role}</Fact>}
          {owners?.business !== undefined && <Fact name="Owner">{owners.business}</Fact>}
          {owners?.technical !== undefined && <Fact name="Technical">{owners.technical}</Fact>}
          <Fact name="Calls">{formatCount(body.calls)}</Fact>
          <Fact name="Last seen">
            <Age at={body.last_seen} ago />
          </Fact>
          <Fact name="First seen">
            <Timestamp at={body.first_seen} />
          </Fact>
          <Fact name="History">
            {body.baseline_age_ms < MINUTE_MS ? 'none yet' : formatDuration(body.baseline_age_ms)}
            {body.state === 'learning' && <span class="muted"> (still learning)</span>}
          </Fact>
        </dl>
      </div>
      <a class="button" href={hrefTo({ page: 'breakers' }, { trip: body.agent, of: body.tenant })}>
        Trip…
      </a>
    </header>
  );
}

function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
