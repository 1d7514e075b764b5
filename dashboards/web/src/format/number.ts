const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const FRACTION = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const DASH = '–';

/** `4,812`; one decimal below ten unless whole. */
export function formatCount(value: number): string {
  return Math.abs(value) < 10 ? FRACTION.format(value) : GROUPED.format(value);
}

/** `12.4K`, for tiles where the exact number is noise. */
export function formatCompact(value: number): string {
  return Math.abs(value) < 10_000 ? formatCount(value) : COMPACT.format(value);
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, `4.7 MB`. */
export function formatBytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1000 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? GROUPED.format(scaled) : FRACTION.format(scaled)} ${BYTE_UNITS[unit]}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  sessions: 'new sessions',
  targets: 'different resources and destinations',
};

function formatDollars(value: number): string {
  return `$${value < 1_000 ? value.toFixed(2) : formatCount(value)}`;
}

/** A value of a named measure in its own unit. */
export function formatMeasure(measure: string | undefined, value: number): string {
  if (measure === 'cost') return formatDollars(value / 1_000_000);
  return measure?.startsWith('bytes') ? formatBytes(value) : formatCount(value);
}

/** The same with its noun: `29 calls`, `84.2 MB`. */
export function measureInWords(measure: string, value: number): string {
  const amount = formatMeasure(measure, value);
  if (measure === 'cost') return `${amount} of cost`;
  return measure.startsWith('bytes') ? amount : `${amount} ${NOUNS[measure] ?? measure}`;
}

/** `t-demo…spike-28`: ids differ at their ends as often as at their beginnings. */
export function shortened(id: string, most: number): string {
  if (id.length <= most) return id;
  const tail = Math.ceil((most - 1) / 2);
  return `${id.slice(0, most - 1 - tail)}…${id.slice(-tail)}`;
}

/** `p<1e-9`: the next power of ten above, so that it never claims more than was found. */
export function formatProbability(probability: number): string {
  if (probability <= 0) return 'p<1e-300';
  if (probability >= 0.01) return `p=${probability.toFixed(2)}`;
  return `p<1e${Math.ceil(Math.log10(probability) - 1e-9)}`;
}

/** Milliseconds as people say them: `84 ms`, `1.2 s`, `3 min`, `2 h 4 min`, `3 d 4 h`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return DASH;
  if (ms < 1000) return `${ms < 10 ? FRACTION.format(ms) : GROUPED.format(ms)} ms`;
  if (ms < 10_000) return `${FRACTION.format(ms / 1000)} s`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 || days >= 10 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** One unit only, for ages that tick: `now`, `14 s`, `3 min`, `2 h`, `5 d`. */
export function formatAge(ms: number): string {
  if (ms < 1000) return 'now';
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** `1 breaker`, `3 breakers`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
