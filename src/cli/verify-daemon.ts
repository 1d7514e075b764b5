import { type DaemonLog, LogRecheck, type RecheckProblem } from '../ledger/transparency/recheck.ts';
import { callDaemon, fetchDaemon } from './daemon-client.ts';
import { counted, talk } from './output.ts';
import { progressLine } from './progress-line.ts';
import type { Verdict, VerifyGiven } from './verdict.ts';

/** Whether this is the address of a daemon. */
export function isDaemon(target: string): boolean {
  return /^https?:\/\//.test(target);
}

interface LogsAnswer {
  readonly items: readonly {
    readonly tenant: string;
    readonly origin: string;
    readonly verifier_key: string;
    readonly checkpoint: string | null;
    readonly prefix: string;
  }[];
}

/**
 * Reads every log of a running daemon, hashes all of it, and compares with its signed checkpoint
 * and with those that were kept.
 */
export async function verifyDaemon(server: string, given: VerifyGiven): Promise<Verdict> {
  const { key, kept } = given;
  const options = { ...given, server };
  const { items } = await callDaemon<LogsAnswer>(options, 'GET', '/v1/ledger/logs');
  const show = progressLine();
  const problems: RecheckProblem[] = [];
  const logs: { tenant: string; origin: string; size: number; root: string }[] = [];
  const met = new Set<string>();
  let entries = 0;
  for (const [place, item] of items.entries()) {
    if (item.checkpoint === null) continue;
    const log: DaemonLog = {
      ...{ tenant: item.tenant, origin: item.origin, checkpoint: item.checkpoint },
      verifierKey: item.verifier_key,
      read: async (path) => {
        const response = await fetchDaemon(options, 'GET', `${item.prefix}/${path}`);
        return Buffer.from(await response.arrayBuffer());
      },
    };
    const check = new LogRecheck(log, { kept, ...(key === undefined ? {} : { knownKey: key }) });
    const found = await check.run((done, all) => {
      show((place + done / Math.max(1, all)) / items.length, `${item.tenant}, ${done} entries`);
    });
    problems.push(...found.problems);
    for (const file of found.compared) met.add(file);
    entries += found.size;
    logs.push({ tenant: item.tenant, origin: item.origin, size: found.size, root: found.root });
  }
  for (const { file } of kept) {
    if (met.has(file)) continue;
    const message = 'no log of this daemon is the one of this checkpoint';
    problems.push({ kind: 'missing', tenant: null, file, message });
  }
  const ok = problems.length === 0;
  return {
    ok,
    result: { ok, problems, logs, entries },
    lines: problems.map(told),
    print: () => {
      if (ok)
        process.stdout.write(`intact: ${entries} entries in ${counted(logs.length, 'log')}\n`);
      if (key === undefined)
        talk('whose key is it? the daemon told it itself; give yours by --key');
      if (kept.length === 0)
        talk('nothing to compare with; keep a checkpoint and give it next time');
    },
  };
}

function told({ kind, tenant, file, message }: RecheckProblem): string {
  return `${kind}: ${message} (${file}${tenant === null ? '' : `, tenant ${tenant}`})`;
}
