import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { formatProblem } from '../config/problems.ts';
import { addressProblem } from '../revocation/guarded-post.ts';
import { secretProblem } from '../revocation/webhook/alert-webhook.ts';

function problemsOf(text: string): readonly string[] {
  const outgoing = { address: addressProblem, webhookSecret: secretProblem };
  const result = loadConfig({ text, env: {}, outgoing, readFile: () => '' });
  return 'problems' in result ? result.problems.map((one) => formatProblem(one, 't.yaml')) : [];
}

const receiver = (url: string, more = '') =>
  `revocation: { receivers: [{ name: r, tenants: ['*'], audience: a, url: "${url}"${more} }] }`;
const webhook = (url: string, secret: string) =>
  `alerts: { webhook: { url: "${url}", secret: "${secret}" } }`;

describe('what would be refused when it is sent', () => {
  it.each([
    ['10.0.0.7', 'allow_private: true'],
    ['192.168.1.1', 'allow_private: true'],
    ['[fd00::1]', 'allow_private: true'],
    ['169.254.169.254', 'no receiver has'],
    ['0.0.0.0', 'no receiver has'],
    ['[fe80::1]', 'no receiver has'],
    ['[::ffff:10.0.0.7]', 'revocation.receivers[0].url'],
    ['224.0.0.1', 'no receiver has'],
  ])('is told of by config check: %s', (host, words) => {
    const problems = problemsOf(receiver(`https://${host}/events`));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('revocation.receivers[0].url: points ');
    expect(problems[0]).toContain(words);
  });

  it('is told of once where the address is this machine', () => {
    expect(problemsOf(receiver('https://127.0.0.1/events'))).toHaveLength(1);
  });

  it.each([
    receiver('https://idp.example.com/events'),
    receiver('https://10.0.0.7/events', ', allow_private: true'),
    receiver('https://8.8.8.8/events'),
    receiver('http://127.0.0.1/events', ', allow_loopback: true'),
    webhook('https://10.0.0.7/hook', `whsec_${'A'.repeat(32)}`),
    webhook('http://127.0.0.1:9/hook', 'A'.repeat(32)),
  ])('is not confused with what may be sent: %s', (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it.each(['whsec_short-and-no-base64', 'only sixteen characters', `whsec_${'A'.repeat(31)}`])(
    'names the form of a webhook secret, and not the secret: %s',
    (secret) => {
      const [problem, ...others] = problemsOf(webhook('https://h.example.com', secret));
      expect(problem).toContain('alerts.webhook.secret: must be `whsec_` and base64 of 24 bytes');
      expect(problem).not.toContain(secret);
      expect(others).toEqual([]);
    },
  );

  it('counts a webhook in a forbidden range too', () => {
    const [problem] = problemsOf(webhook('https://169.254.169.254/', `whsec_${'A'.repeat(32)}`));
    expect(problem).toContain('alerts.webhook.url: points at an address that no receiver has');
  });
});
