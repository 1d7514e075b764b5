import { hrefTo } from '../state/router.ts';

/** An address that means nothing here. */
export function MissingPage({ path }: { path: string }) {
  return (
    <div class="message">
      <h1>No such page</h1>
      <p>
        Nothing lives at <code>{path}</code>.{' '}
        <a class="link" href={hrefTo({ page: 'overview' })}>
          Back to the overview
        </a>
      </p>
    </div>
  );
}
