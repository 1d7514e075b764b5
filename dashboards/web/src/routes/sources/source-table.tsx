import type { SourceBody } from '../../../../../src/api/contract.ts';
import { DotIcon, HalfIcon, RiskIcon } from '../../components/icons.tsx';
import { Age } from '../../components/timestamp.tsx';
import { formatCount, formatDuration } from '../../format/number.ts';

/** Sources, those that need a person first. */
export function SourceTable({ sources }: { sources: readonly SourceBody[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">State</th>
            <th scope="col" class="num medium">
              Per second
            </th>
            <th scope="col" class="num wide">
              Over 1 h
            </th>
            <th scope="col" class="num medium">
              Lag p50 / p99
            </th>
            <th scope="col" class="num medium">
              Last seen
            </th>
            <th scope="col" class="num wide">
              Accepted
            </th>
            <th scope="col" class="num wide">
              Repeated
            </th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <Row key={`${source.tenant}/${source.id}`} source={source} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ source }: { source: SourceBody }) {
  const { p50, p99 } = source.lag_ms;
  const name = source.name === '' ? source.credential : source.name;
  return (
    <tr>
      <th scope="row" class="top">
        {source.format === '*' ? 'all other sources' : name}
        <span class="sub">
          {source.tenant} · {source.format} · {source.credential} ({source.trust})
        </span>
      </th>
      <td class="top">
        <StateMark source={source} />
        <span class="sub">{stateInWords(source)}</span>
        <span class="sub narrow-only">
          {formatRate(source.per_second)} per second, last <Age at={source.last_seen} ago />
        </span>
      </td>
      <td class="top num medium">{formatRate(source.per_second)}</td>
      <td class="top num wide">{formatRate(source.per_second_1h)}</td>
      <td class="top num medium nowrap">
        {formatDuration(p50)} / {formatDuration(p99)}
      </td>
      <td class="top num medium">
        <Age at={source.last_seen} ago />
      </td>
      <td class="top num wide">{formatCount(source.accepted)}</td>
      <td class="top num wide">{formatCount(source.duplicates)}</td>
    </tr>
  );
}

/** A trickle is not nothing. */
function formatRate(perSecond: number): string {
  return perSecond > 0 && perSecond < 0.1 ? '<0.1' : formatCount(perSecond);
}

function StateMark({ source }: { source: SourceBody }) {
  if (source.state === 'silent') {
    return (
      <span class="chip warn">
        <RiskIcon />
        Silent
      </span>
    );
  }
  if ((source.sequence?.missing ?? 0) > 0) {
    return (
      <span class="chip warn">
        <HalfIcon />
        Gap
      </span>
    );
  }
  if (source.state === 'quiet') {
    return (
      <span class="chip plain">
        <HalfIcon />
        Quiet
      </span>
    );
  }
  return (
    <span class="chip good">
      <DotIcon />
      Sending
    </span>
  );
}

const UNJUDGED = {
  young: 'rhythm not known yet: silence is not judged',
  rare: 'sends too rarely for silence to mean anything',
  off: 'silence is not judged: sources.mode is off',
} as const;

function stateInWords({ state, silence, sequence, last_seen: lastSeen }: SourceBody): string {
  const parts: string[] = [];
  const missing = sequence?.missing ?? 0;
  if (missing > 0) {
    const [gap] = sequence?.gaps ?? [];
    const which = gap === undefined ? '' : `, from ${gap.from}`;
    const open = sequence?.gaps.every(({ told }) => !told) ? ', may still arrive' : '';
    parts.push(`${formatCount(missing)} missing${which}${open}`);
  }
  if (state === 'silent' && silence.since !== null) {
    const longest = formatDuration(silence.longest_pause_ms);
    parts.push(`since ${lastSeen.slice(0, 16).replace('T', ' ')} UTC; longest pause ${longest}`);
  } else if (silence.unjudged !== null) parts.push(UNJUDGED[silence.unjudged]);
  else parts.push(`told of after ${formatDuration(silence.allowed_ms)} of silence`);
  return parts.join('; ');
}
