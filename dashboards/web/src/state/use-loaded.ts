import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Resource, stepResource, UNKNOWN } from './resource.ts';

/**
 * Loads what one page alone needs, again whenever `key` changes; `again` reloads on demand.
 * `againAfterMs` tells how long an answer stays good, null for as long as the page is open; nobody
 * is asked for a page that nobody sees.
 */
export function useLoaded<Data>(
  key: string,
  load: (signal: AbortSignal) => Promise<Data>,
  againAfterMs: (resource: Resource<Data>) => number | null = () => null,
): { readonly resource: Resource<Data>; readonly again: () => void } {
  const [round, setRound] = useState(0);
  const [kept, setKept] = useState<{ key: string; resource: Resource<Data> }>({
    key,
    resource: UNKNOWN,
  });

  useEffect(() => {
    const stop = new AbortController();
    const take = (step: Parameters<typeof stepResource<Data>>[1]): void => {
      if (stop.signal.aborted) return;
      setKept((before) => ({
        key,
        resource: stepResource(before.key === key ? before.resource : UNKNOWN, step),
      }));
    };
    take({ type: 'asked' });
    load(stop.signal).then(
      (data) => take({ type: 'arrived', data, at: Date.now() }),
      (error: unknown) => take({ type: 'failed', problem: asProblem(error) }),
    );
    return () => stop.abort();
  }, [key, round]);

  const resource = kept.key === key ? kept.resource : UNKNOWN;
  const again = (): void => setRound((before) => before + 1);
  useEffect(() => {
    const waitMs = resource.loading ? null : againAfterMs(resource);
    if (waitMs === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, waitMs);
    return () => clearInterval(timer);
  }, [resource]);
  return { resource, again };
}
