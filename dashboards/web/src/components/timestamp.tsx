import { formatAge } from '../format/number.ts';
import { formatEverywhere, formatStamp } from '../format/time.ts';
import { zone } from '../state/preferences.ts';
import { now } from '../state/store.ts';

/** A moment in the viewer's zone; the tooltip has both zones and the age. */
export function Timestamp({ at }: { at: string | number }) {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(ms)) return <span>–</span>;
  return (
    <time
      class="nowrap"
      dateTime={new Date(ms).toISOString()}
      title={formatEverywhere(ms, now.value)}
    >
      {formatStamp(ms, zone.value, now.value)}
    </time>
  );
}

/** How long ago, ticking. */
export function Age({ at, ago = false }: { at: string | number; ago?: boolean }) {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(ms)) return <span>–</span>;
  const age = formatAge(Math.max(0, now.value - ms));
  return (
    <time
      class="nowrap"
      dateTime={new Date(ms).toISOString()}
      title={formatEverywhere(ms, now.value)}
    >
      {ago && age !== 'now' ? `${age} ago` : age}
    </time>
  );
}
