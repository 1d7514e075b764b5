import { useMemo, useState } from 'preact/hooks';
import type { AgentBody, FindingBody } from '../../../../../src/api/contract.ts';
import { Chart, type ChartMark } from '../../components/chart.tsx';
import { TripIcon, WouldIcon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { fillBuckets, RANGE_NAMES, RANGES, type Range, rangeOf } from '../../format/buckets.ts';
import { formatCount, formatDuration } from '../../format/number.ts';
import { outcomeOf } from '../../format/reason.ts';
import { type ActivityBucket, api } from '../../state/api.ts';
import { zone } from '../../state/preferences.ts';
import { location, replaceQuery } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';

interface BehaviourProps {
  readonly body: AgentBody;
  readonly findings: readonly FindingBody[];
}

const AGAIN_MS = 10_000;

/** What the agent did, per bucket, with its trips on the same axis. */
export function BehaviourPanel({ body, findings }: BehaviourProps) {
  const { tenant, agent } = body;
  const suggested = suggestedRange(body, findings);
  const range = rangeOf(location.value.query['range'], suggested);
  const asTable = location.value.query['view'] === 'table';
  const { spanMs, bucketMs } = RANGES[range];
  const { resource, again } = useLoaded(
    `${tenant}/${agent}/${range}`,
    async (signal) => {
      const untilMs = Date.now();
      const sinceMs = untilMs - spanMs;
      const buckets = await api.activity({ tenant, agent, sinceMs, bucketMs }, signal);
      return fillBuckets(buckets, sinceMs, untilMs, bucketMs);
    },
    () => AGAIN_MS,
  );
  return (
    <Panel
      title="Behaviour"
      count={`per ${formatDuration(bucketMs)}, ${zone.value === 'utc' ? 'UTC' : 'local time'}`}
      resource={resource}
      onRetry={again}
      skeletonRows={9}
      aside={
        <>
          <Segmented
            name="Range"
            value={range}
            onChange={(value) => replaceQuery({ range: value })}
            choices={RANGE_NAMES.map((value) => ({ value, label: RANGES[value].label }))}
          />
          <Segmented
            name="View"
            value={asTable ? 'table' : 'chart'}
            onChange={(value) => replaceQuery({ view: value === 'table' ? 'table' : '' })}
            choices={[
              { value: 'chart', label: 'Chart' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </>
      }
    >
      {(buckets) =>
        asTable ? (
          <BucketTable buckets={buckets} />
        ) : (
          <Charts buckets={buckets} bucketMs={bucketMs} findings={findings} />
        )
      }
    </Panel>
  );
}

function Charts(props: {
  buckets: readonly ActivityBucket[];
  bucketMs: number;
  findings: readonly FindingBody[];
}) {
  const { buckets, findings } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const series = useMemo(
    () => ({
      times: buckets.map((bucket) => bucket.time),
      calls: buckets.map((bucket) => bucket.calls),
      records: buckets.map((bucket) => bucket.records),
    }),
    [buckets],
  );
  const marks = useMemo(() => marksOf(findings), [findings]);
  const at = hovered === null ? undefined : buckets[hovered];
  return (
    <figure class="chart-box" aria-label="Calls and records per bucket. Choose Table to read them.">
      {(['calls', 'records'] as const).map((measure) => (
        <div key={measure}>
          <div class="chart-title">
            {measure === 'calls' ? 'Calls' : 'Records'}
            <span>
              {at === undefined ? (
                `${formatCount(sum(series[measure]))} in all`
              ) : (
                <>
                  {formatCount(at[measure])} from <Timestamp at={at.time} />
                </>
              )}
            </span>
          </div>
          <Chart
            times={series.times}
            values={series[measure]}
            marks={marks}
            bucketMs={props.bucketMs}
            onHover={setHovered}
          />
        </div>
      ))}
      {marks.length > 0 && (
        <ul class="legend chart-legend">
          <li>
            <span class="mark-trip">
              <TripIcon size={10} />
            </span>
            tripped
          </li>
          <li>
            <WouldIcon size={10} />
            would have tripped
          </li>
        </ul>
      )}
    </figure>
  );
}

function marksOf(findings: readonly FindingBody[]): readonly ChartMark[] {
  const marks: ChartMark[] = [];
  for (const finding of findings) {
    const { kind } = outcomeOf(finding);
    if (kind !== 'held') marks.push({ time: Date.parse(finding.time), kind });
  }
  return marks;
}

/** A spike of one minute drowns in the bars of a day, and a new agent has no day to show. */
function suggestedRange(body: AgentBody, findings: readonly FindingBody[]): Range {
  const since = Date.now() - RANGES['1h'].spanMs;
  const isNew = Date.parse(body.first_seen) >= since;
  return isNew || marksOf(findings).some((mark) => mark.time >= since) ? '1h' : '24h';
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Buckets with activity, newest first: the chart for those who read rather than look. */
function BucketTable({ buckets }: { buckets: readonly ActivityBucket[] }) {
  const rows = buckets.filter((bucket) => bucket.calls > 0 || bucket.records > 0).reverse();
  if (rows.length === 0) return <p class="message">No activity in this range.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take keys.
    <section class="table-wrap chart-table" tabIndex={0} aria-label="Activity per bucket">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" class="num">
              Calls
            </th>
            <th scope="col" class="num">
              Records
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((bucket) => (
            <tr key={bucket.time}>
              <td>
                <Timestamp at={bucket.time} />
              </td>
              <td class="num">{formatCount(bucket.calls)}</td>
              <td class="num">{formatCount(bucket.records)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
