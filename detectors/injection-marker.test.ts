import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import injectionMarker from './injection-marker.ts';

detectorConformance(injectionMarker);

const agent = scenario('acme').agent('bot').session('s-1');
const marked = (injectionMarkers: Record<string, number>) => agent.having({ injectionMarkers });

describe('injection_marker', () => {
  it('adds score and never trips', () => {
    const run = new DetectorRun(injectionMarker);
    const [weak] = run.see(marked({ hide_from_user: 1 }).reads(1));
    expect(weak).toMatchObject({ level: 'low', score: 10, trip: null });
    const [strong] = run.see(marked({ ignore_instructions: 2, role_marker: 1 }).reads(1));
    expect(strong).toMatchObject({
      level: 'medium',
      trip: null,
      title: '3 known marks of prompt injection: ignore_instructions, role_marker',
    });
  });

  it('says nothing of events without markers, of ignored ones, and of proposals', () => {
    const run = new DetectorRun(injectionMarker, { options: { ignored_markers: ['role_marker'] } });
    expect(run.see(agent.reads(1))).toEqual([]);
    expect(run.see(marked({ role_marker: 1 }).reads(1))).toEqual([]);
    const proposed = marked({ jailbreak: 1 }).having({ phase: 'proposed' });
    expect(run.see(proposed.reads(1))).toEqual([]);
  });
});
