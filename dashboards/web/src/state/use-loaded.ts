import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Resource, stepResource, UNKNOWN } from './resource.ts';

/** Loads what one page alone needs, again whenever `key` changes; `again` reloads on demand. */
export function useLoaded<Data>(
  key: string,
  load: (signal: AbortSignal) => Promise<Data>,
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
  return { resource, again: () => setRound(round + 1) };
}
