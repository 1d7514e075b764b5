import * as z from 'zod';

const file = z.string().min(1);

/** TLS of one listener; the files are PEM. */
export const TLS_SCHEMA = z
  .strictObject({
    certificate_file: file.describe('PEM: the certificate, then those between it and its root.'),
    key_file: file.describe('PEM: the private key of the certificate.'),
    client_ca_file: file
      .optional()
      .describe(
        'PEM: authorities. Whoever connects then needs a certificate that one of them signed, ' +
          'beside the token that says who it is.',
      ),
  })
  .optional()
  .describe('Serves TLS 1.2 and 1.3 in place of plain text; changed files are read again.');

export interface ListenerConfig {
  readonly host: string;
  readonly port: number;
  /** Plain text without. */
  readonly tls?: ListenerTlsConfig;
}

export interface ListenerTlsConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | null;
}

export interface WrittenListener {
  readonly host: string;
  readonly port: number;
  readonly tls?: z.output<typeof TLS_SCHEMA>;
}

/** `inBase` resolves a path against the file it stands in. */
export function listenerOf(
  { host, port, tls }: WrittenListener,
  inBase: (path: string) => string,
): ListenerConfig {
  if (tls === undefined) return { host, port };
  const { certificate_file, key_file, client_ca_file } = tls;
  return {
    ...{ host, port },
    tls: {
      certificateFile: inBase(certificate_file),
      keyFile: inBase(key_file),
      clientCaFile: client_ca_file === undefined ? null : inBase(client_ca_file),
    },
  };
}
