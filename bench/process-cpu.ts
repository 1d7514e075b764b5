import { readdir, readFile } from 'node:fs/promises';

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_S = 100;

/**
 * CPU seconds that a process and those it started have used, all threads included. Null where
 * `/proc` is not there to tell.
 */
export async function cpuSecondsOf(pid: number): Promise<number | null> {
  const stats = await readStats();
  if (!stats.has(pid)) return null;
  let seconds = 0;
  const wanted = [pid];
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    seconds += stats.get(next)?.seconds ?? 0;
    for (const [child, { parent }] of stats) if (parent === next) wanted.push(child);
  }
  return seconds;
}

async function readStats(): Promise<Map<number, { parent: number; seconds: number }>> {
  const stats = new Map<number, { parent: number; seconds: number }>();
  const entries = await readdir('/proc').catch(() => []);
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const text = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => null);
    if (text === null) continue;
    // The name may hold anything, so fields are counted from the last closing bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
    stats.set(Number(entry), { parent: Number(fields[1]), seconds });
  }
  return stats;
}
