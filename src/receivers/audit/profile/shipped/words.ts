/** Action names of audit logs as kinds; what none matches is left to the profile. */
export const KIND_BY_ACTION = {
  '*log*in*fail*': 'authentication',
  '*login*': 'authentication',
  '*logon*': 'authentication',
  '*logout*': 'authentication',
  '*log_in*': 'authentication',
  '*log_out*': 'authentication',
  '*sign-in*': 'authentication',
  '*sign_in*': 'authentication',
  '*signin*': 'authentication',
  '*session.start*': 'authentication',
  '*session.end*': 'authentication',
  '*approv*': 'approval',
  '*token*creat*': 'token_issue',
  '*token*generat*': 'token_issue',
  '*token*grant*': 'token_issue',
  '*generat*token*': 'token_issue',
  '*creat*token*': 'token_issue',
  '*api_key*creat*': 'token_issue',
  '*api*key*add*': 'token_issue',
  '*service_key*creat*': 'token_issue',
  '*access_grant*': 'token_issue',
};

/** Words for results as the status of an outcome. */
export const OUTCOME_BY_WORD = {
  'succ*': 'success',
  'allow*': 'success',
  ok: 'success',
  true: 'success',
  yes: 'success',
  completed: 'success',
  'den*': 'denied',
  'block*': 'denied',
  'forbidden*': 'denied',
  'unauthori*': 'denied',
  'accessdenied*': 'denied',
  'authorizationfail*': 'denied',
  fraud: 'denied',
  'fail*': 'failure',
  'err*': 'failure',
  false: 'failure',
  no: 'failure',
  'invalid*': 'failure',
  'timeout*': 'timeout',
  'cancel*': 'cancelled',
  challenge: 'unknown',
};

/** HTTP status codes as the status of an outcome. */
export const OUTCOME_BY_STATUS = {
  '401': 'denied',
  '403': 'denied',
  '429': 'denied',
  '408': 'timeout',
  '504': 'timeout',
  '2*': 'success',
  '3*': 'success',
  '4*': 'failure',
  '5*': 'failure',
};

/** Setup for products that are polled or write to a bucket: one generic shipper. */
export function shippedWithVector(profile: string, source: string): string {
  return `${source}

Send the records as they are, one JSON object a line, for instance with Vector:

\`\`\`yaml
sources: { audit: { type: file, include: [/var/log/audit/*.jsonl] } }
sinks:
  tripcoil:
    type: http
    inputs: [audit]
    uri: http://tripcoil:8787/v1/audit/${profile}
    encoding: { codec: text }
    framing: { method: newline_delimited }
    compression: gzip
    auth: { strategy: bearer, token: "\${TRIPCOIL_TOKEN}" }
\`\`\``;
}
