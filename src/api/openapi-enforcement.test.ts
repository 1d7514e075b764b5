import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { ENFORCEMENT_PATHS } from './openapi-enforcement.ts';

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

describe('the surfaces of enforcement points in the description of the API', () => {
  it.each(Object.entries(ENFORCEMENT_PATHS))('has %s with the names of its path', (path, item) => {
    const { paths } = openApiDocument([], '0') as { readonly paths: Record<string, unknown> };
    expect(paths[path]).toEqual(item);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    for (const { summary, parameters = [] } of Object.values<Operation>(item as never)) {
      expect(summary).toMatch(/\.$/);
      expect(parameters.map(({ name }) => name)).toEqual(named);
    }
  });
});
