import { Panel } from '../../components/panel.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { detectorRows } from '../../format/detectors.ts';
import { api } from '../../state/api.ts';
import { location, replaceQuery, tenantFilter } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { DetectorTable } from './detector-table.tsx';

const AGAIN_MS = 15_000;

const SHOWN = [
  { value: 'all', label: 'All' },
  { value: 'acting', label: 'Can act' },
  { value: 'shadow', label: 'Shadow' },
  { value: 'blind', label: 'Blind' },
] as const;
type Shown = (typeof SHOWN)[number]['value'];

/** Who watches, who of them may act, whom they cannot see, and how often they were right. */
export function DetectorsPage() {
  const tenant = tenantFilter.value;
  const { resource, again } = useLoaded(
    tenant,
    () => api.detectors(tenant),
    () => AGAIN_MS,
  );
  const shown = SHOWN.find(({ value }) => value === location.value.query['show'])?.value ?? 'all';
  const all = resource.data === null ? null : detectorRows(resource.data);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Detectors</h1>
          <p class="facts hint">
            Who watches, which of them may act, which agents they cannot judge for want of a field,
            and how often people found them right.
          </p>
        </div>
      </div>
      <Panel
        title="Detectors and rules"
        count={all === null ? undefined : String(all.length)}
        resource={{ ...resource, data: all }}
        onRetry={again}
        skeletonRows={10}
        aside={
          <Segmented<Shown>
            name="Show"
            value={shown}
            onChange={(value) => replaceQuery({ show: value === 'all' ? '' : value })}
            choices={SHOWN}
          />
        }
      >
        {(rows) => {
          const fitting = rows.filter(({ modes, blind }) => {
            if (shown === 'all') return true;
            if (shown === 'blind') return blind > 0;
            return (shown === 'shadow') === modes.every(({ mode }) => mode === 'shadow');
          });
          if (fitting.length === 0) return <Nothing narrowed={rows.length > 0} />;
          return <DetectorTable rows={fitting} />;
        }}
      </Panel>
    </>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  return (
    <div class="message">
      <h3>No detectors</h3>
      <p>
        {narrowed
          ? 'None is like this. Choose All to see the others.'
          : 'Detectors belong to a tenant, and no tenant has sent anything yet.'}
      </p>
    </div>
  );
}
