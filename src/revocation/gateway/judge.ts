import type { BreakerView } from '../../ports/breakers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { TokenVerifier } from '../../ports/token-verifier.ts';
import { isBroker, tenantOf } from '../admission.ts';
import { NO_NAMES, nameOf, namesOfHeader, namesOfToken } from './names.ts';
import type { RevokedEpochs } from './revoked-epochs.ts';
import { type GatewayRuling, refused, ruleOnRequest } from './ruling.ts';
import type { GatewaySettings } from './settings.ts';
import { Throttle } from './throttle.ts';

export interface GatewayDependencies {
  /** With ids as recorded, for operators. */
  readonly view: BreakerView;
  /** With ids as brokers know them; the same view unless given. */
  readonly brokerView?: BreakerView;
  readonly revoked: RevokedEpochs;
  readonly verifier: Pick<TokenVerifier, 'verify'>;
  readonly settings: GatewaySettings;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** What was read of one request, whatever transport it was asked about by. */
export interface GatewayRequest {
  readonly tenant: string | undefined;
  readonly agents: readonly (string | undefined)[];
  readonly sessions: readonly (string | undefined)[];
  readonly jtis: readonly (string | undefined)[];
  readonly tool: string | undefined;
  readonly op: string | undefined;
  /** The agent's token, with or without its scheme before it. */
  readonly token: string | undefined;
}

/** Answers gateways, over whatever transport they ask. */
export class GatewayJudge {
  readonly #dependencies: GatewayDependencies;
  readonly #throttle = new Throttle();

  constructor(dependencies: GatewayDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws TripcoilError `bad_request` or `forbidden`, for the tenant or for what is too long. */
  async judge(
    principal: Principal,
    request: GatewayRequest,
    form: 'gateway_http' | 'gateway_grpc',
  ): Promise<GatewayRuling> {
    const tenant = tenantOf(principal, request.tenant);
    const ruling =
      (await this.#refusalOfToken(tenant, request.token)) ?? this.#rule(principal, tenant, request);
    const result = ruling.status === 200 ? 'answered' : 'denied';
    this.#dependencies.metrics.count('tripcoil_checks_total', { form, result });
    return ruling;
  }

  #rule(principal: Principal, tenant: string, request: GatewayRequest): GatewayRuling {
    const { view, brokerView = view, revoked, settings, clock } = this.#dependencies;
    const { agents, sessions, jtis, tool, op, token } = request;
    nameOf(tool);
    const told = {
      ...NO_NAMES,
      agents: agents.flatMap(namesOfHeader),
      sessions: sessions.flatMap(namesOfHeader),
      tokens: jtis.flatMap(namesOfHeader),
    };
    return ruleOnRequest(
      {
        view: isBroker(principal) ? brokerView : view,
        ...{ revoked, throttle: this.#throttle, settings, clock },
      },
      {
        ...{ tenant, broker: principal.name, told, tool, op },
        token: token === undefined ? NO_NAMES : namesOfToken(tokenOf(token)),
        isTokenVerified: settings.tokens === 'verify',
      },
    );
  }

  async #refusalOfToken(tenant: string, given: string | undefined): Promise<GatewayRuling | null> {
    const { settings, verifier, clock } = this.#dependencies;
    if (settings.tokens === 'read' || given === undefined) return null;
    const { facts } = await verifier.verify(tokenOf(given), clock.now(), [tenant]);
    return facts.verified === true ? null : refused(`token_${facts.failure ?? 'malformed'}`, 401);
  }
}

/** RFC 6750 and RFC 9449: the scheme may stand before it. */
function tokenOf(given: string): string {
  return given.replace(/^(?:bearer|dpop) +/i, '').trim();
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What the method of a request does; undefined, and so a write, where none is known. */
export function opOfMethods(methods: readonly (string | undefined)[]): string | undefined {
  const known = methods.filter((each) => each !== undefined && each !== '');
  if (known.length === 0) return undefined;
  return known.every((each) => READS.has(String(each).toUpperCase())) ? 'read' : 'write';
}
