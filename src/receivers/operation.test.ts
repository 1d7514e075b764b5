import { describe, expect, it } from 'vitest';
import { operationOfHttpMethod, operationOfName } from './operation.ts';

describe('operationOfName', () => {
  it.each([
    ['get_customer', 'read'],
    ['crm.search_contacts', 'list'],
    ['sendEmail', 'write'],
    ['mcp__db__delete-row', 'delete'],
    ['createUser', 'write'],
    ['list_files', 'list'],
    ['run_python', 'execute'],
    ['grantAccess', 'admin'],
    ['frobnicate', 'unknown'],
    ['', 'unknown'],
    ['__proto__', 'unknown'],
  ])('%s is %s', (name, operation) => {
    expect(operationOfName(name)).toBe(operation);
  });

  it('does not read past the first 256 characters', () => {
    expect(operationOfName(`${'x'.repeat(300)} delete`)).toBe('unknown');
  });
});

describe('operationOfHttpMethod', () => {
  it.each([
    ['get', 'read'],
    ['DELETE', 'delete'],
    ['PROPFIND', 'unknown'],
  ])('%s is %s', (method, operation) => {
    expect(operationOfHttpMethod(method)).toBe(operation);
  });
});
