import { createBreakerClient } from '../client/src/index.ts';

/** What the process is told: where to follow, and one token for each subscriber. */
export interface SubscribersOrder {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly tenant: string;
}

/** Of each key, when each subscriber had it applied: wall milliseconds, unordered. */
export type AppliedTimes = Readonly<Record<string, readonly number[]>>;

const { url, tokens, tenant } = JSON.parse(process.argv[2] ?? '{}') as SubscribersOrder;
const applied = new Map<string, number[]>();

const clients = tokens.map((token) =>
  createBreakerClient({
    url,
    token,
    tenant,
    onTrip: ({ key }) => {
      const name = `${key.kind}/${key.id}`;
      const times = applied.get(name);
      const now = performance.timeOrigin + performance.now();
      if (times === undefined) applied.set(name, [now]);
      else times.push(now);
    },
  }),
);
const fresh = await Promise.all(clients.map((client) => client.ready({ timeoutMs: 30_000 })));
process.on('message', () => {
  process.send?.(Object.fromEntries(applied) satisfies AppliedTimes);
});
process.send?.(fresh.every((one) => one) ? 'ready' : 'not fresh');
