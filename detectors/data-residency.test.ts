import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import dataResidency from './data-residency.ts';

const grant = { tenant: 'acme', agent: 'bot', jurisdiction: 'EU' };
detectorConformance(dataResidency, { grant });

const agent = scenario('acme').agent('bot').session('s-1');
const lying = (region: string) => agent.having({ resource: { type: 's3', id: 'b-1', region } });
const run = (surroundings: object = { grant }) => new DetectorRun(dataResidency, surroundings);

describe('data_residency', () => {
  it.each(['us-east-1', 'US', 'eu-west-2', 'ukwest', 'europe-west6', 'eastus2', 'ap-northeast-1'])(
    'tells that %s lies outside the EU',
    (region) => {
      const [verdict] = run().see(lying(region).calls('read_object'));
      expect(verdict).toMatchObject({ level: 'high', trip: { key: 'session', level: 2 } });
    },
  );

  it.each([
    'eu-central-1',
    'EU',
    'DE',
    'fr',
    'westeurope',
    'europe-west1',
    'swedencentral',
    'de-fra',
  ])('says nothing of %s', (region) =>
    expect(run().see(lying(region).calls('read_object'))).toEqual([]),
  );

  it('binds by the jurisdiction of the person too', () => {
    const principalGrant = { match: 'alice', jurisdiction: 'CH' };
    const [verdict] = run({ grant, principalGrant }).see(lying('eu-central-1').calls('read'));
    expect(verdict?.facts).toMatchObject({ whose: 'person', jurisdiction: 'CH' });
  });

  it('knows regions of your own', () => {
    const options = { regions: { 'dc-north': ['NO', 'EEA'] } };
    expect(run({ grant, options }).see(lying('dc-north').calls('read'))).toHaveLength(1);
    const eea = { ...grant, jurisdiction: 'EEA' };
    expect(run({ grant: eea, options }).see(lying('dc-north').calls('read'))).toEqual([]);
  });

  it('takes the region from the grants file where the event has none', () => {
    const resourceFact = { match: 's3:*', region: 'US' };
    expect(run({ grant, resourceFact }).see(agent.on('s3', 'b').calls('read'))).toHaveLength(1);
  });

  it('scores an attempt that was denied', () => {
    const denied = lying('US').outcome('denied').calls('read');
    expect(run().see(denied)[0]).toMatchObject({ level: 'low', trip: null });
  });

  it('names what it lacks', () => {
    expect(run({}).blindFor(lying('US').reads(1))).toBe('grants.jurisdiction');
    expect(run().blindFor(agent.reads(1))).toBe('resource.region');
    expect(run().blindFor(lying('moon-base').reads(1))).toBe('resource.region');
    expect(run().blindFor(lying('constructor').reads(1))).toBe('resource.region');
  });
});
