import type { AddressInfo } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { TripcoilError } from '../core/errors.ts';

/**
 * Starts a listener; `key` is where the configuration sets its port. Returns its URL as bound.
 * @throws TripcoilError `config_invalid` when the port cannot be had; the server is closed then.
 */
export async function listen(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
  key: string,
): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
  try {
    await app.listen({ host: address.host, port: address.port });
  } catch (error) {
    await app.close();
    throw portProblem(error, (error as NodeJS.ErrnoException).code ?? '', address, key);
  }
  const bound = app.server.address() as AddressInfo;
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  const scheme = app.server instanceof TlsServer ? 'https' : 'http';
  return { app, url: `${scheme}://${host}:${bound.port}` };
}

/** What to tell of a port that cannot be used, by the error code of the system. */
export function portProblem(
  error: unknown,
  code: string,
  { host, port }: { readonly host: string; readonly port: number },
  key: string,
): TripcoilError {
  const why = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be used (${code})`;
  const message = `port ${port} on ${host} ${why}; set ${key}.port to another`;
  return new TripcoilError('config_invalid', message, { cause: error });
}
