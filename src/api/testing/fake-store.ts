import type { Transition } from '../../core/breaker.ts';
import { chainIdOf } from '../../core/chain.ts';
import { TripcoilError } from '../../core/errors.ts';
import type { Finding } from '../../core/finding.ts';
import type { ChainRow, FindingQuery, Store } from '../../ports/store.ts';

/** A store of plain rows that can be away; it notes the questions about findings. */
export function fakeStore(
  state: {
    findings: Finding[];
    chain: ChainRow[];
    transitions: { seq: number; transition: Transition }[];
    asked: FindingQuery[];
    storeDown: boolean;
  },
  seen: (tenants: readonly string[] | '*', tenant: string) => boolean,
): Store {
  const up = () => {
    if (state.storeDown)
      throw new TripcoilError('storage_unavailable', 'away', { retryable: true });
  };
  return {
    projectedSeq: async () => {
      up();
      return 40;
    },
    project: async () => {},
    findings: async (query) => {
      up();
      state.asked.push(query);
      const rows = state.findings.filter(
        ({ tenant, id }) => seen(query.tenants, tenant) && id === (query.id ?? id),
      );
      return { rows, next: null };
    },
    chain: async (tenants, _id, limit) => {
      up();
      const rows = state.chain.filter(({ event }) => seen(tenants, event.tenant.id));
      return { rows: rows.slice(0, limit), links: [], others: [] };
    },
    wholeChains: async (locals, limit) => {
      up();
      return locals.map(({ tenant }) => {
        const rows = state.chain.filter(({ event }) => event.tenant.id === tenant);
        return { rows: rows.slice(0, limit), links: [], others: [] };
      });
    },
    chains: async (query) => {
      up();
      const heads = state.chain.filter(({ event }) => seen(query.tenants, event.tenant.id));
      const rows = heads.map(({ event, seq }) => {
        const { time: firstTime, tenant } = event;
        return {
          tenant: tenant.id,
          chain: chainIdOf(event),
          firstTime,
          firstSeq: seq,
          cursor: 'c',
        };
      });
      return { rows, next: null };
    },
    authentications: async ({ tenants, since = 0, outcome, without }) => {
      up();
      const rows = state.chain.filter(
        ({ event }) =>
          event.kind === 'authentication' &&
          event.time >= since &&
          event.tenant.id !== without &&
          seen(tenants, event.tenant.id) &&
          (outcome === undefined || event.outcome.status === outcome),
      );
      return { rows, next: null };
    },
    token: async (tenants, id, limit) => {
      up();
      const rows = state.chain.filter(
        ({ event: { tenant, token } }) =>
          seen(tenants, tenant.id) && (token?.jti === id || token?.ref === id),
      );
      return { rows: rows.slice(0, limit), transitions: state.transitions };
    },
    activity: async ({ since }) => {
      up();
      return [{ bucket: since, calls: 3, records: 1.5 }];
    },
    countHolding: async () => ({ events: 0, findings: 0, transitions: 0 }),
    erase: async () => {},
    healthy: () => !state.storeDown,
    close: async () => {},
  };
}
