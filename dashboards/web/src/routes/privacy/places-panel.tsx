import { useState } from 'preact/hooks';
import type { PageBody, PersonalFindingBody } from '../../../../../src/api/contract.ts';
import { Panel } from '../../components/panel.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { formatCount } from '../../format/number.ts';
import { gravestFirst, isSecret, typeInWords } from '../../format/personal.ts';
import { api, type PersonalFilter } from '../../state/api.ts';
import { asProblem } from '../../state/resource.ts';
import { hrefTo } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';

const AGAIN_MS = 15_000;

/** Every place where a kind was met, secrets and the most frequent first. */
export function PlacesPanel({ filter }: { filter: PersonalFilter }) {
  const key = JSON.stringify(filter);
  const [extended, setExtended] = useState('');
  // Once more pages hang on the first one, replacing it would leave a gap between them.
  const againAfterMs = (): number | null => (extended === key ? null : AGAIN_MS);
  const { resource, again } = useLoaded(key, () => api.personalFindings(filter), againAfterMs);
  return (
    <Panel title="Where" resource={resource} onRetry={again} skeletonRows={8}>
      {(page) => (
        <Pages key={key} first={page} filter={filter} onExtended={() => setExtended(key)} />
      )}
    </Panel>
  );
}

function Pages(props: {
  first: PageBody<PersonalFindingBody>;
  filter: PersonalFilter;
  onExtended: () => void;
}) {
  const { first, filter } = props;
  const [more, setMore] = useState<PageBody<PersonalFindingBody> | null>(null);
  const [note, setNote] = useState('');
  const next = more === null ? first.next : more.next;
  const rows = [...first.items, ...(more?.items ?? [])].sort(gravestFirst);

  async function load(cursor: string): Promise<void> {
    setNote('Loading…');
    props.onExtended();
    try {
      const page = await api.personalFindings({ ...filter, cursor });
      setMore((known) => ({ items: [...(known?.items ?? []), ...page.items], next: page.next }));
      setNote('');
    } catch (error) {
      setNote(asProblem(error).message);
    }
  }

  if (rows.length === 0) {
    return (
      <div class="message">
        <h3>Nowhere</h3>
        <p>No place matches these filters. Choose any type to see the others.</p>
      </div>
    );
  }
  return (
    <>
      <PlaceTable rows={rows} />
      {(next !== null || note !== '') && (
        <div class="more">
          {next !== null && (
            <button type="button" class="button" onClick={() => void load(next)}>
              Load more
            </button>
          )}
          <span role="status">{note}</span>
        </div>
      )}
    </>
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
