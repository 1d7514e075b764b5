import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Bus, BusBatch, BusConsumer, BusHandler, BusSubscription } from '../../ports/bus.ts';

/** Where the suite runs: a fresh cluster or a shared one, as long as names are fresh. */
export interface BusPlace {
  /** A connection of its own to the one cluster. */
  open(): Bus;
  /** A new, empty topic. */
  createTopic(name: string, partitions: number): Promise<void>;
}

/** What every bus must do. Called inside a `describe`. */
export function busConformance(place: () => BusPlace): void {
  let scene: Scene;
  beforeEach(() => {
    scene = new Scene(place());
  });
  afterEach(() => scene.close());
  deliveryRules(() => scene);
  commitRules(() => scene);
  pauseRules(() => scene);
  groupRules(() => scene);
}

function deliveryRules(scene: () => Scene): void {
  it('hands over keys, values, headers and times as they were sent, tombstones too', async () => {
    const topic = await scene().topic(1);
    const before = Date.now();
    await scene().bus.produce([
      { topic, key: 'k', value: Buffer.from([0, 255, 10]), headers: { ce_id: 'é', empty: '' } },
      { topic, key: 'k', value: null },
      { topic, key: null, value: '' },
    ]);
    const reader = scene().reader({ topics: [topic] });
    await reader.until(3);
    const [first, second, third] = reader.records;
    expect(first).toMatchObject({ topic, partition: 0, offset: '0' });
    expect(text(first?.key)).toBe('k');
    expect([...(first?.value ?? [])]).toEqual([0, 255, 10]);
    expect([...(first?.headers ?? [])].map(([name, value]) => [name, text(value)])).toEqual([
      ['ce_id', 'é'],
      ['empty', ''],
    ]);
    expect(first?.timestamp).toBeGreaterThanOrEqual(before);
    expect(first?.timestamp).toBeLessThanOrEqual(Date.now());
    expect(second).toMatchObject({ offset: '1', value: null });
    expect(third?.key).toBeNull();
    expect(third?.value).toHaveLength(0);
  });

  it('keeps the order of each key over many batches', async () => {
    const topic = await scene().topic(3);
    const reader = scene().reader({ topics: [topic] });
    for (let round = 0; round < 5; round += 1) {
      await scene().bus.produce(
        Array.from({ length: 200 }, (_, index) => ({
          topic,
          key: `key-${index % 7}`,
          value: String(round * 200 + index),
        })),
      );
    }
    await reader.until(1_000);
    const byKey = Map.groupBy(reader.records, (record) => text(record.key));
    expect(byKey.size).toBe(7);
    for (const records of byKey.values()) {
      const values = records.map((record) => Number(text(record.value)));
      expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(new Set(records.map((record) => record.partition)).size).toBe(1);
    }
  });

  it('refuses a topic that is not there, and goes on with one that is', async () => {
    const topic = await scene().topic(1);
    const missing = scene().name('missing');
    await expect(
      scene().bus.produce([{ topic: missing, key: null, value: 'x' }]),
    ).rejects.toMatchObject({ code: 'bus_unavailable', retryable: true });
    await scene().bus.produce([{ topic, key: null, value: 'x' }]);
    const reader = scene().reader({ topics: [topic] });
    await reader.until(1);
  });

  it('waits for a topic that is made later', async () => {
    const topic = scene().name('later');
    const reader = scene().reader({ topics: [topic] });
    expect(reader.consumer.state).toBe('waiting');
    await scene().place.createTopic(topic, 1);
    await scene().bus.produce([{ topic, key: null, value: 'x' }]);
    await reader.until(1);
    expect(reader.consumer.state).toBe('reading');
  });
}

function commitRules(scene: () => Scene): void {
  it('hands over again, in order, what was refused, and nothing behind it before', async () => {
    const topic = await scene().topic(1);
    await scene().bus.produce([value(topic, 'a'), value(topic, 'b')]);
    let refusals = 0;
    const reader = scene().reader({ topics: [topic] }, async () => {
      if (refusals < 3) {
        refusals += 1;
        if (refusals === 1) await scene().bus.produce([value(topic, 'c')]);
        throw new Error('not now');
      }
    });
    await reader.until(3);
    expect(refusals).toBe(3);
    expect(reader.values()).toEqual(['a', 'b', 'c']);
  });

  it('lets one partition go on while another is refused', async () => {
    const topic = await scene().topic(2);
    const seen: number[] = [];
    const reader = scene().reader({ topics: [topic] }, async ({ partition }) => {
      seen.push(partition);
      if (partition === 0 && !seen.includes(1)) throw new Error('not now');
    });
    await scene().bus.produce(
      Array.from({ length: 20 }, (_, index) => ({ topic, key: `key-${index}`, value: 'x' })),
    );
    await reader.until(20);
  });

  it('commits what was taken and nothing that was not', async () => {
    const topic = await scene().topic(1);
    const group = scene().name('group');
    await scene().bus.produce([value(topic, 'taken')]);
    const first = scene().reader({ topics: [topic], group });
    await first.until(1);
    await first.consumer.close();

    await scene().bus.produce([value(topic, 'refused')]);
    const refused = Promise.withResolvers<void>();
    const second = scene().reader({ topics: [topic], group }, async () => {
      refused.resolve();
      throw new Error('not now');
    });
    await refused.promise;
    await second.consumer.close();

    const third = scene().reader({ topics: [topic], group });
    await third.until(1);
    expect(third.values()).toEqual(['refused']);
  });

  it('waits on closing for what is being handled, and commits it', async () => {
    const topic = await scene().topic(1);
    const group = scene().name('group');
    await scene().bus.produce([value(topic, 'a')]);
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const first = scene().reader({ topics: [topic], group }, async () => {
      started.resolve();
      await release.promise;
    });
    await started.promise;
    const closing = first.consumer.close();
    release.resolve();
    await closing;
    expect(first.values()).toEqual(['a']);
    expect(first.consumer.state).toBe('closed');
    await first.consumer.close();

    await scene().bus.produce([value(topic, 'b')]);
    const second = scene().reader({ topics: [topic], group });
    await second.until(1);
    expect(second.values()).toEqual(['b']);
  });
}

function pauseRules(scene: () => Scene): void {
  it('hands over nothing while paused, and everything once resumed', async () => {
    const topic = await scene().topic(2);
    const control = await scene().topic(1);
    const reader = scene().reader({ topics: [topic] });
    await scene().bus.produce([value(topic, 'a')]);
    await reader.until(1);
    reader.consumer.pause();
    expect(reader.consumer.state).toBe('paused');
    await scene().bus.produce(['b', 'c', 'd'].map((each) => value(topic, each)));
    // Another reader that got its record shows that time enough has passed.
    const other = scene().reader({ topics: [control, topic] });
    await scene().bus.produce([value(control, 'x')]);
    await other.until(5);
    expect(reader.values()).toEqual(['a']);
    expect(await reader.consumer.lag()).toEqual(new Map([[topic, 3]]));
    const parts = [...(await reader.consumer.partitionLag(topic)).values()];
    expect(parts.reduce((sum, each) => sum + each, 0)).toBe(3);
    reader.consumer.resume();
    await reader.until(4);
    expect(reader.values().toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('counts what is not committed yet', async () => {
    const topic = await scene().topic(2);
    const release = Promise.withResolvers<void>();
    const reader = scene().reader({ topics: [topic] }, () => release.promise);
    expect(await reader.consumer.lag()).toEqual(new Map([[topic, 0]]));
    await scene().bus.produce(['a', 'b', 'c', 'd', 'e'].map((each) => value(topic, each)));
    expect(await reader.consumer.lag()).toEqual(new Map([[topic, 5]]));
    release.resolve();
    await reader.until(5);
    await reader.consumer.close();
    const after = scene().reader({ topics: [topic], group: reader.group });
    expect(await after.consumer.lag()).toEqual(new Map([[topic, 0]]));
  });
}

function groupRules(scene: () => Scene): void {
  it('shares the partitions in a group and gives every group everything', async () => {
    const topic = await scene().topic(4);
    const group = scene().name('group');
    const members = [scene().reader({ topics: [topic], group })];
    await scene().bus.produce([value(topic, 'first')]);
    await members[0]?.until(1);
    members.push(scene().reader({ topics: [topic], group }));
    const other = scene().reader({ topics: [topic] });
    // Goes on until the second member has its share, however long joining takes.
    let sent = 1;
    while (members[1]?.records.length === 0) {
      await scene().bus.produce(Array.from({ length: 8 }, () => value(topic, String(sent++))));
      await other.until(sent);
    }
    await other.until(sent);
    const both = () => new Set(members.flatMap((member) => member.values())).size;
    for (const member of members) await member.when(() => both() === sent);
    expect(both()).toBe(sent);
    expect(new Set(other.values()).size).toBe(sent);
  });

  it('starts a new group behind the newest record where it is told to', async () => {
    const topic = await scene().topic(1);
    await scene().bus.produce([value(topic, 'old')]);
    const reader = scene().reader({ topics: [topic], fromBeginning: false });
    let sent = 0;
    while (reader.records.length === 0) {
      await scene().bus.produce([value(topic, `new-${sent++}`)]);
    }
    expect(reader.values()[0]).toMatch(/^new-/);
  });

  it('closes twice, with its consumers, and then refuses', async () => {
    const topic = await scene().topic(1);
    const bus = scene().open();
    const consumer = bus.consume(
      { topics: [topic], group: scene().name('group'), fromBeginning: true },
      async () => undefined,
    );
    await bus.close();
    await bus.close();
    expect(consumer.state).toBe('closed');
    await expect(bus.produce([value(topic, 'x')])).rejects.toMatchObject({
      code: 'bus_unavailable',
    });
  });
}

/** One reader, what it took, and who waits for it. */
class Reader {
  readonly group: string;
  readonly consumer: BusConsumer;
  readonly records: BusBatch['records'][number][] = [];
  readonly #waiting: { readonly isDone: () => boolean; readonly done: () => void }[] = [];

  constructor(bus: Bus, subscription: BusSubscription, handler: BusHandler) {
    this.group = subscription.group;
    this.consumer = bus.consume(subscription, async (batch) => {
      await handler(batch);
      this.records.push(...batch.records);
      for (const { isDone, done } of this.#waiting) if (isDone()) done();
    });
  }

  values(): readonly string[] {
    return this.records.map((record) => text(record.value));
  }

  until(count: number): Promise<void> {
    return this.when(() => this.records.length >= count);
  }

  /** Looks at every batch taken; whoever waits for another reader too is looked at by that one. */
  when(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting.push({ isDone, done });
    });
  }
}

class Scene {
  readonly place: BusPlace;
  readonly bus: Bus;
  readonly #buses: Bus[] = [];

  constructor(place: BusPlace) {
    this.place = place;
    this.bus = this.open();
  }

  open(): Bus {
    const bus = this.place.open();
    this.#buses.push(bus);
    return bus;
  }

  name(kind: string): string {
    return `${kind}-${crypto.randomUUID()}`;
  }

  async topic(partitions: number): Promise<string> {
    const name = this.name('topic');
    await this.place.createTopic(name, partitions);
    return name;
  }

  reader(
    subscription: Partial<BusSubscription> & { readonly topics: readonly string[] },
    handler: BusHandler = async () => undefined,
  ): Reader {
    const full = { group: this.name('group'), fromBeginning: true, ...subscription };
    return new Reader(this.bus, full, handler);
  }

  async close(): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close()));
  }
}

function value(topic: string, text: string) {
  return { topic, key: null, value: text };
}

function text(bytes: Uint8Array | null | undefined): string {
  return bytes === null || bytes === undefined ? '' : Buffer.from(bytes).toString();
}
