import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A self-signed certificate, its own authority. */
export interface MadeCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Whether certificates can be made here; says so aloud where they cannot. */
export async function canMakeCertificates(): Promise<boolean> {
  try {
    await run('openssl', ['version']);
    return true;
  } catch {
    console.warn('no openssl on this machine: TLS is not tested');
    return false;
  }
}

/** For 127.0.0.1, in `directory`, under `name`; one of the same name is replaced. */
export async function makeCertificate(directory: string, name: string): Promise<MadeCertificate> {
  const certificateFile = join(directory, `${name}.pem`);
  const keyFile = join(directory, `${name}.key`);
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', keyFile, '-out', certificateFile, '-days', '2', '-subj', `/CN=${name}`],
    ...['-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  return { certificateFile, keyFile, cert, key };
}
