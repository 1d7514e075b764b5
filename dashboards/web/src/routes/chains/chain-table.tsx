import type { ChainSummaryBody } from '../../../../../src/api/contract.ts';
import { DotIcon, HalfIcon, RiskIcon } from '../../components/icons.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { isGrave, shortGap } from '../../format/gap.ts';
import { formatDuration, plural } from '../../format/number.ts';
import { hrefTo } from '../../state/router.ts';

/** Chains as a table; each leads to its page. */
export function ChainTable({ rows }: { rows: readonly ChainSummaryBody[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col" class="medium">
              Started
            </th>
            <th scope="col">Chain</th>
            <th scope="col">Agents and actions</th>
            <th scope="col" class="medium">
              Verdict
            </th>
            <th scope="col" class="medium">
              Links
            </th>
            <th scope="col" class="num wide">
              Steps
            </th>
            <th scope="col" class="num wide">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((chain) => (
            <Row key={`${chain.tenant}/${chain.id}`} chain={chain} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ chain }: { chain: ChainSummaryBody }) {
  const took = Date.parse(chain.ended_at) - Date.parse(chain.started_at);
  const { tenant, principal } = chain;
  return (
    <tr>
      <td class="top muted nowrap medium">
        <Timestamp at={chain.started_at} />
      </td>
      <th scope="row" class="top chain-id">
        <a href={hrefTo({ page: 'chain', id: chain.id })}>{chain.id}</a>
        <span class="sub">
          {tenant}
          {principal !== null && `, for ${principal}`}
        </span>
      </th>
      <td class="top">
        {chain.agents.map((agent, position) => (
          <span key={agent}>
            {position > 0 && ' → '}
            <a class="link" href={hrefTo({ page: 'agent', tenant, agent })}>
              {agent}
            </a>
          </span>
        ))}
        <span class="sub">{actionWords(chain)}</span>
        <div class="narrow-only">
          <Timestamp at={chain.started_at} /> <Verdicts chain={chain} /> <Links chain={chain} />
        </div>
      </td>
      <td class="top medium nowrap">
        <Verdicts chain={chain} />
      </td>
      <td class="top medium">
        <Links chain={chain} />
      </td>
      <td class="top num wide">
        {chain.steps}
        {chain.truncated && '+'}
      </td>
      <td class="top num wide nowrap">{formatDuration(took)}</td>
    </tr>
  );
}

function actionWords({ actions, executions }: ChainSummaryBody): string {
  if (actions.length === 0) return 'nothing executed';
  const calls = executions > actions.length ? ` · ${plural(executions, 'execution')}` : '';
  return `${actions.join(', ')}${calls}`;
}

function Verdicts({ chain: { verdicts } }: { chain: ChainSummaryBody }) {
  if (verdicts.length === 0) return <span class="faint">none</span>;
  const refused = verdicts.includes('deny');
  return <span class={refused ? 'verdict-deny' : undefined}>{verdicts.join(', ')}</span>;
}

function Links({ chain: { gaps, pending } }: { chain: ChainSummaryBody }) {
  if (gaps.length === 0 && pending === 0) {
    return (
      <span class="chip good">
        <DotIcon />
        Nothing missing
      </span>
    );
  }
  return (
    <span class="chip-row">
      {gaps.map((reason) => (
        <span key={reason} class={`chip ${isGraveReason(reason) ? 'warn' : 'plain'}`}>
          {isGraveReason(reason) ? <RiskIcon /> : <HalfIcon />}
          {shortGap(reason)}
        </span>
      ))}
      {pending > 0 && (
        <span class="chip plain">
          <HalfIcon />
          {pending} may still come
        </span>
      )}
    </span>
  );
}

function isGraveReason(reason: string): boolean {
  return isGrave({ reason, state: 'missing' });
}
