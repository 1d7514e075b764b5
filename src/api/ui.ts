import { access } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

/** Scripts and styles of our own files only, no markup from strings, nobody's frame. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const MISSING_PAGE = `Tripcoil runs, but its web interface has not been built.

Build it with: npm run build:web
The API answers all the same: /v1/status, /v1/agents, /v1/findings, /openapi.json
`;

/**
 * Serves the built interface at `/`: files with a hash in their name for ever, `index.html` never
 * from a cache, and `index.html` also for whatever address a browser opens.
 */
export function webInterface(options: { readonly directory: string }): FastifyPluginAsync {
  const { directory } = options;
  return async (app) => {
    await app.register(fastifyStatic, { root: directory, serve: false });
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    });
    mountFiles(app, directory);
  };
}

function mountFiles(app: FastifyInstance, directory: string): void {
  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const path = request.params['*'];
    if (path.startsWith('v1/')) return reply.callNotFound();
    if (path.startsWith('assets/')) return reply.sendFile(path, FOR_EVER);
    if (/\.\w+$/.test(path) && path !== 'index.html') return reply.sendFile(path, UNCACHED);
    const wantsPage = (request.headers.accept ?? 'text/html').match(/text\/html|\*\/\*/) !== null;
    if (!wantsPage) return reply.callNotFound();
    if (!(await exists(join(directory, 'index.html')))) {
      return reply.code(503).type('text/plain; charset=utf-8').send(MISSING_PAGE);
    }
    return reply.header('cache-control', 'no-cache').sendFile('index.html', UNCACHED);
  });
}

/** Leaves the header to us: the plugin's own would overwrite it. */
const UNCACHED = { cacheControl: false };

/** The names of assets change with their content. */
const FOR_EVER = { maxAge: '365d', immutable: true };

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
