import { join } from 'node:path';
import type { LogProblem } from '../ledger/transparency/log-problem.ts';
import {
  type EvidenceOptions,
  type EvidenceVerification,
  verifyEvidence,
} from '../ledger/transparency/verify-evidence.ts';
import type { LedgerProblem } from '../ledger/verify.ts';
import { counted, talk } from './output.ts';
import { progressLine } from './progress-line.ts';
import type { Verdict, VerifyGiven } from './verdict.ts';

/** Checks every byte of a ledger and of its logs, also beside the daemon. */
export async function verifyDirectory(data: string, given: VerifyGiven): Promise<Verdict> {
  const { key, kept } = given;
  const result = await verifyEvidence(join(data, 'ledger'), {
    keysDirectory: join(data, 'keys'),
    kept,
    onProgress: segmentProgress(),
    ...(key === undefined ? {} : { verifierKey: key }),
  });
  return {
    result,
    ok: result.ok,
    lines: result.ok ? [] : [told(result.problem)],
    print: () => result.ok && printIntact(result),
  };
}

function printIntact({
  entries,
  segments,
  head,
  transparency,
}: EvidenceVerification & { ok: true }) {
  const { erased, signatures, contents } = transparency;
  process.stdout.write(
    `intact: ${entries} entries in ${counted(segments, 'segment')}, ` +
      `head ${head.seq} ${head.hash}\n`,
  );
  if (erased > 0) talk(`${erased} entries are erased: their keys were destroyed on purpose`);
  if (!signatures) talk('signatures not checked: there is no signing key; give one by --key');
  if (!contents) talk('contents not checked: there is no master key to open them with');
}

function told(problem: LedgerProblem | LogProblem): string {
  const { kind, message, seq } = problem;
  if ('segment' in problem) {
    const { segment, offset } = problem;
    return `${kind}: ${message} (segment ${segment}, offset ${offset}, entry ${seq})`;
  }
  const tenant = problem.tenant === null ? '' : `, tenant ${problem.tenant}`;
  return `${kind}: ${message} (${problem.file}${tenant}${seq === null ? '' : `, entry ${seq}`})`;
}

/** Segments first, then logs. */
function segmentProgress(): NonNullable<EvidenceOptions['onProgress']> {
  const show = progressLine();
  return ({ pass, segmentIndex, segments, bytes, segmentBytes, entries }) => {
    const within = (segmentIndex + bytes / Math.max(1, segmentBytes)) / Math.max(1, segments);
    const what = pass === 1 ? 'segments' : 'logs';
    show((pass - 1 + within) / 2, `${what}, ${entries} entries`);
  };
}
