import type { PersonalFindingBody } from '../../../../../src/api/contract.ts';
import { PagedPanel } from '../../components/paged-panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { formatCount } from '../../format/number.ts';
import { gravestFirst, isSecret, typeInWords } from '../../format/personal.ts';
import { api, type PersonalFilter } from '../../state/api.ts';
import { hrefTo } from '../../state/router.ts';

const AGAIN_MS = 15_000;

/** Every place where a kind was met, secrets and the most frequent first. */
export function PlacesPanel({ filter }: { filter: PersonalFilter }) {
  return (
    <PagedPanel
      title="Where"
      skeletonRows={8}
      filterKey={JSON.stringify(filter)}
      againMs={AGAIN_MS}
      load={(cursor) => api.personalFindings({ ...filter, cursor })}
      moreLabel="Load more"
    >
      {(first, further) => {
        const rows = [...first, ...further].sort(gravestFirst);
        return rows.length === 0 ? <Nowhere /> : <PlaceTable rows={rows} />;
      }}
    </PagedPanel>
  );
}

function Nowhere() {
  return (
    <div class="message">
      <h3>Nowhere</h3>
      <p>No place matches these filters. Choose any type to see the others.</p>
    </div>
  );
}

function PlaceTable({ rows }: { rows: readonly PersonalFindingBody[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col">Type</th>
            <th scope="col">Field</th>
            <th scope="col" class="medium">
              Agent
            </th>
            <th scope="col" class="num">
              Count
            </th>
            <th scope="col" class="wide">
              First
            </th>
            <th scope="col" class="medium">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={JSON.stringify([row.tenant, row.type, row.source, row.field, row.agent])}
              row={row}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { row: PersonalFindingBody }) {
  const { tenant, type, source, field, agent, count, first_seen: first, last_seen: last } = row;
  const href = hrefTo({ page: 'agent', tenant, agent });
  return (
    <tr>
      <td class="top type-cell">
        {isSecret(type) && <span class="chip warn">secret</span>} {typeInWords(type)}
      </td>
      <th scope="row" class="top place-cell">
        <code>{field}</code>
        <span class="sub">by {source}</span>
        <span class="sub narrow-only">
          <a class="link" href={href}>
            {agent}
          </a>{' '}
          of {tenant}, last <Timestamp at={last} />
        </span>
      </th>
      <td class="top medium">
        <a class="link" href={href}>
          {agent}
        </a>
        <span class="sub">{tenant}</span>
      </td>
      <td class="top num">{formatCount(count)}</td>
      <td class="top wide muted">
        <Timestamp at={first} />
      </td>
      <td class="top medium muted">
        <Timestamp at={last} />
      </td>
    </tr>
  );
}
