import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The abuse protection of CloudEvents webhooks (`http-webhook.md`, section 4): a sender asks with
 * OPTIONS whether it may deliver. It may, at any rate: deliveries need a credential, and 429 slows
 * a sender down. A callback it offers is not called.
 */
export function allowDelivery(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('allow', 'POST, OPTIONS');
  const origin = request.headers['webhook-request-origin'];
  if (typeof origin !== 'string' || !ORIGIN.test(origin)) return reply.code(204).send();
  const rate = request.headers['webhook-request-rate'];
  const isRate = typeof rate === 'string' && /^(?:\*|[1-9]\d{0,8})$/.test(rate);
  return reply
    .code(200)
    .header('webhook-allowed-origin', origin)
    .header('webhook-allowed-rate', isRate ? rate : '*')
    .send();
}

/** A DNS name, or `*`. */
const ORIGIN = /^(?:\*|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)$/;
