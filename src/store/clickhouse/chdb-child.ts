import type { Session } from 'chdb';
import type { ChdbReply, ChdbRequest } from './chdb-messages.ts';

// The whole program of the engine's process: one session on one directory, one statement at a time.
// Arguments: the directory, then options for the engine. It lives exactly as long as its parent.
const [directory = '', ...engineOptions] = process.argv.slice(2);

process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));

const session = await open();
if (session !== null) {
  let tail: Promise<void> = Promise.resolve();
  process.on('message', (request: ChdbRequest) => {
    tail = tail.then(() => answer(session, request));
  });
  send({ type: 'ready' });
}

async function open(): Promise<Session | null> {
  try {
    const chdb = await import('chdb');
    return new chdb.Session(directory, { connectionArgs: engineOptions });
  } catch (error) {
    process.send?.({ type: 'unavailable', reason: reasonOf(error) }, () => process.exit(1));
    return null;
  }
}

async function answer(open: Session, request: ChdbRequest): Promise<void> {
  if (request.op === 'close') {
    open.close();
    process.send?.({ type: 'done', id: request.id, lines: '' }, () => process.exit(0));
    return;
  }
  try {
    send({ type: 'done', id: request.id, lines: await run(open, request) });
  } catch (error) {
    send({ type: 'failed', id: request.id, reason: reasonOf(error) });
  }
}

async function run(open: Session, request: Exclude<ChdbRequest, { op: 'close' }>): Promise<string> {
  if (request.op === 'exec') {
    const options = { format: 'JSONEachRow' };
    return (await open.queryBindAsync(request.sql, request.parameters, options)).text();
  }
  const values = Buffer.from(request.lines, 'utf8');
  await open.insert({ table: request.table, values, format: 'JSONEachRow' });
  return '';
}

/** The error's number and its name in capitals; never its text, which quotes rows. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const code = 'clickhouseCode' in error ? error.clickhouseCode : undefined;
  const own = 'code' in error ? error.code : error.name;
  const name = /\(([A-Z][A-Z_0-9]+)\)\s*$/.exec(error.message)?.[1] ?? String(own);
  return code === undefined ? name : `${name} (${String(code)})`;
}

function send(reply: ChdbReply): void {
  if (process.connected) process.send?.(reply);
}
