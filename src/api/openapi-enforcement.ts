type Json = { readonly [name: string]: unknown };

/**
 * Surfaces for enforcement points, receivers and operators of streams, which follow standards of
 * their own and are described in full by the named documents.
 */
export const ENFORCEMENT_PATHS: Json = {
  '/v1/check/http': {
    get: operation('Rules on a request of nginx, by its headers; see docs/gateways.md.'),
    post: operation('The same for a gateway that asks by POST.'),
  },
  '/v1/check/http/{path}': {
    get: operation('Rules on a request of Envoy or agentgateway, by its path.', ['path']),
    post: operation('The same for a request that is a POST.', ['path']),
  },
  '/v1/risk': { get: operation('Risk of every agent, for policy decision points.') },
  '/v1/opa/bundles/{file}': {
    get: operation('An OPA bundle of what is open, also as a long poll.', ['file']),
  },
  '/v1/status-lists': {
    post: operation('Gives an issuer the place of a token in a status list.'),
  },
  '/t/{tenant}/status-lists/{list}': {
    get: open('A signed Token Status List; see docs/gateways.md.', ['tenant', 'list']),
  },
  '/t/{tenant}/oauth/introspect': {
    post: operation('RFC 7662 introspection that knows what is revoked.', ['tenant']),
  },
  '/t/{tenant}/oauth/token': {
    post: open('An access token by client credentials; see docs/ssf.md.', ['tenant']),
  },
  '/.well-known/oauth-authorization-server/t/{tenant}': {
    get: open('Metadata of the authorisation server for receivers.', ['tenant']),
  },
  '/t/{tenant}/ssf/streams': {
    get: operation('The streams of a receiver.', ['tenant']),
    post: operation('Makes a stream; see docs/ssf.md.', ['tenant']),
    patch: operation('Changes parts of a stream.', ['tenant']),
    put: operation('Replaces the configuration of a stream.', ['tenant']),
    delete: operation('Ends a stream.', ['tenant']),
  },
  '/t/{tenant}/ssf/status': {
    get: operation('The status of a stream.', ['tenant']),
    post: operation('Enables, pauses or disables a stream.', ['tenant']),
  },
  '/t/{tenant}/ssf/verify': { post: operation('Asks for a verification event.', ['tenant']) },
  '/t/{tenant}/ssf/subjects:add': { post: operation('Adds a subject.', ['tenant']) },
  '/t/{tenant}/ssf/subjects:remove': { post: operation('Removes a subject.', ['tenant']) },
  '/t/{tenant}/ssf/streams/{stream}/poll': {
    post: operation('Polls for events (RFC 8936).', ['tenant', 'stream']),
  },
  '/v1/streams': { get: operation('Streams of all receivers, for operators.') },
  '/v1/streams/status': { post: operation('Imposes a status on a stream.') },
  '/v1/streams/delete': { post: operation('Ends a stream for its receiver.') },
  '/v1/keys/signing/rotate': { post: operation('Signs with a new key from now on.') },
};

function operation(summary: string, path: readonly string[] = []): Json {
  const parameters = path.map((name) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }));
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { 200: { description: 'Done.' }, default: { description: 'An error.' } },
  };
}

/** For anybody, without a token. */
function open(summary: string, path: readonly string[]): Json {
  return { ...operation(summary, path), security: [] };
}
