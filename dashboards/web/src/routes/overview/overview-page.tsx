import { FirstRun } from '../../components/first-run.tsx';
import { Failure } from '../../components/panel.tsx';
import { agents, breakers, refreshAll, status } from '../../state/store.ts';
import { AgentsPanel } from './agents-panel.tsx';
import { BreakersPanel } from './breakers-panel.tsx';
import { FeedPanel } from './feed-panel.tsx';
import { Tiles } from './tiles.tsx';

/** Is something tripped, did the brokers obey, am I blind, is anything arriving: in one glance. */
export function OverviewPage() {
  const known = agents.state.value;
  const server = status.state.value;
  const isEmpty =
    known.data !== null && known.data.length === 0 && server.data?.ingest.events === 0;
  if (isEmpty) return <FirstRun />;
  const down = [known, server, breakers.state.value].every(
    (one) => one.data === null && one.problem !== null,
  );
  if (down && server.problem !== null) {
    return (
      <div class="panel">
        <h1 class="hidden-text">Overview</h1>
        <Failure what="Overview" problem={server.problem} onRetry={refreshAll} />
      </div>
    );
  }
  return (
    <>
      <h1 class="hidden-text">Overview</h1>
      <Tiles />
      <div class="columns">
        <div class="stack">
          <BreakersPanel />
          <AgentsPanel />
        </div>
        <FeedPanel />
      </div>
    </>
  );
}
