import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseCheckpointText, type TreeHead } from '../ledger/tlog/checkpoint.ts';
import { verifyConsistency } from '../ledger/tlog/proof.ts';
import { isSignedBy, parseNote, parseVerifierKey } from '../ledger/tlog/signed-note.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { CliError, EXIT, type OutputFormat, talk } from './output.ts';
import { withServer } from './with-server.ts';

type LedgerOptions = ServerOptions & { readonly output: OutputFormat; readonly tenant: string };

interface LogBody {
  readonly tenant: string;
  readonly origin: string;
  readonly verifier_key: string;
  readonly checkpoint: string | null;
}

interface ConsistencyBody {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  readonly from_root: string;
  readonly to_root: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string | null;
}

/** `ledger checkpoint|proof|consistency`: what a daemon shows of a tenant's transparency log. */
export function addLedgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('checkpoints and proofs of the record');
  const ofTenant = (words: string, does: string): Command =>
    withServer(
      ledger.command(words).description(does).requiredOption('--tenant <tenant>', 'whose log'),
    );
  ofTenant('checkpoint', 'the newest signed checkpoint; keep it elsewhere').action(
    async (options: LedgerOptions) => {
      const log = await logOf(options);
      if (log.checkpoint === null) throw new CliError(EXIT.notFound, 'nothing is published yet');
      print(options, log.checkpoint, log);
      talk(`signed by ${log.verifier_key}`);
    },
  );
  ofTenant('proof <seq>', 'proof that an entry is in the log (C2SP tlog-proof)').action(
    async (seq: string, options: LedgerOptions) => {
      const query = new URLSearchParams({ tenant: options.tenant, seq });
      const body = await callDaemon<{ proof: string }>(options, 'GET', `/v1/ledger/proof?${query}`);
      print(options, body.proof, body);
    },
  );
  ofTenant(
    'consistency <from> [to]',
    'proof that the log has only grown; FROM is a size, or the file of a checkpoint you kept',
  )
    .option('--key <key>', 'verifier key you know of the log, in place of what the daemon says')
    .action(
      async (
        from: string,
        to: string | undefined,
        options: LedgerOptions & { readonly key?: string },
      ) => {
        const kept = /^\d+$/.test(from) ? null : await readKept(from);
        const query = new URLSearchParams({ tenant: options.tenant });
        query.set('from', kept === null ? from : String(kept.head.size));
        if (to !== undefined) query.set('to', to);
        const path = `/v1/ledger/consistency?${query}`;
        const proof = await callDaemon<ConsistencyBody>(options, 'GET', path);
        const key = options.key ?? (await logOf(options)).verifier_key;
        const fault = faultOf(proof, kept, key);
        if (fault !== null) throw new CliError(EXIT.integrity, fault);
        print(options, `${proof.hashes.map((hash) => `${hash}\n`).join('')}`, proof);
        talk(`the log has only grown, from ${proof.from} entries to ${proof.to}`);
      },
    );
}

/** Why the proof shows nothing; null where it holds against all that is known. */
function faultOf(
  proof: ConsistencyBody,
  kept: { readonly head: TreeHead; readonly text: string } | null,
  key: string,
): string | null {
  const older = { size: proof.from, root: Buffer.from(proof.from_root, 'base64') };
  const newer = { size: proof.to, root: Buffer.from(proof.to_root, 'base64') };
  const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
  if (!verifyConsistency(older, newer, hashes)) return 'the proof does not hold';
  if (proof.checkpoint !== null) {
    const newest = signedHead(proof.checkpoint, key);
    if (newest === null) return 'the newest checkpoint is not signed by the key of the log';
    if (newest.size !== newer.size || !newest.root.equals(newer.root)) {
      return 'the newest checkpoint is of another tree than the proof';
    }
  }
  if (kept === null) return null;
  if (kept.head.origin !== proof.origin) return 'the checkpoint kept is of another log';
  if (signedHead(kept.text, key) === null) return 'the checkpoint kept is signed by another key';
  const same = kept.head.size === older.size && kept.head.root.equals(older.root);
  return same ? null : 'forked: the log had other entries when the checkpoint was kept';
}

function signedHead(checkpoint: string, key: string): TreeHead | null {
  const verifier = parseVerifierKey(key);
  const note = parseNote(checkpoint);
  if (verifier === null || note === null || !isSignedBy(note, [verifier])) return null;
  return parseCheckpointText(note.text);
}

async function readKept(file: string): Promise<{ head: TreeHead; text: string }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(EXIT.usage, `the checkpoint ${file} cannot be read: ${String(error)}`);
  }
  const head = parseCheckpointText(parseNote(text)?.text ?? '');
  if (head === null) throw new CliError(EXIT.usage, `${file} is neither a size nor a checkpoint`);
  return { head, text };
}

async function logOf(options: LedgerOptions): Promise<LogBody> {
  const query = new URLSearchParams({ tenant: options.tenant });
  const { items } = await callDaemon<{ items: readonly LogBody[] }>(
    options,
    'GET',
    `/v1/ledger/logs?${query}`,
  );
  const [log] = items;
  if (log === undefined) throw new CliError(EXIT.notFound, 'this tenant has no log');
  return log;
}

function print(options: LedgerOptions, text: string, body: unknown): void {
  process.stdout.write(options.output === 'table' ? text : `${JSON.stringify(body)}\n`);
}
