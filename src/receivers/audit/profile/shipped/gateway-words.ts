/** HTTP status codes of a gateway as the end of an action. */
export const OUTCOME_OF_GATEWAY_STATUS = {
  '401': 'denied',
  '403': 'denied',
  '407': 'denied',
  '429': 'denied',
  '408': 'timeout',
  '504': 'timeout',
  '1*': 'unknown',
  '2*': 'success',
  '3*': 'success',
  '4*': 'failure',
  '5*': 'failure',
  '0': 'cancelled',
};

/** HTTP methods as operations. */
export const OPERATION_BY_METHOD = {
  GET: 'read',
  HEAD: 'read',
  OPTIONS: 'read',
  POST: 'write',
  PUT: 'write',
  PATCH: 'write',
  DELETE: 'delete',
};

/** Methods of the Model Context Protocol as kinds of event. */
export const KIND_BY_MCP_METHOD = {
  'tools/call': 'tool_call',
  'resources/*': 'data_access',
  'prompts/*': 'data_access',
  '*/list': 'data_access',
  initialize: 'task_start',
};
