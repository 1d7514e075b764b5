import { parentPort, workerData } from 'node:worker_threads';
import { type FleetPart, type FleetPlan, simulateFleet } from './fleet-simulation.ts';

const { plan, part } = workerData as { readonly plan: FleetPlan; readonly part: FleetPart };
parentPort?.postMessage(simulateFleet(plan, part));
