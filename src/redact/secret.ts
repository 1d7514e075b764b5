import { hasTokenHeader, passesAtlassianCheck, passesGitHubCheck } from './checks/token-checks.ts';
import { type Hit, type Subject, secretHit } from './hit.ts';

/** A credential that says by its beginning who gave it out. */
interface SecretRule {
  readonly prefixes: readonly string[];
  /** What follows the prefix. */
  readonly rest: string;
  readonly label: string;
  /** The issuer's checksum: it raises confidence; a wrong one is a slip, not an acquittal. */
  readonly check?: (text: string) => boolean;
}

const URL_SAFE = '[A-Za-z0-9_-]';
const ALNUM = '[A-Za-z0-9]';

/**
 * Formats as published by their issuers, and as gitleaks (MIT) and GitHub's secret scanning
 * partners list them. Lengths are lower bounds: issuers lengthen them without notice.
 */
const RULES: readonly SecretRule[] = [
  {
    prefixes: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    rest: '[A-Z2-7]{16}(?![A-Za-z0-9])',
    label: 'aws_access_key_id',
  },
  {
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    rest: `${ALNUM}{36,255}`,
    label: 'github_token',
    check: passesGitHubCheck,
  },
  { prefixes: ['github_pat_'], rest: '[A-Za-z0-9_]{36,255}', label: 'github_token' },
  {
    prefixes: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glsoat-',
      'gloas-',
      'glagent-',
      'glimt-',
    ],
    rest: `[A-Za-z0-9_.-]{20,300}`,
    label: 'gitlab_token',
  },
  {
    prefixes: ['xoxa-', 'xoxb-', 'xoxe-', 'xoxe.', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    rest: '[A-Za-z0-9.-]{10,300}',
    label: 'slack_token',
  },
  {
    prefixes: ['hooks.slack.com/'],
    rest: '(?:services|workflows|triggers)/[A-Za-z0-9/_+-]{20,120}',
    label: 'slack_webhook',
  },
  {
    prefixes: ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    rest: '\\d{15,20}/[A-Za-z0-9_-]{40,100}',
    label: 'discord_webhook',
  },
  {
    prefixes: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'rk_prod_'],
    rest: `${ALNUM}{10,255}`,
    label: 'stripe_key',
  },
  { prefixes: ['whsec_'], rest: '[A-Za-z0-9+/=]{24,100}', label: 'webhook_secret' },
  { prefixes: ['sk-ant-'], rest: `${URL_SAFE}{16,255}`, label: 'anthropic_key' },
  { prefixes: ['sk-or-v1-'], rest: '[0-9a-f]{32,128}', label: 'openrouter_key' },
  {
    prefixes: ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'],
    rest: `${URL_SAFE}{20,300}`,
    label: 'openai_key',
  },
  { prefixes: ['sk-'], rest: `(?=[A-Za-z]{0,127}\\d)${ALNUM}{20,128}`, label: 'openai_key' },
  { prefixes: ['AIza'], rest: `${URL_SAFE}{35,40}`, label: 'google_api_key' },
  { prefixes: ['ya29.'], rest: `[A-Za-z0-9_.-]{20,2048}`, label: 'google_oauth_token' },
  { prefixes: ['GOCSPX-'], rest: `${URL_SAFE}{24,40}`, label: 'google_client_secret' },
  { prefixes: ['npm_'], rest: `${ALNUM}{36}`, label: 'npm_token', check: passesGitHubCheck },
  { prefixes: ['pypi-AgE'], rest: `${URL_SAFE}{40,1000}`, label: 'pypi_token' },
  { prefixes: ['rubygems_'], rest: '[0-9a-f]{48}', label: 'rubygems_key' },
  { prefixes: ['hf_', 'api_org_'], rest: '[A-Za-z]{30,60}', label: 'huggingface_token' },
  {
    prefixes: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    rest: '[0-9a-f]{64}',
    label: 'digitalocean_token',
  },
  { prefixes: ['SG.'], rest: `${URL_SAFE}{16,32}\\.${URL_SAFE}{32,64}`, label: 'sendgrid_key' },
  { prefixes: ['key-'], rest: '[0-9a-f]{32}(?![0-9A-Za-z-])', label: 'mailgun_key' },
  { prefixes: ['SK'], rest: '[0-9a-f]{32}(?![0-9A-Za-z])', label: 'twilio_key' },
  {
    prefixes: ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    rest: '[0-9a-fA-F]{32}',
    label: 'shopify_token',
  },
  { prefixes: ['sq0atp-', 'sq0csp-'], rest: `${URL_SAFE}{22,50}`, label: 'square_token' },
  { prefixes: ['dckr_pat_', 'dckr_oat_'], rest: `${URL_SAFE}{20,64}`, label: 'docker_token' },
  { prefixes: ['NRAK-'], rest: '[A-Z0-9]{27}', label: 'newrelic_key' },
  {
    prefixes: ['ATATT3', 'ATCTT3', 'ATBBT3'],
    rest: '[A-Za-z0-9_=-]{50,400}',
    label: 'atlassian_token',
    check: passesAtlassianCheck,
  },
  { prefixes: ['lin_api_', 'lin_oauth_'], rest: `${ALNUM}{32,64}`, label: 'linear_key' },
  {
    prefixes: ['ntn_', 'secret_'],
    rest: `(?=[A-Za-z]{0,59}\\d)${ALNUM}{40,60}`,
    label: 'notion_token',
  },
  { prefixes: ['PMAK-'], rest: '[0-9a-f]{24}-[0-9a-f]{34}', label: 'postman_key' },
  { prefixes: ['hvs.', 'hvb.', 'hvr.'], rest: `${URL_SAFE}{20,300}`, label: 'vault_token' },
  { prefixes: ['AGE-SECRET-KEY-1'], rest: '[0-9A-Z]{58}', label: 'age_key' },
  { prefixes: ['dapi'], rest: '[0-9a-f]{32}(?:-\\d)?(?![0-9A-Za-z])', label: 'databricks_token' },
  { prefixes: ['glsa_', 'glc_'], rest: '[A-Za-z0-9+/_=]{32,400}', label: 'grafana_token' },
  { prefixes: ['sntrys_', 'sntryu_'], rest: '[A-Za-z0-9+/_=]{40,400}', label: 'sentry_token' },
  { prefixes: ['gsk_'], rest: `${ALNUM}{40,64}`, label: 'groq_key' },
  { prefixes: ['xai-'], rest: `${ALNUM}{60,100}`, label: 'xai_key' },
  { prefixes: ['pplx-'], rest: `${ALNUM}{40,64}`, label: 'perplexity_key' },
  { prefixes: ['r8_'], rest: `${ALNUM}{37,40}`, label: 'replicate_token' },
  { prefixes: ['sbp_'], rest: '[0-9a-f]{40}', label: 'supabase_token' },
  {
    prefixes: ['dp.pt.', 'dp.st.', 'dp.ct.'],
    rest: '[A-Za-z0-9._-]{40,80}',
    label: 'doppler_token',
  },
  { prefixes: ['figd_'], rest: `${URL_SAFE}{38,50}`, label: 'figma_token' },
  { prefixes: ['xkeysib-'], rest: '[0-9a-f]{64}-[A-Za-z0-9]{16}', label: 'brevo_key' },
  { prefixes: ['CFPAT-'], rest: `${URL_SAFE}{43}`, label: 'contentful_token' },
  // JWS in compact form, and JWE with its five parts (RFC 7515, RFC 7516).
  {
    prefixes: ['eyJ', 'ewog'],
    rest: `${URL_SAFE}{8,}\\.${URL_SAFE}{2,}(?:\\.${URL_SAFE}*){1,3}`,
    label: 'jwt',
    check: hasTokenHeader,
  },
];

/** Kinds of credential told by their prefix, sorted. */
export const SECRET_KINDS: readonly string[] = [...new Set(RULES.map(({ label }) => label))].sort();

/** Prefixes that are words too, so what follows must not look like prose. */
const SCHEMES = ['Bearer', 'bearer', 'BEARER', 'Basic', 'basic', 'BASIC', 'DPoP', 'Negotiate'];
/** Ends before the next scheme, whose name may be glued to this value. */
const SCHEME_VALUE =
  /(?:Bearer|Basic|DPoP|Negotiate)(?:[ \t]{1,4}|%20|\+)((?:(?!(?:Bearer|Basic|DPoP|Negotiate)[ \t%+])[A-Za-z0-9._~+/-]){8,8192}={0,3})/iy;
const PRIVATE_KEY =
  /-----BEGIN[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----[\s\S]*?(?:-----END[ +][A-Z0-9 +]{0,40}PRIVATE[ +]KEY(?:[ +]BLOCK)?-----|$)/y;

interface CompiledRule {
  readonly prefix: string;
  readonly pattern: RegExp;
  readonly label: string;
  readonly check?: (text: string) => boolean;
}

const rulesByPair = new Map<number, CompiledRule[]>();
/** 1 for every pair of characters that some prefix begins with. */
const pairs = new Uint8Array(128 * 128);
for (const { prefixes, rest, ...rule } of RULES) {
  const pattern = new RegExp(rest, 'y');
  for (const prefix of prefixes) addRule({ prefix, pattern, ...rule });
}
for (const prefix of SCHEMES) addRule({ prefix, pattern: SCHEME_VALUE, label: 'authorization' });

function addRule(rule: CompiledRule): void {
  const pair = rule.prefix.charCodeAt(0) * 128 + rule.prefix.charCodeAt(1);
  pairs[pair] = 1;
  const rules = rulesByPair.get(pair);
  if (rules === undefined) rulesByPair.set(pair, [rule]);
  else rules.push(rule);
}

/** Whether some credential begins with these two code units; the scanner's first and only look. */
export function beginsSecret(first: number, second: number): boolean {
  return second < 128 && pairs[first * 128 + second] === 1;
}

/** The credential that begins at `at`, by its issuer's prefix or its authorization scheme. */
export function secretAt(subject: Subject, at: number): Hit | null {
  const { text } = subject;
  const pair = text.charCodeAt(at) * 128 + text.charCodeAt(at + 1);
  for (const { prefix, pattern, label, check } of rulesByPair.get(pair) ?? []) {
    if (!text.startsWith(prefix, at)) continue;
    if (pattern === SCHEME_VALUE) {
      const hit = schemeValueAt(text, at);
      if (hit !== null) return hit;
      continue;
    }
    if (label === 'jwt' && at < subject.jwtBarrier) continue;
    pattern.lastIndex = at + prefix.length;
    if (pattern.test(text)) {
      const end = pattern.lastIndex;
      const checked = check?.(text.slice(at, end)) === true;
      return secretHit(label, at, end, checked ? 'checked' : 'shaped');
    }
    if (label === 'jwt') subject.jwtBarrier = endOfRun(text, at);
  }
  return null;
}

/** Where the first part of a would-be JSON web token ends, for every later start in it too. */
function endOfRun(text: string, at: number): number {
  let end = at;
  while (/[A-Za-z0-9_-]/.test(text.charAt(end))) end++;
  return end;
}

/** `Bearer …`: the scheme stays, the value goes, unless it is a word of prose. */
function schemeValueAt(text: string, at: number): Hit | null {
  SCHEME_VALUE.lastIndex = at;
  const match = SCHEME_VALUE.exec(text);
  const value = match?.[1];
  if (match === null || value === undefined) return null;
  if (!/\d/.test(value) && !/[a-z][A-Z]/.test(value) && value.length < 24) return null;
  const end = at + match[0].length;
  return secretHit('authorization', end - value.length, end);
}

/** A PEM, OpenSSH or PGP private key with its first dash at `at`; a cut one to the end. */
export function privateKeyAt({ text }: Subject, at: number): Hit | null {
  if (!text.startsWith('-----BEGIN', at)) return null;
  PRIVATE_KEY.lastIndex = at;
  const match = PRIVATE_KEY.exec(text);
  return match === null ? null : secretHit('private_key', at, at + match[0].length);
}
