import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { PageBody } from '../../../../src/api/contract.ts';
import { asProblem } from '../state/resource.ts';
import { useLoaded } from '../state/use-loaded.ts';
import { Panel } from './panel.tsx';

interface Paged<Row> {
  /** Asks the server for the first page, or for the one that a cursor names. */
  readonly load: (cursor?: string) => Promise<PageBody<Row>>;
  /** What the button says that asks for the next page. */
  readonly moreLabel: string;
  /** Shows the first page with the rows loaded behind it, and whether there are more. */
  readonly children: (
    first: readonly Row[],
    further: readonly Row[],
    goesOn: boolean,
  ) => ComponentChildren;
}

interface PagedPanelProps<Row> extends Paged<Row> {
  readonly title: string;
  readonly skeletonRows: number;
  /** Changes when other rows are asked for: what was loaded is then forgotten. */
  readonly filterKey: string;
  /** How long the first page stays good. */
  readonly againMs: number;
}

/** A box of rows that the server filters and pages; further pages are hung on at the end. */
export function PagedPanel<Row>(props: PagedPanelProps<Row>) {
  const { filterKey: key, load } = props;
  const [extended, setExtended] = useState('');
  // Once further pages hang on the first one, replacing it would leave a gap between them.
  const againAfterMs = (): number | null => (extended === key ? null : props.againMs);
  const { resource, again } = useLoaded(key, () => load(), againAfterMs);
  return (
    <Panel
      title={props.title}
      resource={resource}
      onRetry={again}
      skeletonRows={props.skeletonRows}
    >
      {(page) => <Pages {...props} key={key} page={page} onExtended={() => setExtended(key)} />}
    </Panel>
  );
}

interface PagesProps<Row> extends Paged<Row> {
  readonly page: PageBody<Row>;
  readonly onExtended: () => void;
}

function Pages<Row>({ page, load, moreLabel, onExtended, children }: PagesProps<Row>) {
  const [further, setFurther] = useState<PageBody<Row> | null>(null);
  const [note, setNote] = useState('');
  const { next } = further ?? page;

  async function loadNext(cursor: string): Promise<void> {
    setNote('Loading…');
    onExtended();
    try {
      const { items, next: then } = await load(cursor);
      setFurther((known) => ({ items: [...(known?.items ?? []), ...items], next: then }));
      setNote('');
    } catch (error) {
      setNote(asProblem(error).message);
    }
  }

  return (
    <>
      {children(page.items, further?.items ?? [], next !== null)}
      {(next !== null || note !== '') && (
        <div class="more">
          {next !== null && (
            <button type="button" class="button" onClick={() => void loadNext(next)}>
              {moreLabel}
            </button>
          )}
          <span role="status">{note}</span>
        </div>
      )}
    </>
  );
}
