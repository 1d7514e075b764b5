import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ListenerCertificates, serverOptionsOf } from '../../src/api/listener-certificates.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { FakeClock } from '../../src/runtime/testing/fake-clock.ts';
import { RecordingLog } from '../../src/runtime/testing/fixtures.ts';
import { canMakeCertificates, type MadeCertificate, makeCertificate } from './certificates.ts';
import { createWorkplace, eventually, type Workplace } from './served-daemon.ts';

const isPossible = await canMakeCertificates();

describe.skipIf(!isPossible)('a certificate that is replaced', () => {
  let workplace: Workplace;
  let present: MadeCertificate;
  let next: MadeCertificate;

  beforeAll(async () => {
    workplace = await createWorkplace();
    present = await makeCertificate(workplace.directory, 'present');
    next = await makeCertificate(workplace.directory, 'next');
  });
  afterAll(() => workplace.remove());

  it('is served from then on, without ending what is connected', async () => {
    const clock = new FakeClock(0);
    const log = new RecordingLog();
    const { certificateFile, keyFile } = present;
    const files = { certificateFile, keyFile, clientCaFile: null };
    const certificates = await ListenerCertificates.open({ files, section: 'listen', clock, log });
    const server = createServer(certificates.serverOptions, (_request, response) => {
      response.end('here');
    });
    certificates.onChange((content) => server.setSecureContext(serverOptionsOf(content)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const open = async () => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      return socket;
    };
    const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;
    const before = await open();
    expect(nameOf(before)).toBe('present');

    const look = async (said: number) => {
      await clock.advance(LIMITS.certificateLookMs);
      await eventually(
        async () => log.lines.length,
        (count) => count === said,
      );
    };
    // One of the two files, as while both are being replaced.
    await writeFile(certificateFile, next.cert);
    await look(1);
    expect(log.lines).toEqual(['error certificate not read again: the one before stays']);
    const between = await open();
    expect(nameOf(between)).toBe('present');

    await writeFile(keyFile, next.key);
    await look(2);
    expect(log.lines[1]).toBe('info certificate read again');
    const after = await open();
    expect(nameOf(after)).toBe('next');
    before.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const [answer] = await once(before, 'data');
    expect(String(answer)).toContain('200 OK');
    certificates.close();
    for (const socket of [before, between, after]) socket.destroy();
    server.close();
  });

  it('is refused at the start where the files do not fit', async () => {
    const clock = new FakeClock(0);
    const open = (certificateFile: string, keyFile: string) =>
      ListenerCertificates.open({
        files: { certificateFile, keyFile, clientCaFile: null },
        ...{ section: 'otlp', clock, log: new RecordingLog() },
      });
    const other = await makeCertificate(workplace.directory, 'other');
    await expect(open(other.certificateFile, next.keyFile)).rejects.toMatchObject({
      code: 'config_invalid',
      message: 'otlp.tls: the key is not that of the certificate',
    });
    await expect(open('/nowhere.pem', next.keyFile)).rejects.toMatchObject({
      message: 'otlp.tls: /nowhere.pem cannot be read (ENOENT)',
    });
    await expect(open(other.keyFile, other.keyFile)).rejects.toMatchObject({
      message: expect.stringMatching(/^otlp\.tls: certificate, key and client authorities/),
    });
    expect(clock.sleeping).toBe(0);
  });
});
