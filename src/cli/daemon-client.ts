import type { ErrorBody } from '../api/contract.ts';
import { readLocalToken } from '../composition/local-credentials.ts';
import { CliError, EXIT } from './output.ts';

export interface ServerOptions {
  readonly server: string;
  readonly token?: string;
  readonly dataDirectory: string;
}

/** Talks to a running daemon with the token given, or the local operator's. */
export async function callDaemon<Body>(
  options: ServerOptions,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<Body> {
  return (await (await fetchDaemon(options, method, path, body)).json()) as Body;
}

/** The same, of an answer that is no JSON. */
export async function fetchDaemon(
  options: ServerOptions,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<Response> {
  const token = options.token ?? (await readLocalToken(options.dataDirectory, 'local-operator'));
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token) headers['authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(new URL(path, options.server), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new CliError(
      EXIT.unreachable,
      `no daemon answers at ${options.server}; start one with \`tripcoil serve\` or pass --server`,
    );
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => null)) as ErrorBody | null;
  const words = problem ? `${problem.code}: ${problem.message}` : `HTTP ${response.status}`;
  throw new CliError(exitCodeOf(response.status), words);
}

function exitCodeOf(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.forbidden;
  return EXIT.failed;
}
