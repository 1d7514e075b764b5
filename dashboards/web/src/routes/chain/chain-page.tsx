import type { ChainBody } from '../../../../../src/api/contract.ts';
import { ArrowIcon } from '../../components/icons.tsx';
import { Failure, Skeleton } from '../../components/panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { isGrave } from '../../format/gap.ts';
import { formatDuration, plural } from '../../format/number.ts';
import { api } from '../../state/api.ts';
import { agentPath, crossesTenant, redactionTotals, spanOf } from '../../state/chain-rows.ts';
import type { Resource } from '../../state/resource.ts';
import { hrefTo } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { ChainNotes, ExecutionLinks } from './chain-links.tsx';
import { ExportEvidence } from './export-evidence.tsx';
import { StepTable } from './step-table.tsx';

const GROWING_MS = 60_000;
const AGAIN_MS = 2_000;

/** A chain that is not there yet, or that had a step a moment ago, may be more in a moment. */
function againAfterMs({ data, problem }: Resource<ChainBody>): number | null {
  const isGrowing = data !== null && Date.now() - Date.parse(data.ended_at) < GROWING_MS;
  return isGrowing || problem?.status === 404 ? AGAIN_MS : null;
}

/** One request end to end, found by any id that took part in it. */
export function ChainPage({ id }: { id: string }) {
  const { resource, again } = useLoaded(id, (signal) => api.chain(id, signal), againAfterMs);
  if (resource.data !== null) return <Chain chain={resource.data} />;
  return (
    <div class="panel">
      <h1 class="hidden-text">Chain {id}</h1>
      {resource.problem === null && <Skeleton rows={8} />}
      {resource.problem?.status === 404 && (
        <div class="message">
          <h2>No chain by that id</h2>
          <p>
            Nothing seen so far carries <code>{id}</code> as its transaction, trace, token,
            decision, approval, tool call, request or session id. Very recent events take a moment
            to appear; this page keeps looking.
          </p>
          <button type="button" class="button" onClick={again}>
            Look again
          </button>
        </div>
      )}
      {resource.problem !== null && resource.problem.status !== 404 && (
        <Failure what="Chain" problem={resource.problem} onRetry={again} />
      )}
    </div>
  );
}

function Chain({ chain }: { chain: ChainBody }) {
  return (
    <>
      <ChainHead chain={chain} />
      <ExecutionLinks chain={chain} />
      <section class="panel" aria-labelledby="steps-title">
        <header class="panel-head">
          <h2 id="steps-title">
            Steps <span class="count">{chain.steps.length}</span>
          </h2>
          {chain.truncated && (
            <span class="badge-stale">Cut off: the chain is longer than one answer</span>
          )}
        </header>
        {chain.steps.length === 0 ? (
          <p class="message">This chain has no steps that you may see.</p>
        ) : (
          <StepTable chain={chain} />
        )}
      </section>
    </>
  );
}

function ChainHead({ chain }: { chain: ChainBody }) {
  const { startMs, endMs } = spanOf(chain);
  const redacted = redactionTotals(chain.steps);
  const total = redacted.reduce((sum, one) => sum + one.count, 0);
  const principal = chain.steps.find((step) => step.principal !== null)?.principal;
  const grave = chain.gaps.filter(isGrave).length;
  const denied = chain.steps.filter((step) => step.outcome === 'denied').length;
  return (
    <header class="page-head">
      <div>
        <div class="id-line">
          <span class="muted">Chain</span>
          <h1>{chain.id}</h1>
        </div>
        <AgentPathLine chain={chain} principal={principal ?? null} />
        <dl class="facts">
          <div>
            <dt>Started</dt>
            <dd>
              <Timestamp at={chain.started_at} />
            </dd>
          </div>
          <div>
            <dt>Took</dt>
            <dd>{formatDuration(endMs - startMs)}</dd>
          </div>
          <div>
            <dt>{chain.tenants.length === 1 ? 'Tenant' : 'Tenants'}</dt>
            <dd>{chain.tenants.join(', ')}</dd>
          </div>
          <div>
            <dt>Findings</dt>
            <dd>{chain.findings.length}</dd>
          </div>
          <div>
            <dt>Gaps</dt>
            <dd>{grave === 0 ? 'none' : grave}</dd>
          </div>
          {denied > 0 && (
            <div>
              <dt>Denied</dt>
              <dd>{denied}</dd>
            </div>
          )}
          <div>
            <dt>Redacted</dt>
            <dd>
              {total === 0
                ? 'nothing'
                : `${plural(total, 'value')} (${redacted
                    .map((one) => `${one.count} ${one.type}`)
                    .join(', ')})`}
            </dd>
          </div>
        </dl>
        <ChainNotes chain={chain} />
      </div>
      <ExportEvidence chain={chain} />
    </header>
  );
}

/** Who asked, who acted, and whose tenant was entered. */
function AgentPathLine({ chain, principal }: { chain: ChainBody; principal: string | null }) {
  const foreign = new Set<string>();
  for (const step of chain.steps) {
    if (crossesTenant(step) && step.resource?.tenant) foreign.add(step.resource.tenant);
  }
  return (
    <ol class="path" aria-label="Path of the request">
      {principal !== null && (
        <li class="path">
          <span class="hop">
            {principal} <small>principal</small>
          </span>
          <span class="arrow">
            <ArrowIcon />
          </span>
        </li>
      )}
      {agentPath(chain).map((one, position) => (
        <li class="path" key={`${one.tenant}/${one.agent}`}>
          {position > 0 && (
            <span class="arrow">
              <ArrowIcon />
            </span>
          )}
          <a class="hop" href={hrefTo({ page: 'agent', tenant: one.tenant, agent: one.agent })}>
            {one.agent} <small>{one.tenant}</small>
          </a>
        </li>
      ))}
      {[...foreign].map((tenant) => (
        <li class="path" key={tenant}>
          <span class="arrow">
            <ArrowIcon />
          </span>
          <span class="hop foreign">
            {tenant} <small>other tenant</small>
          </span>
        </li>
      ))}
    </ol>
  );
}
