import { useEffect } from 'preact/hooks';
import { Banners } from './components/banners.tsx';
import { SignIn } from './components/sign-in.tsx';
import { PAGE_NAMES, TopBar } from './components/top-bar.tsx';
import { AgentPage } from './routes/agent/agent-page.tsx';
import { ApprovalPage } from './routes/breakers/approval-page.tsx';
import { BreakerPage } from './routes/breakers/breaker-page.tsx';
import { BreakersPage } from './routes/breakers/breakers-page.tsx';
import { ChainPage } from './routes/chain/chain-page.tsx';
import { ChainsPage } from './routes/chains/chains-page.tsx';
import { DetectorsPage } from './routes/detectors/detectors-page.tsx';
import { FindingPage } from './routes/finding/finding-page.tsx';
import { FindingsPage } from './routes/findings-page.tsx';
import { MissingPage } from './routes/missing-page.tsx';
import { OverviewPage } from './routes/overview/overview-page.tsx';
import { PrivacyPage } from './routes/privacy/privacy-page.tsx';
import { ReviewPage } from './routes/review/review-page.tsx';
import { ReviewsPage } from './routes/reviews/reviews-page.tsx';
import { SourcesPage } from './routes/sources/sources-page.tsx';
import { isLocked } from './state/credential.ts';
import { location, type Route } from './state/router.ts';
import { announcement, heldBreakers, status } from './state/store.ts';

/** The frame around every page. */
export function App() {
  const { route } = location.value;
  return (
    <>
      <button
        type="button"
        class="button skip"
        onClick={() => document.getElementById('main')?.focus()}
      >
        Skip to content
      </button>
      <TopBar />
      <Banners />
      <main id="main" tabIndex={-1}>
        {isLocked.value ? <SignIn /> : <Page route={route} />}
      </main>
      <Foot />
      <div class="hidden-text" role="status" aria-live="polite">
        {announcement.value}
      </div>
      <DocumentTitle route={route} />
    </>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />;
    case 'agent':
      return (
        <AgentPage
          key={`${route.tenant}/${route.agent}`}
          tenant={route.tenant}
          agent={route.agent}
        />
      );
    case 'breakers':
      return <BreakersPage />;
    case 'breaker': {
      const { tenant, kind, id } = route;
      const { agent } = location.value.query;
      const narrowed = agent === undefined ? {} : { agent };
      const named = { tenant, kind, id, ...narrowed };
      return <BreakerPage key={JSON.stringify(named)} named={named} />;
    }
    case 'approval':
      return <ApprovalPage key={route.id} id={route.id} />;
    case 'chain':
      return <ChainPage key={route.id} id={route.id} />;
    case 'chains':
      return <ChainsPage />;
    case 'findings':
      return <FindingsPage />;
    case 'finding':
      return (
        <FindingPage key={`${route.tenant}/${route.id}`} tenant={route.tenant} id={route.id} />
      );
    case 'reviews':
      return <ReviewsPage />;
    case 'review':
      return <ReviewPage key={route.id} id={route.id} />;
    case 'detectors':
      return <DetectorsPage />;
    case 'privacy':
      return <PrivacyPage />;
    case 'sources':
      return <SourcesPage />;
    case 'missing':
      return <MissingPage path={route.path} />;
  }
}

/** Open breakers lead the title, so that a tab in the background tells. */
function DocumentTitle({ route }: { route: Route }) {
  const open = heldBreakers.value.length;
  const title = `${open > 0 ? `(${open}) ` : ''}${titleOf(route)}Tripcoil`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}

function titleOf(route: Route): string {
  if (route.page === 'agent') return `${route.agent} · `;
  if (route.page === 'chain') return `Chain ${route.id.slice(0, 12)} · `;
  if (route.page === 'finding') return `Finding ${route.id} · `;
  if (route.page === 'review') return `Review ${route.id} · `;
  if (route.page === 'breaker') return `Breaker ${route.id} · `;
  if (route.page === 'approval') return `Approval ${route.id} · `;
  if (route.page === 'overview' || route.page === 'missing') return '';
  return `${PAGE_NAMES[route.page]} · `;
}

function Foot() {
  const body = status.state.value.data;
  if (body === null) return null;
  const { ledger, store } = body;
  const behind = ledger.seq - store.projected_seq;
  return (
    <footer class="foot">
      <span>Tripcoil {body.version}</span>
      {body.scope === undefined && (
        <span>
          Ledger entry {ledger.seq.toLocaleString('en')}, head{' '}
          <code title={ledger.hash}>{ledger.hash.slice(0, 12)}</code>
        </span>
      )}
      <span>
        Store {store.kind}: {store.healthy ? 'healthy' : 'down (breakers do not depend on it)'}
        {store.healthy && behind > 1000 && `, ${behind.toLocaleString('en')} entries behind`}
      </span>
      <span>Term {body.term}</span>
    </footer>
  );
}
