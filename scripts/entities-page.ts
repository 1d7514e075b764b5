import type { Entity } from '../src/redact/entities/entity.ts';
import { GENERIC_ENTITIES } from '../src/redact/entities/generic.ts';
import { SHAPED_ENTITIES } from '../src/redact/entities/recognisers.ts';
import { SECRET_KINDS } from '../src/redact/secret.ts';

/** The body of docs/entities.md: every entity with its rule, its source and its known gaps. */
export function entitiesPage(): readonly string[] {
  return [
    'What redaction looks for in every text that is kept. `tripcoil redact test` says what it',
    'finds',
    'in a text of yours. A checked value needs no word beside it; where a rule says "beside a',
    'word",',
    'one of the words, or a key made of them, must stand within 48 characters before the value.',
    'There a failed check does not acquit, unless the entry says so: a wrong digit does not make a',
    'number less personal. Type is what the pseudonym is called and what `redaction.modes` goes',
    'by.',
    '',
    'Texts are read folded (compatibility forms, foreign digits and dashes, zero-width characters,',
    'percent, `\\u` and `\\x` escapes, HTML entities, quoted-printable) and unwrapped (JSON,',
    'base64,',
    'base64url, hexadecimal, gzip, five layers deep). What is unwrapped is wrapped again.',
    '',
    ...[...GENERIC_ENTITIES, ...SHAPED_ENTITIES].flatMap(section),
    '## Secrets',
    '',
    `By the prefix of their issuer: ${SECRET_KINDS.map((kind) => `\`${kind}\``).join(', ')}.`,
    'GitHub, npm and Atlassian tokens carry a checksum, which raises the confidence of a hit. By',
    'their surroundings: private keys (PEM, OpenSSH, PGP), `Authorization`, `Cookie` and the like,',
    'user information of URLs and connection strings, and values of keys that name a credential',
    '(`password`, `client_secret`, `api_key` …) that look drawn by lot and are no placeholder.',
    '',
    'Known gaps: passwords in prose without a key; secrets without prefix, key or header.',
    '',
  ];
}

function section(entity: Entity): readonly string[] {
  const { id, type, region, rule, source, words, gaps, strict } = entity;
  return [
    `## \`${id}\``,
    '',
    `- Type \`${type}\`, region ${region}.`,
    `- Rule: ${rule}`,
    ...(words === undefined ? [] : [`- Words: ${words}.`]),
    `- Source: ${source}.`,
    ...(strict === true ? ['- A failed check acquits, also beside a word.'] : []),
    ...(gaps === undefined ? [] : [`- Known gaps: ${gaps}`]),
    '',
  ];
}
