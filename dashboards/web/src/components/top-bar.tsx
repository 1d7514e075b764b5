import type { TargetedSubmitEvent } from 'preact';
import { formatAge } from '../format/number.ts';
import { zoneSuffix } from '../format/time.ts';
import { THEMES, theme, zone } from '../state/preferences.ts';
import { goTo, hrefTo, location, replaceQuery, tenantFilter } from '../state/router.ts';
import { agents, connection, now, status } from '../state/store.ts';
import { AutoIcon, Mark, MoonIcon, SunIcon } from './icons.tsx';
import { Segmented } from './segmented.tsx';

export const PAGE_NAMES = {
  overview: 'Overview',
  breakers: 'Breakers',
  findings: 'Findings',
  chains: 'Chains',
  reviews: 'Reviews',
  detectors: 'Detectors',
  privacy: 'Privacy',
  sources: 'Sources',
} as const;

const PAGES = Object.keys(PAGE_NAMES) as readonly (keyof typeof PAGE_NAMES)[];

/** Under which name a page without one of its own is found. */
const PARENTS: Readonly<Record<string, string>> = {
  breaker: 'breakers',
  approval: 'breakers',
  chain: 'chains',
  finding: 'findings',
  review: 'reviews',
};

/** Product, pages, search, tenant, zone, theme and whether the page is live. */
export function TopBar() {
  const { page } = location.value.route;
  return (
    <header class="top-bar">
      <div class="top-bar-inner">
        <a class="brand" href={hrefTo({ page: 'overview' })}>
          <Mark />
          Tripcoil
        </a>
        <nav class="nav" aria-label="Pages">
          {PAGES.map((one) => (
            <a
              key={one}
              href={hrefTo({ page: one })}
              aria-current={one === (PARENTS[page] ?? page) ? 'page' : undefined}
            >
              {PAGE_NAMES[one]}
            </a>
          ))}
        </nav>
        <LiveIndicator />
        <div class="top-tools">
          <Find />
          <TenantSelect />
          <ZoneToggle />
          <ThemeToggle />
        </div>
      </div>
    </header>
  );
}

function LiveIndicator() {
  const state = connection.value;
  if (state.phase === 'live') {
    return (
      <span class="live" title="Changes arrive as they happen">
        <span class="live-dot" />
        Live
      </span>
    );
  }
  if (state.phase === 'lost') {
    const age = formatAge(Math.max(0, now.value - state.since));
    return (
      <span class="live lost" title="Trying again; the lists are still polled">
        <span class="live-dot" />
        Stream lost {age === 'now' ? 'now' : `${age} ago`}
      </span>
    );
  }
  return (
    <span class="live waiting">
      <span class="live-dot" />
      {state.phase === 'paused' ? 'Paused' : 'Connecting'}
    </span>
  );
}

/** One box for any id: an agent's name or tenant/agent opens it, the rest is taken for a chain. */
function Find() {
  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('id');
    if (!(field instanceof HTMLInputElement)) return;
    const id = field.value.trim();
    if (id === '') return;
    const agent = agents.state.value.data?.find((one) => one.agent === id);
    const named = /^([^/]+)\/([^/]+)$/.exec(id);
    if (agent !== undefined) goTo({ page: 'agent', tenant: agent.tenant, agent: agent.agent });
    else if (named === null) goTo({ page: 'chain', id });
    else goTo({ page: 'agent', tenant: named[1] ?? '', agent: named[2] ?? '' });
    field.value = '';
    field.blur();
  }
  return (
    <search class="find">
      <form onSubmit={submit}>
        <input
          type="search"
          name="id"
          id="find"
          list="known-agents"
          autocomplete="off"
          spellcheck={false}
          aria-label="Find an agent, trace, decision, token or session by its id"
          placeholder="Find by any id…  /"
        />
        <datalist id="known-agents">
          {(agents.state.value.data ?? []).slice(0, 200).map((one) => (
            <option key={`${one.tenant}/${one.agent}`} value={one.agent} />
          ))}
        </datalist>
      </form>
    </search>
  );
}

function TenantSelect() {
  const known = status.state.value.data?.tenants.map((one) => one.tenant) ?? [];
  const chosen = tenantFilter.value;
  const offered = chosen === '' || known.includes(chosen) ? known : [...known, chosen];
  return (
    <select
      class="select"
      aria-label="Tenant"
      value={chosen}
      onChange={(event) => replaceQuery({ tenant: event.currentTarget.value })}
    >
      <option value="">All tenants</option>
      {offered.map((tenant) => (
        <option key={tenant} value={tenant}>
          {tenant}
        </option>
      ))}
    </select>
  );
}

function ZoneToggle() {
  return (
    <Segmented
      name="Time zone"
      value={zone.value}
      onChange={(value) => {
        zone.value = value;
      }}
      choices={[
        { value: 'utc', label: 'UTC' },
        { value: 'local', label: `Local ${zoneSuffix(now.value, 'local').replace(':00', '')}` },
      ]}
    />
  );
}

const THEME_ICONS = { auto: <AutoIcon />, light: <SunIcon />, dark: <MoonIcon /> };
const THEME_NAMES = { auto: 'Theme as the system', light: 'Light theme', dark: 'Dark theme' };

function ThemeToggle() {
  return (
    <Segmented
      name="Theme"
      value={theme.value}
      onChange={(value) => {
        theme.value = value;
      }}
      choices={THEMES.map((value) => ({
        value,
        label: THEME_NAMES[value],
        icon: THEME_ICONS[value],
      }))}
    />
  );
}
