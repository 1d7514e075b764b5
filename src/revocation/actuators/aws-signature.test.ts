import { describe, expect, it } from 'vitest';
import { awsSignedHeaders } from './aws-signature.ts';

const AT = Date.parse('2015-08-30T12:36:00Z');
const EXAMPLE = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: null,
  region: 'us-east-1',
};

/** Signatures as published with the test suite of Signature Version 4 and in its manual. */
describe('awsSignedHeaders', () => {
  it('signs get-vanilla as the test suite does', () => {
    const { authorization } = awsSignedHeaders(
      { method: 'GET', url: new URL('https://example.amazonaws.com/'), headers: {}, body: '' },
      { ...EXAMPLE, service: 'service' },
      AT,
    );
    expect(authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        'SignedHeaders=host;x-amz-date, ' +
        'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
  });

  it('signs ListUsers of IAM as the manual does', () => {
    const { authorization } = awsSignedHeaders(
      {
        method: 'GET',
        url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: '',
      },
      { ...EXAMPLE, service: 'iam' },
      AT,
    );
    expect(authorization).toContain(
      'Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    );
  });

  it('carries the session token of temporary credentials', () => {
    const headers = awsSignedHeaders(
      { method: 'POST', url: new URL('https://iam.amazonaws.com/'), headers: {}, body: 'a=b' },
      { ...EXAMPLE, sessionToken: 'token', service: 'iam' },
      AT,
    );
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('host;x-amz-date;x-amz-security-token');
  });
});
