import { computed, signal } from '@preact/signals';
import type { KeyBody } from '../../../../src/api/breaker-contract.ts';

/** Where the viewer is. Everything that a link should carry is in here. */
export type Route =
  | { readonly page: 'overview' }
  | { readonly page: 'agent'; readonly tenant: string; readonly agent: string }
  | { readonly page: 'breakers' }
  | {
      readonly page: 'breaker';
      readonly tenant: string;
      readonly kind: string;
      readonly id: string;
    }
  | { readonly page: 'approval'; readonly id: string }
  | { readonly page: 'chain'; readonly id: string }
  | { readonly page: 'chains' }
  | { readonly page: 'findings' }
  | { readonly page: 'finding'; readonly tenant: string; readonly id: string }
  | { readonly page: 'reviews' }
  | { readonly page: 'review'; readonly id: string }
  | { readonly page: 'detectors' }
  | { readonly page: 'privacy' }
  | { readonly page: 'sources' }
  | { readonly page: 'missing'; readonly path: string };

export type Query = Readonly<Record<string, string>>;

export interface Location {
  readonly route: Route;
  readonly query: Query;
}

/** Reads `#/agents/acme/invoice-bot?range=24h`. Never throws, whatever was typed. */
export function parseHash(hash: string): Location {
  const text = hash.replace(/^#/, '');
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(mark === -1 ? '' : text.slice(mark + 1))) {
    query[name] = value;
  }
  return { route: routeOf(path), query };
}

/** Pages whose address is their name alone. */
const PLAIN_PAGES = [
  'breakers',
  'findings',
  'chains',
  'reviews',
  'detectors',
  'privacy',
  'sources',
] as const;

function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [page, first, second, third] = parts.map(decoded);
  if (page === undefined) return { page: 'overview' };
  const plain = PLAIN_PAGES.find((one) => one === page);
  if (plain !== undefined && parts.length === 1) return { page: plain };
  if (page === 'findings' && first !== undefined && second !== undefined && parts.length === 3) {
    return { page: 'finding', tenant: first, id: second };
  }
  if (page === 'breakers' && first !== undefined && second !== undefined && third !== undefined) {
    if (parts.length === 4) return { page: 'breaker', tenant: first, kind: second, id: third };
  }
  if (page === 'approvals' && first !== undefined && parts.length === 2) {
    return { page: 'approval', id: first };
  }
  if (page === 'chains' && first !== undefined && parts.length === 2) {
    return { page: 'chain', id: first };
  }
  if (page === 'reviews' && first !== undefined && parts.length === 2) {
    return { page: 'review', id: first };
  }
  if (page === 'agents' && first !== undefined && second !== undefined && parts.length === 3) {
    return { page: 'agent', tenant: first, agent: second };
  }
  return { page: 'missing', path };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function pathOf(route: Route): string {
  switch (route.page) {
    case 'overview':
      return '/';
    case 'agent':
      return `/agents/${encodeURIComponent(route.tenant)}/${encodeURIComponent(route.agent)}`;
    case 'chain':
      return `/chains/${encodeURIComponent(route.id)}`;
    case 'breaker':
      return `/breakers/${[route.tenant, route.kind, route.id].map(encodeURIComponent).join('/')}`;
    case 'approval':
      return `/approvals/${encodeURIComponent(route.id)}`;
    case 'review':
      return `/reviews/${encodeURIComponent(route.id)}`;
    case 'finding':
      return `/findings/${encodeURIComponent(route.tenant)}/${encodeURIComponent(route.id)}`;
    case 'missing':
      return route.path;
    default:
      return `/${route.page}`;
  }
}

/** The inverse of `parseHash`; empty values are left out. */
export function hashOf(route: Route, query: Query = {}): string {
  const kept = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(kept).toString();
  return `#${pathOf(route)}${search === '' ? '' : `?${search}`}`;
}

/** The address bar as a signal. */
export const location = signal<Location>(parseHash(globalThis.location?.hash ?? ''));

/** The tenant every page is narrowed to, or empty for all. */
export const tenantFilter = computed(() => location.value.query['tenant'] ?? '');

/** A link that keeps the tenant filter. */
export function hrefTo(route: Route, query: Query = {}): string {
  return hashOf(route, { tenant: tenantFilter.value, ...query });
}

/** The page of one breaker; a tool's breaker needs the agent too. */
export function hrefToBreaker({ tenant, kind, id, agent }: KeyBody): string {
  return hrefTo({ page: 'breaker', tenant, kind, id }, agent === undefined ? {} : { agent });
}

/** Changes one part of the query in place, without a new history entry. */
export function replaceQuery(change: Query): void {
  const { route, query } = location.value;
  globalThis.history.replaceState(null, '', hashOf(route, { ...query, ...change }));
  location.value = parseHash(globalThis.location.hash);
}

/** Goes to a page, as a link would. */
export function goTo(route: Route, query: Query = {}): void {
  globalThis.location.hash = hrefTo(route, query);
}

/** Follows the address bar; returns the unsubscribe. */
export function followAddress(onArrive: () => void): () => void {
  const arrive = (): void => {
    location.value = parseHash(globalThis.location.hash);
    onArrive();
  };
  addEventListener('hashchange', arrive);
  return () => removeEventListener('hashchange', arrive);
}
