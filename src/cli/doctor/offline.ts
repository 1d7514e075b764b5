import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { TripcoilConfig } from '../../config/load.ts';
import { type Check, failed, sound, warning } from './check.ts';

const NODE_FLOOR = [24, 12] as const;
const MIB = 1024 * 1024;
const SPACE_LOW = 2_048 * MIB;
const SPACE_OUT = 256 * MIB;
const SLOW_FSYNC_MS = 100;
const REACH_MS = 2_000;

/** Everything that can be judged without a running daemon. */
export async function offlineChecks(config: TripcoilConfig): Promise<readonly Check[]> {
  return [
    nodeVersion(process.versions.node),
    ...(await dataDirectory(config.dataDirectory)),
    await keyPermissions(join(config.dataDirectory, 'keys')),
    ...(await Promise.all([
      port('listen', config.listen),
      port('otlp', config.otlp),
      port('otlp_grpc', config.otlpGrpc),
    ])),
    store(config),
    ...(await Promise.all(kafkaBrokers(config))),
    ...(await Promise.all(config.revocation.receivers.map((each) => receiver(each)))),
  ];
}

/** Whether this version of Node runs Tripcoil. */
export function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = NODE_FLOOR;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) {
    return sound('node', `Node ${version}`);
  }
  return failed(
    'node',
    `Node ${version} is too old`,
    'The sources run directly, by features of a newer Node.',
    `Install Node ${NODE_FLOOR.join('.')} or later, or start by npm run tripcoil.`,
  );
}

async function dataDirectory(directory: string): Promise<readonly Check[]> {
  const probe = join(directory, `.doctor-${process.pid}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.W_OK);
    const file = await open(probe, 'w', 0o600);
    const startMs = performance.now();
    try {
      await file.writeFile('fsync');
      await file.sync();
    } finally {
      await file.close();
    }
    const tookMs = performance.now() - startMs;
    const checks = [freeSpace(await statfs(directory))];
    if (tookMs < SLOW_FSYNC_MS) {
      return [sound('data_directory', `${directory} is writable and syncs`), ...checks];
    }
    const what = `one fsync in ${directory} takes ${Math.round(tookMs)} ms`;
    const why = 'Every acknowledgement waits for one; senders will be refused under load.';
    const cure = 'Set data_directory to a local disk, not a network share.';
    return [warning('data_directory', what, why, cure), ...checks];
  } catch (error) {
    const what = `${directory} cannot be written (${codeOf(error)})`;
    const cure = `Let the daemon's user own it: chown "$USER" ${directory}; or set data_directory.`;
    return [failed('data_directory', what, 'Nothing is acknowledged before it is on disk.', cure)];
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/** Whether the ledger has room to grow. */
export function freeSpace(of: { readonly bavail: number; readonly bsize: number }): Check {
  const free = of.bavail * of.bsize;
  const what = `${Math.round(free / MIB).toLocaleString('en')} MiB free`;
  if (free >= SPACE_LOW) return sound('free_space', what);
  const why = 'A full disk refuses every sender, and takes no decisions into the record.';
  const cure = 'Make room, enlarge the volume, or set data_directory to another one.';
  return (free >= SPACE_OUT ? warning : failed)('free_space', what, why, cure);
}

async function keyPermissions(directory: string): Promise<Check> {
  const names = await readdir(directory).catch(() => null);
  if (names === null) return sound('keys', 'none yet; the first serve makes them');
  for (const name of names) {
    const path = join(directory, name);
    const { mode } = await stat(path);
    if ((mode & 0o077) === 0) continue;
    const what = `${path} can be read by other users`;
    const why = 'Who has the keys can sign revocations and undo pseudonyms.';
    return failed('keys', what, why, `chmod -R go= ${directory}`);
  }
  return sound('keys', `${names.length} files that nobody else can read`);
}

async function port(
  key: string,
  { host, port: number }: { readonly host: string; readonly port: number },
): Promise<Check> {
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen({ host, port: number }, () => server.close(() => resolve(null)));
  });
  if (code === null) return sound(key, `port ${number} on ${host} is free`);
  if (code === 'EADDRINUSE') {
    const what = `port ${number} on ${host} is taken`;
    const why = 'By a daemon that runs already, which is fine, or by something else.';
    const cure = `Look at the daemon with --server http://${host}:${number}, or set ${key}.port.`;
    return warning(key, what, why, cure);
  }
  const cure = `Set ${key}.host to an address of this machine and ${key}.port to one above 1023.`;
  return failed(
    key,
    `port ${number} on ${host} cannot be used (${code})`,
    'Nobody could send.',
    cure,
  );
}

function store({ store: { kind } }: TripcoilConfig): Check {
  if (kind === 'memory') return sound('store', 'memory, as configured');
  try {
    import.meta.resolve('chdb');
    return sound('store', 'chDB is installed');
  } catch {
    const why = 'Search then covers what fits into memory; the ledger keeps everything.';
    const cure = 'npm install chdb, or set store.kind to memory to say that this is meant.';
    return (kind === 'chdb' ? failed : warning)('store', 'chDB is not installed', why, cure);
  }
}

function kafkaBrokers({ kafka }: TripcoilConfig): readonly Promise<Check>[] {
  return kafka.sources.map(async ({ name, brokers }) => {
    const check = `kafka ${name}`;
    const reached = await Promise.all(brokers.map((broker) => reaches(broker)));
    const away = brokers.filter((_, at) => reached[at] !== null);
    if (away.length === 0) return sound(check, `${brokers.join(', ')} reachable`);
    const what = `${away.join(', ')} cannot be reached`;
    const command = `nc -vz ${away[0]?.replace(':', ' ') ?? ''}`;
    const cure = `Check brokers of this source, the name service and the firewall: ${command}`;
    const why = 'The topic waits unread until a broker answers.';
    return (away.length === brokers.length ? failed : warning)(check, what, why, cure);
  });
}

async function receiver({ name, url }: { readonly name: string; readonly url: string }) {
  const { hostname, port: given, protocol } = new URL(url);
  const place = `${hostname}:${given === '' ? (protocol === 'https:' ? 443 : 80) : given}`;
  const code = await reaches(place);
  const check = `receiver ${name}`;
  if (code === null) return sound(check, `${place} reachable`);
  const what = `${place} cannot be reached (${code})`;
  const why = 'Its revocations are retried and kept, but nobody obeys them meanwhile.';
  return failed(check, what, why, `Check the url of this receiver: curl -v ${new URL(url).origin}`);
}

/** Null where something accepts connections at `host:port`, else why not. */
function reaches(place: string): Promise<string | null> {
  const colon = place.lastIndexOf(':');
  const host = place.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(place.slice(colon + 1)), timeout: REACH_MS });
    const end = (code: string | null): void => {
      socket.destroy();
      resolve(code);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('timeout'));
    socket.once('error', (error) => end(codeOf(error)));
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
