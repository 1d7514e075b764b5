import { describe } from 'vitest';
import { WALL_CLOCK } from '../../runtime/wall-clock.ts';
import { busConformance } from './conformance.ts';
import { MemoryCluster, memoryBus } from './memory-bus.ts';

describe('the memory bus', () => {
  const cluster = new MemoryCluster(WALL_CLOCK);
  busConformance(() => ({
    open: () => memoryBus(cluster),
    createTopic: async (name, partitions) => cluster.createTopic(name, partitions),
  }));
});
