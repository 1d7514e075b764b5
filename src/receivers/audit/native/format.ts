import { isObject } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';
import { parseNativeValue } from '../native.ts';

/** The native event (design section 6) among the audit formats. */
export const nativeFormat: AuditFormat = {
  name: 'native',
  title: 'Tripcoil native event',
  tenantIs: 'claim',
  recognises: (value) =>
    isObject(value) &&
    isObject(value['agent']) &&
    isObject(value['action']) &&
    Object.hasOwn(value['agent'], 'id') &&
    Object.hasOwn(value['action'], 'name'),
  map: (value, { position }) => {
    const result = parseNativeValue(value, position);
    return ['event' in result ? result.event : result.reject];
  },
};
