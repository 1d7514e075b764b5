import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';

/** Files of PEM, as the configuration names them. */
export interface CertificateFiles {
  /** The certificate and those between it and its root. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Whoever connects needs a certificate of one of these; anybody may where it is null. */
  readonly clientCaFile: string | null;
}

/** What the files hold. */
export interface CertificateContent {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | null;
}

/** What servers of node:https take. */
export interface TlsServerOptions {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly minVersion: 'TLSv1.2';
}

/**
 * The certificate of one listener, read again whenever its files change. Connections keep the one
 * they began with. Files that do not fit each other, as while they are being replaced, change
 * nothing until they do.
 */
export class ListenerCertificates {
  readonly #files: CertificateFiles;
  readonly #section: string;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(content: CertificateContent) => void>();
  #present: CertificateContent;
  /** Why the last look at the files changed nothing; told once. */
  #problem: string | null = null;

  private constructor(options: CertificateOptions, present: CertificateContent) {
    this.#files = options.files;
    this.#section = options.section;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#present = present;
    void this.#watch();
  }

  /** @throws TripcoilError `config_invalid` when a file is unreadable or they do not fit. */
  static async open(options: CertificateOptions): Promise<ListenerCertificates> {
    try {
      return new ListenerCertificates(options, await contentOf(options.files));
    } catch (error) {
      const message = `${options.section}.tls: ${problemOf(error)}`;
      throw new TripcoilError('config_invalid', message, { cause: error });
    }
  }

  get present(): CertificateContent {
    return this.#present;
  }

  get serverOptions(): TlsServerOptions {
    return serverOptionsOf(this.#present);
  }

  onChange(listener: (content: CertificateContent) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#stop.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#clock.sleep(LIMITS.certificateLookMs, signal);
      if (!signal.aborted) await this.#look();
    }
  }

  async #look(): Promise<void> {
    let content: CertificateContent;
    try {
      content = await contentOf(this.#files);
    } catch (error) {
      this.#complain(problemOf(error));
      return;
    }
    this.#problem = null;
    if (isSame(content, this.#present)) return;
    this.#present = content;
    for (const listener of this.#listeners) listener(content);
    this.#log.info('certificate read again', { listener: this.#section });
  }

  #complain(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#log.error('certificate not read again: the one before stays', {
      ...{ listener: this.#section, problem },
    });
  }
}

export interface CertificateOptions {
  readonly files: CertificateFiles;
  /** Where the configuration has them, for messages. */
  readonly section: string;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
}

export function serverOptionsOf({ cert, key, ca }: CertificateContent): TlsServerOptions {
  const isAsked = ca !== null;
  return {
    ...{ cert, key, ...(isAsked && { ca }), minVersion: 'TLSv1.2' as const },
    ...{ requestCert: isAsked, rejectUnauthorized: isAsked },
  };
}

/** @throws Error when one is missing, or they do not fit. */
async function contentOf(files: CertificateFiles): Promise<CertificateContent> {
  const { certificateFile, keyFile, clientCaFile } = files;
  const [cert, key, ca] = await Promise.all([
    readFile(certificateFile),
    readFile(keyFile),
    clientCaFile === null ? null : readFile(clientCaFile),
  ]);
  const content = { cert, key, ca };
  createSecureContext(serverOptionsOf(content));
  return content;
}

function isSame(one: CertificateContent, other: CertificateContent): boolean {
  const isSameCa = one.ca === null || other.ca === null || one.ca.equals(other.ca);
  return one.cert.equals(other.cert) && one.key.equals(other.key) && isSameCa;
}

/** Nothing of what the files hold. */
function problemOf(error: unknown): string {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown };
  if (code === 'ENOENT' || code === 'EACCES') return `${String(path)} cannot be read (${code})`;
  if (code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH') return 'the key is not that of the certificate';
  return `certificate, key and client authorities are no PEM of theirs (${String(code)})`;
}
