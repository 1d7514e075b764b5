import { createHmac, randomInt } from 'node:crypto';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';

/** Kinds of breakers that a place of a list follows. */
export type NamedKind = 'agent' | 'session' | 'token' | 'chain';

/** Whom the place of a list is for: whatever of these trips, the place shows it. */
export type AllocatedNames = Readonly<Record<NamedKind, readonly string[]>>;

/** One line of the allocations file. Names stand as keyed digests: nobody can read them. */
export interface Allocation {
  readonly tenant: string;
  readonly index: number;
  readonly names: readonly string[];
  /** When the token expires, and its place with it; null for what lasts, such as an agent. */
  readonly expires: EpochMs | null;
}

/** A keyed digest of a name, 96 bits: among 2^19 names two alike are as likely as 2^-59. */
export function nameDigest(secret: Uint8Array, kind: NamedKind, id: string): string {
  const mac = createHmac('sha256', secret).update(`status list 1\0${kind}\0`).update(id);
  return mac.digest().subarray(0, 12).toString('base64url');
}

/**
 * Places of status lists, in memory: one list of `LIMITS.statusListPlaces` for each tenant. Places
 * are drawn by chance, as the specification advises, so that an index tells nothing of its
 * neighbours. The same names get the same place again while it lasts.
 */
export class Allocations {
  readonly #tenants = new Map<string, TenantPlaces>();
  readonly #random: (below: number) => number;
  #names = 0;

  constructor(random: (below: number) => number = (below) => randomInt(below)) {
    this.#random = random;
  }

  /** The place that these names have already, or null. */
  find(tenant: string, names: readonly string[], expires: EpochMs | null): Allocation | null {
    const places = this.#tenants.get(tenant);
    const index = places?.byNames.get(allOf({ names, expires }));
    return index === undefined ? null : (places?.byIndex.get(index) ?? null);
  }

  /** A free place. @throws TripcoilError `overloaded` where there is none. */
  draw(tenant: string, names: readonly string[], expires: EpochMs | null): Allocation {
    const places = this.#tenants.get(tenant);
    const used = places?.byIndex;
    const isFull = (used?.size ?? 0) >= LIMITS.statusListPlaces * FILL;
    const isShareUsed = (places?.names ?? 0) + names.length > LIMITS.statusListNamesPerTenant;
    if (isFull || isShareUsed || this.#names + names.length > LIMITS.statusListNames) {
      throw new TripcoilError('overloaded', 'The status list is full.', { retryable: true });
    }
    let index = this.#random(LIMITS.statusListPlaces);
    while (used?.has(index)) index = (index + 1) % LIMITS.statusListPlaces;
    return { tenant, index, names, expires };
  }

  add(allocation: Allocation): void {
    const { tenant, index, names } = allocation;
    const places = this.#tenants.get(tenant) ?? noPlaces();
    this.#tenants.set(tenant, places);
    places.byIndex.set(index, allocation);
    places.byNames.set(allOf(allocation), index);
    this.#names += names.length;
    places.names += names.length;
    for (const name of names) {
      const of = places.byName.get(name) ?? new Set();
      places.byName.set(name, of.add(index));
    }
  }

  /** Frees what expired. */
  expire(now: EpochMs): void {
    for (const places of this.#tenants.values()) {
      for (const [index, allocation] of places.byIndex) {
        const { names, expires } = allocation;
        if (expires === null || expires > now) continue;
        places.byIndex.delete(index);
        places.byNames.delete(allOf(allocation));
        this.#names -= names.length;
        places.names -= names.length;
        for (const name of names) {
          const of = places.byName.get(name);
          of?.delete(index);
          if (of?.size === 0) places.byName.delete(name);
        }
      }
    }
  }

  /** Places that follow this name. */
  placesOf(tenant: string, name: string): Iterable<number> {
    return this.#tenants.get(tenant)?.byName.get(name) ?? [];
  }

  /** Whether the tenant has a list at all. */
  has(tenant: string): boolean {
    return this.#tenants.has(tenant);
  }

  /** How many there are, of all tenants. */
  get size(): number {
    let size = 0;
    for (const { byIndex } of this.#tenants.values()) size += byIndex.size;
    return size;
  }

  *all(): Iterable<Allocation> {
    for (const { byIndex } of this.#tenants.values()) yield* byIndex.values();
  }
}

interface TenantPlaces {
  readonly byIndex: Map<number, Allocation>;
  readonly byNames: Map<string, number>;
  readonly byName: Map<string, Set<number>>;
  /** As many as its places follow together. */
  names: number;
}

function noPlaces(): TenantPlaces {
  return { byIndex: new Map(), byNames: new Map(), byName: new Map(), names: 0 };
}

function allOf({ names, expires }: Pick<Allocation, 'names' | 'expires'>): string {
  return `${names.join(' ')} ${expires}`;
}

/** Fuller than this a place is hard to find by chance. */
const FILL = 0.9;
