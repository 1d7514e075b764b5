import { useState } from 'preact/hooks';
import type { AgentBody } from '../../../../../src/api/contract.ts';
import { Level, RiskBar, StateChip } from '../../components/chips.tsx';
import { BlindIcon, CheckIcon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { Age } from '../../components/timestamp.tsx';
import { needsInWords, splitCoverage } from '../../format/coverage.ts';
import { formatCompact } from '../../format/number.ts';
import { hrefTo } from '../../state/router.ts';
import { agentCount, agents, visibleAgents } from '../../state/store.ts';

const FIRST_ROWS = 25;

/** Agents as the server sorts them: by level, then risk. */
export function AgentsPanel() {
  const [expanded, setExpanded] = useState(false);
  const rows = visibleAgents.value;
  const shown = expanded ? rows : rows.slice(0, FIRST_ROWS);
  return (
    <Panel
      title="Agents by risk"
      count={rows.length > 0 ? formatCompact(agentCount.value) : undefined}
      resource={agents.state.value}
      onRetry={() => void agents.refresh()}
      skeletonRows={8}
    >
      {() =>
        rows.length === 0 ? (
          <p class="message">No agent has acted in this tenant yet.</p>
        ) : (
          <>
            <AgentTable rows={shown} />
            {agentCount.value > shown.length && (
              <div class="more">
                {rows.length > shown.length && (
                  <button type="button" class="button" onClick={() => setExpanded(true)}>
                    Show {formatCompact(rows.length - shown.length)} more
                  </button>
                )}
                {agentCount.value > rows.length &&
                  `The ${formatCompact(rows.length)} highest; search tenant/agent to open another.`}
              </div>
            )}
          </>
        )
      }
    </Panel>
  );
}

function AgentTable({ rows }: { rows: readonly AgentBody[] }) {
  return (
    <div class="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col" class="medium">
              Tenant
            </th>
            <th scope="col">State</th>
            <th scope="col">Risk</th>
            <th scope="col" class="medium">
              Level
            </th>
            <th scope="col" class="medium">
              Coverage
            </th>
            <th scope="col" class="num wide">
              Calls
            </th>
            <th scope="col" class="num medium">
              Seen
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((agent) => (
            <AgentRow key={`${agent.tenant}/${agent.agent}`} agent={agent} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AgentRow({ agent }: { agent: AgentBody }) {
  return (
    <tr>
      <th scope="row">
        <a href={hrefTo({ page: 'agent', tenant: agent.tenant, agent: agent.agent })}>
          {agent.agent}
        </a>
        <span class="sub narrow-only"> {agent.tenant}</span>
      </th>
      <td class="medium muted">{agent.tenant}</td>
      <td>
        <StateChip state={agent.state} />
      </td>
      <td>
        <RiskBar risk={agent.risk} tripped={agent.state === 'tripped'} />
      </td>
      <td class="medium">
        <Level level={agent.level} words={false} />
      </td>
      <td class="medium">
        <CoverageMark agent={agent} />
      </td>
      <td class="num wide">{formatCompact(agent.calls)}</td>
      <td class="num medium muted">
        <Age at={agent.last_seen} />
      </td>
    </tr>
  );
}

/** Blindness is shown, never taken for calm; that of detectors which can act comes first. */
function CoverageMark({ agent: { coverage } }: { agent: AgentBody }) {
  if (coverage.length === 0) return <span class="faint">–</span>;
  const { acting, blindActing, blindInShadow } = splitCoverage(coverage);
  const cures = [...blindActing, ...blindInShadow].map(needsInWords);
  return (
    <span class="coverage-mark" title={cures.join('\n')}>
      {blindActing.length > 0 ? (
        <span class="chip warn">
          <BlindIcon size={12} />
          {blindActing.length} blind
        </span>
      ) : (
        <span class="chip plain">
          <CheckIcon size={11} />
          {acting.length}/{acting.length}
        </span>
      )}
      {blindInShadow.length > 0 && (
        <span class="faint">
          +{blindInShadow.length} {blindActing.length === 0 && 'blind '}in shadow
        </span>
      )}
    </span>
  );
}
