import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { RequestProblem } from '../state/api.ts';
import type { Resource } from '../state/resource.ts';
import { connection } from '../state/store.ts';
import { Timestamp } from './timestamp.tsx';

/** Data older than this while the stream is lost is marked with its age. */
const STALE_AFTER_MS = 20_000;

interface PanelProps<Data> {
  readonly title: string;
  readonly count?: string | undefined;
  readonly aside?: ComponentChildren;
  readonly resource: Resource<Data>;
  readonly onRetry: () => void;
  readonly skeletonRows?: number;
  readonly children: (data: Data) => ComponentChildren;
}

/** A titled box with every state a box can be in: loading, failed, stale, filled. */
export function Panel<Data>(props: PanelProps<Data>) {
  const { resource } = props;
  const id = useId();
  return (
    <section
      class="panel"
      aria-labelledby={id}
      aria-busy={resource.data === null && resource.loading}
    >
      <header class="panel-head">
        <h2 id={id}>
          {props.title}
          {props.count !== undefined && <span class="count"> {props.count}</span>}
        </h2>
        <StaleBadge resource={resource} />
        {props.aside !== undefined && <div class="aside">{props.aside}</div>}
      </header>
      <PanelBody {...props} />
    </section>
  );
}

function PanelBody<Data>({ resource, children, onRetry, title, skeletonRows }: PanelProps<Data>) {
  if (resource.data !== null) return <>{children(resource.data)}</>;
  if (resource.problem !== null) {
    return <Failure what={title} problem={resource.problem} onRetry={onRetry} />;
  }
  return <Skeleton rows={skeletonRows ?? 4} />;
}

/** Grey bars, after a moment, so that a fast answer never flashes. */
export function Skeleton({ rows }: { rows: number }) {
  const widths = ['72%', '54%', '84%', '61%', '77%'];
  return (
    <div class="skeleton">
      <div class="hidden-text">Loading</div>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} style={{ '--width': widths[row % widths.length] }} />
      ))}
    </div>
  );
}

/** Says what failed in the server's words, and offers to try again. */
export function Failure(props: { what: string; problem: RequestProblem; onRetry: () => void }) {
  const { problem } = props;
  const denied = problem.status === 401 || problem.status === 403;
  return (
    <div class="message" role="alert">
      <p class="message-title">
        {denied ? 'Not allowed to read this' : `Could not load: ${props.what.toLowerCase()}`}
      </p>
      <p>
        {problem.message} <code>{problem.code}</code>
        {problem.requestId !== undefined && (
          <>
            {' '}
            request <code>{problem.requestId}</code>
          </>
        )}
      </p>
      {denied && <p>A credential with the role viewer is needed for this tenant.</p>}
      <button type="button" class="button" onClick={props.onRetry}>
        Try again
      </button>
    </div>
  );
}

function StaleBadge({ resource }: { resource: Resource<unknown> }) {
  if (resource.data === null || resource.at === null) return null;
  const lost = connection.value.phase === 'lost' && Date.now() - resource.at > STALE_AFTER_MS;
  if (resource.problem === null && !lost) return null;
  return (
    <span class="badge-stale" title={resource.problem?.message ?? 'The stream is lost'}>
      as of <Timestamp at={resource.at} />
    </span>
  );
}
