const EVERY_MS = 100;
const WIDTH = 30;

/** A progress bar on a terminal, and silence elsewhere; `share` is 0 to 1. */
export function progressLine(): (share: number, what: string) => void {
  let shownAt = 0;
  return (share, what) => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - shownAt < EVERY_MS) return;
    shownAt = now;
    const filled = Math.round(Math.max(0, Math.min(1, share)) * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    process.stderr.write(`\r\u001b[K${bar} ${(share * 100).toFixed(0)} %  ${what}`);
  };
}

/** Takes the bar away before anything else is said. */
export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}
