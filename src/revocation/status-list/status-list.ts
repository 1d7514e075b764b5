import type { FastifyPluginAsync } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { Log } from '../../ports/log.ts';
import { admit, answerError, tenantOf } from '../admission.ts';
import type { BreakerChanges } from '../breaker-changes.ts';
import { parseAllocation } from './allocation-body.ts';
import type { AllocationFile } from './allocation-file.ts';
import { type AllocatedNames, nameDigest } from './allocations.ts';
import { encodeStatuses, STATUS_BITS, statusesOf } from './statuses.ts';

export interface StatusListDependencies {
  /** With ids as brokers know them, which are those that places were allocated for. */
  readonly view: BreakerView;
  readonly changes: BreakerChanges;
  readonly file: AllocationFile;
  readonly keys: Pick<KeyRing, 'signJwt' | 'pseudonymKey'>;
  readonly issuer: (tenant: string) => string;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly log: Log;
}

const MEDIA_TYPE = 'application/statuslist+jwt';

/** Consumers may keep a list for this long, and must not believe it for longer than that. */
const TTL_SECONDS = 5;
const LIFETIME_SECONDS = 15;

interface ListParams {
  readonly Params: { readonly tenant: string; readonly list: string };
}

/**
 * Token Status List (draft-ietf-oauth-status-list-21): `GET /t/{tenant}/status-lists/{list}` is
 * public, signed and cached; `POST /v1/status-lists` gives an issuer the place to put into a token.
 * 0 valid, 1 revoked (level 5 and above), 2 suspended (level 4), 3 on probation.
 */
export function tokenStatusList(dependencies: StatusListDependencies): FastifyPluginAsync {
  const { file, issuer, authenticator, log } = dependencies;
  const { listId } = file;
  const uriOf = (tenant: string) => `${issuer(tenant)}/status-lists/${listId}`;
  const lists = new SignedLists(dependencies, uriOf);
  return async (app) => {
    app.setErrorHandler(answerError(log));
    app.get<ListParams>('/t/:tenant/status-lists/:list', async (request, reply) => {
      const { tenant, list } = request.params;
      void reply.header('access-control-allow-origin', '*');
      if (list !== listId || !file.allocations.has(tenant)) {
        throw new TripcoilError('not_found', 'There is no such status list.');
      }
      const { etag, token } = await lists.get(tenant);
      void reply.header('etag', etag).header('cache-control', `public, max-age=1`);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(MEDIA_TYPE).send(token);
    });
    app.post(
      '/v1/status-lists',
      { bodyLimit: LIMITS.statusListRequestBytes },
      async (request, reply) => {
        const principal = admit(request, authenticator);
        const asked = parseAllocation(request.body);
        const tenant = tenantOf(principal, asked.tenant);
        const { secret } = dependencies.keys.pseudonymKey(tenant);
        const allocated = await file.allocate(
          asked.items.map(({ names, expires }) => ({
            ...{ tenant, expires },
            names: digestsOf(secret, names),
          })),
        );
        const uri = uriOf(tenant);
        const items = allocated.map(({ index }) => ({ status_list: { idx: index, uri } }));
        return reply.code(201).send({ items });
      },
    );
  };
}

/** The narrowest kind first: places are looked up by it. */
function digestsOf(secret: Uint8Array, names: AllocatedNames): readonly string[] {
  const kinds = ['token', 'session', 'chain', 'agent'] as const;
  return kinds.flatMap((kind) => names[kind].map((id) => nameDigest(secret, kind, id)));
}

interface SignedList {
  readonly version: string;
  readonly issuedAt: number;
  readonly etag: string;
  readonly token: Promise<string>;
}

/** Each tenant's list as last signed: anew after a change, or once it is as old as `ttl`. */
class SignedLists {
  readonly #dependencies: StatusListDependencies;
  readonly #uriOf: (tenant: string) => string;
  readonly #signed = new Map<string, SignedList>();

  constructor(dependencies: StatusListDependencies, uriOf: (tenant: string) => string) {
    this.#dependencies = dependencies;
    this.#uriOf = uriOf;
  }

  async get(tenant: string): Promise<{ readonly etag: string; readonly token: string }> {
    const { changes, clock } = this.#dependencies;
    const known = this.#signed.get(tenant);
    const now = Math.floor(clock.now() / SECOND_MS);
    const version = changes.version(tenant);
    const isFresh = known?.version === version && now - known.issuedAt < TTL_SECONDS;
    const list = known && isFresh ? known : this.#sign(tenant, version, now);
    if (!isFresh) {
      this.#signed.set(tenant, list);
      list.token.catch(() => this.#signed.delete(tenant));
    }
    return { etag: list.etag, token: await list.token };
  }

  #sign(tenant: string, version: string, issuedAt: number): SignedList {
    const { view, file, keys, issuer } = this.#dependencies;
    const { secret } = keys.pseudonymKey(tenant);
    const lst = encodeStatuses(statusesOf(view, tenant, file.allocations, secret));
    const token = keys.signJwt(
      {
        iss: issuer(tenant),
        sub: this.#uriOf(tenant),
        iat: issuedAt,
        exp: issuedAt + LIFETIME_SECONDS,
        ttl: TTL_SECONDS,
        status_list: { bits: STATUS_BITS, lst },
      },
      'statuslist+jwt',
    );
    return { version, issuedAt, etag: `"${version}.${issuedAt}"`, token };
  }
}
