import type { BreakerBody } from '../../../../../src/api/breaker-contract.ts';
import { Acks } from '../../components/acks.tsx';
import { MovesOn, PhaseChip, Standing } from '../../components/breaker-phase.tsx';
import { CheckIcon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { Age } from '../../components/timestamp.tsx';
import { agentOfKey, keyInWords, keyText, reasonOf, spaced } from '../../format/reason.ts';
import { hrefTo, hrefToBreaker } from '../../state/router.ts';
import { breakers, findings, openBreakers } from '../../state/store.ts';

/** Everything that is not closed, highest level first, with who has obeyed. */
export function BreakersPanel() {
  const open = openBreakers.value;
  return (
    <Panel
      title="Live breakers"
      count={open.length > 0 ? String(open.length) : undefined}
      resource={breakers.state.value}
      onRetry={() => void breakers.refresh()}
      skeletonRows={3}
    >
      {() => (open.length === 0 ? <Calm /> : <BreakerTable rows={open} />)}
    </Panel>
  );
}

function Calm() {
  return (
    <p class="calm">
      <CheckIcon size={16} />
      No breaker is open. Every agent may act within its grants.
    </p>
  );
}

/** Used on the overview for all agents and on an agent's page for one. */
export function BreakerTable({ rows }: { rows: readonly BreakerBody[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col">Breaker</th>
            <th scope="col">State</th>
            <th scope="col" class="medium">
              Reason
            </th>
            <th scope="col" class="medium">
              Confirmed
            </th>
            <th scope="col" class="num medium">
              Open
            </th>
            <th scope="col" class="wide">
              Moves on
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((breaker) => (
            <BreakerRow key={keyText(breaker.key)} breaker={breaker} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function BreakerRow({ breaker }: { breaker: BreakerBody }) {
  const { key } = breaker;
  const { subject, kind } = keyInWords(key);
  const agent = agentOfKey(key);
  return (
    <tr>
      <th scope="row" class="top">
        {agent === undefined ? (
          subject
        ) : (
          <a href={hrefTo({ page: 'agent', tenant: key.tenant, agent })}>{subject}</a>
        )}
        <span class="sub">
          {kind} · {key.tenant} ·{' '}
          <a class="link" href={hrefToBreaker(key)} aria-label={`Orders about ${subject}`}>
            orders
          </a>
        </span>
      </th>
      <td class="top">
        <PhaseChip breaker={breaker} />
        <Standing breaker={breaker} />
        <div class="narrow-only">
          <div class="sub">
            <ReasonText breaker={breaker} />
            {breaker.opened_at !== null && (
              <>
                {' · '}
                <Age at={breaker.opened_at} ago />
              </>
            )}
          </div>
          <Acks breaker={breaker} />
        </div>
      </td>
      <td class="top medium">
        <ReasonText breaker={breaker} />
        <span class="sub">{reasonSource(breaker)}</span>
      </td>
      <td class="top medium">
        <Acks breaker={breaker} />
      </td>
      <td class="top num medium">{breaker.opened_at !== null && <Age at={breaker.opened_at} />}</td>
      <td class="top wide">
        <MovesOn breaker={breaker} />
      </td>
    </tr>
  );
}

function reasonSource(breaker: BreakerBody): string {
  const parts = [breaker.reason, breaker.class].filter((part) => part !== null);
  return breaker.class === 'operator' ? 'operator' : parts.map(spaced).join(' · ');
}

/** The finding in words where it is known, else the title the breaker kept. */
export function ReasonText({ breaker }: { breaker: BreakerBody }) {
  const finding = findings.state.value.data?.find(
    (one) => one.id === breaker.finding_id && one.tenant === breaker.key.tenant,
  );
  const text = finding === undefined ? (breaker.title ?? breaker.reason ?? '–') : reasonOf(finding);
  if (finding === undefined) return <span>{text}</span>;
  return <a href={hrefTo({ page: 'chain', id: finding.chain })}>{text}</a>;
}
