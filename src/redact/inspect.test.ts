import { describe, expect, it } from 'vitest';
import { recognisersOf } from './entities/recognisers.ts';
import { inspectText } from './inspect.ts';

describe('inspectText', () => {
  it('tells entity, span and confidence, and no value', () => {
    expect(inspectText('mail alice@example.com, cpf 012.345.678-90')).toEqual([
      { entity: 'email', type: 'email', start: 5, end: 22, confidence: 'shaped', inside: [] },
      {
        entity: 'br_cpf',
        type: 'national_id',
        start: 28,
        end: 42,
        confidence: 'checked',
        inside: [],
      },
    ]);
  });

  it('names the wrapping that a value was found in', () => {
    const wrapped = Buffer.from('mail alice@example.com').toString('base64');
    expect(inspectText(`x ${wrapped}`)).toMatchObject([
      { entity: 'email', start: 2, end: 2 + wrapped.length, inside: ['base64'] },
    ]);
  });

  it('shows kept dates on request, and leaves out regions', () => {
    const text = 'on 2026-11-21, cpf 012.345.678-90';
    const recognisers = recognisersOf(['DE']);
    expect(inspectText(text, { recognisers })).toEqual([]);
    expect(inspectText(text, { recognisers, dates: true })).toMatchObject([
      { entity: 'date', start: 3, end: 13 },
    ]);
  });
});
