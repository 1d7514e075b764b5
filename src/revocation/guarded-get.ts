import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { TextFetch } from '../ports/text-fetch.ts';
import { guardedConnections, type Reach, refusalOf } from './guarded-post.ts';

/** A GET with the guard of `createGuardedPost`: `https` only, no redirect, no inner address. */
export function createGuardedGet(reach: Reach): TextFetch {
  const connect = guardedConnections(reach);
  return (url, { signal, maxBytes }) =>
    new Promise((resolve, reject) => {
      const refusal = refusalOf(url, reach);
      if (refusal !== null) return reject(new Error(refusal));
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const headers = { accept: 'application/json, application/jwk-set+json' };
      const request = send(url, { method: 'GET', headers, ...connect(url), signal });
      request.on('error', reject);
      request.on('response', (response) => {
        const fail = (message: string) => {
          response.destroy();
          reject(new Error(message));
        };
        // A redirect is not followed: it could lead to where the configured URL may not.
        if (response.statusCode !== 200) return fail('status_not_200');
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxBytes) fail('too_large');
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      });
      request.end();
    });
}
