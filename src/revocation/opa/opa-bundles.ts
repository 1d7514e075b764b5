import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import { admit, answerError, isBroker, tenantOf } from '../admission.ts';
import type { BreakerChanges } from '../breaker-changes.ts';
import { waitSecondsOf } from '../long-poll.ts';
import { bundleData, packBundle, type RiskByAgent } from './bundle.ts';

export interface OpaBundleDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  readonly changes: BreakerChanges;
  /** Agents with a risk, by the id that brokers know, and a version that changes with it. */
  readonly riskOf: (
    tenant: string,
    names: 'recorded' | 'plain',
  ) => { readonly version: string; readonly agents: RiskByAgent };
  readonly keys: Pick<KeyRing, 'signJwt'>;
  readonly authenticator: Authenticator;
  readonly log: Log;
}

interface BundleRequest {
  readonly Params: { readonly file: string };
  readonly Querystring: { readonly signed?: string; readonly risk?: string };
}

/** By this type OPA knows that the server holds a request until something changes. */
const MEDIA_TYPE = 'application/vnd.openpolicyagent.bundles';

/**
 * `GET /v1/opa/bundles/{tenant}.tar.gz`: the open breakers as a bundle with the root `breakers`,
 * with long-polling (`Prefer: modes=snapshot;wait=30`). `?signed=true` adds signatures,
 * `?risk=true` the risk of agents.
 */
export function opaBundles(dependencies: OpaBundleDependencies): FastifyPluginAsync {
  const { authenticator, changes, keys, log } = dependencies;
  return async (app) => {
    app.setErrorHandler(answerError(log));
    const packed = new Map<string, Packed>();
    app.get<BundleRequest>('/v1/opa/bundles/:file', async (request, reply) => {
      const principal = admit(request, authenticator);
      const [, name] = /^(.+)\.tar\.gz$/.exec(request.params.file) ?? [];
      if (name === undefined) throw new TripcoilError('not_found', 'There is no such bundle.');
      const tenant = tenantOf(principal, name);
      const { view, brokerView = view } = dependencies;
      const own = isBroker(principal) ? brokerView : view;
      const wants = { signed: isTrue(request.query.signed), risk: isTrue(request.query.risk) };
      const names = own === view && own !== brokerView ? 'recorded' : 'plain';
      const slot = `${tenant}\0${names}\0${wants.signed}\0${wants.risk}`;
      const version = () =>
        changes.version(tenant) + (wants.risk ? dependencies.riskOf(tenant, names).version : '');
      const bundle = (): Packed => {
        const made = packed.get(slot);
        if (made?.version === version()) return made;
        const { version: riskVersion = '', agents: risk = null } = wants.risk
          ? dependencies.riskOf(tenant, names)
          : {};
        const etag = etagOf(own, tenant, wants.signed ? [riskVersion, 'signed'] : [riskVersion]);
        const data = bundleData(own, tenant, risk);
        const pack = () => packBundle(data, etag.slice(1, -1), wants.signed ? keys : null);
        const fresh: Packed = { version: version(), etag, bytes: once(pack) };
        if (packed.size >= LIMITS.packedBundles) packed.clear();
        packed.set(slot, fresh);
        return fresh;
      };
      void reply.type(MEDIA_TYPE).header('cache-control', 'private, no-cache');
      const known = request.headers['if-none-match'];
      if (known !== undefined && bundle().etag === known) {
        await changeWithin(changes, tenant, request, wants.risk, () => bundle().etag !== known);
      }
      const { etag, bytes } = bundle();
      void reply.header('etag', etag);
      if (etag === known) return reply.code(304).send();
      return reply.send(await bytes());
    });
  };
}

interface Packed {
  /** Of the breakers and the risk, within this process. */
  readonly version: string;
  readonly etag: string;
  readonly bytes: () => Promise<Buffer>;
}

/** Packs when first wanted: those who only wait need no bytes. */
function once(pack: () => Promise<Buffer>): () => Promise<Buffer> {
  let bytes: Promise<Buffer> | null = null;
  return () => {
    bytes ??= pack();
    return bytes;
  };
}

/** `term.seq` and what else the data depends on. */
function etagOf(view: BreakerView, tenant: string, more: readonly string[]): string {
  const { term, renamings = 0 } = view;
  const { seq, posture } = view.snapshot(tenant);
  const { level, epoch } = view.check({ tenant });
  const parts = [term, seq, level, epoch, renamings, posture, ...more];
  return `"${parts.filter((part) => part !== '').join('.')}"`;
}

/** Waits for a change as long as the caller would, and for risk by looking now and then. */
async function changeWithin(
  changes: BreakerChanges,
  tenant: string,
  request: FastifyRequest,
  withRisk: boolean,
  isChanged: () => boolean,
): Promise<void> {
  const gone = new AbortController();
  request.raw.once('close', () => gone.abort());
  const turnMs = withRisk ? LIMITS.riskLookedAtMs : LIMITS.changesAwaitedMs;
  let leftMs = waitSecondsOf(request.headers) * SECOND_MS;
  while (leftMs > 0 && changes.hasRoom && !gone.signal.aborted && !isChanged()) {
    const began = changes.nowMs();
    await changes.next(tenant, Math.min(leftMs, turnMs), gone.signal);
    leftMs -= Math.max(1, changes.nowMs() - began);
  }
}

function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1';
}
