import type { NotJudged } from './detect/detector.ts';

/** What one agent's detectors remember of it, and whether each could judge it. */
export class DetectorMemory {
  readonly places: DetectorPlaces;
  /** By place: the state, undefined before there is one, and the latest judgement. */
  readonly #states: unknown[];
  readonly #coverage: (NotJudged | null | undefined)[];

  constructor(places: DetectorPlaces) {
    this.places = places;
    this.#states = new Array<unknown>(places.count).fill(undefined);
    this.#coverage = new Array<NotJudged | null | undefined>(places.count).fill(undefined);
  }

  stateAt(place: number): unknown {
    return this.#states[place];
  }

  setState(place: number, state: unknown): void {
    while (this.#states.length <= place) this.#states.push(undefined);
    this.#states[place] = state;
  }

  /** Notes the latest judgement: null judged, else the field it lacked. */
  cover(place: number, blind: NotJudged | null): void {
    const before = this.#coverage[place];
    // Most events change nothing: to write the same again would be a write to old memory.
    if (before === blind) return;
    if (before && blind && before.field === blind.field && before.cure === blind.cure) return;
    while (this.#coverage.length <= place) this.#coverage.push(undefined);
    this.#coverage[place] = blind;
  }

  /** The state of a detector by its id; undefined where it has none. */
  stateOf(id: string): unknown {
    const place = this.places.find(id);
    return place === null ? undefined : this.#states[place];
  }

  /** The latest judgement of a detector by its id; undefined where it was never asked. */
  coverageOf(id: string): NotJudged | null | undefined {
    const place = this.places.find(id);
    return place === null ? undefined : this.#coverage[place];
  }

  /** States by detector, in the order of their ids. */
  get states(): Record<string, unknown> {
    return this.#byId(this.#states);
  }

  /** Latest judgements by detector, in the order of their ids. */
  get coverage(): Record<string, NotJudged | null> {
    return this.#byId(this.#coverage);
  }

  restore(
    states: Readonly<Record<string, unknown>>,
    coverage: Readonly<Record<string, NotJudged | null>>,
  ): this {
    for (const [id, state] of Object.entries(states)) this.setState(this.places.of(id), state);
    for (const [id, blind] of Object.entries(coverage)) this.cover(this.places.of(id), blind);
    return this;
  }

  /** Whether there is anything of these places. */
  holds(places: readonly number[]): boolean {
    return places.some(
      (place) => this.#states[place] !== undefined || this.#coverage[place] !== undefined,
    );
  }

  forget(places: readonly number[]): void {
    for (const place of places) {
      if (place < this.#states.length) this.#states[place] = undefined;
      if (place < this.#coverage.length) this.#coverage[place] = undefined;
    }
  }

  #byId<Value>(values: readonly (Value | undefined)[]): Record<string, Value> {
    const byId: Record<string, Value> = {};
    for (const [id, place] of this.places.sorted) {
      const value = values[place];
      if (value !== undefined) byId[id] = value;
    }
    return byId;
  }
}

/** Where each detector of a tenant has its place in the memory of every agent. */
export class DetectorPlaces {
  readonly #places = new Map<string, number>();
  /** Places of detectors that are gone, for those to come. */
  readonly #free: number[] = [];
  #count = 0;
  #sorted: readonly (readonly [string, number])[] | null = null;

  /** Places given so far. */
  get count(): number {
    return this.#count;
  }

  /** By id, so that equal memories are written down equal whoever was asked first. */
  get sorted(): readonly (readonly [string, number])[] {
    this.#sorted ??= [...this.#places].sort(([one], [other]) => (one < other ? -1 : 1));
    return this.#sorted;
  }

  find(id: string): number | null {
    return this.#places.get(id) ?? null;
  }

  /** The place of a detector, given at first mention. */
  of(id: string): number {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.#free.pop() ?? this.#count;
    if (place === this.#count) this.#count += 1;
    this.#places.set(id, place);
    this.#sorted = null;
    return place;
  }

  /** Takes the places of detectors that are gone; each agent has to forget them. */
  forget(isGone: (id: string) => boolean): readonly number[] {
    const gone = [...this.#places].filter(([id]) => isGone(id));
    for (const [id, place] of gone) {
      this.#places.delete(id);
      this.#free.push(place);
    }
    if (gone.length > 0) this.#sorted = null;
    return gone.map(([, place]) => place);
  }
}
