import { posix } from 'node:path';
import { lineAt } from './scanner.ts';
import type { Fault, SourceTree } from './source-tree.ts';

/** One `#` title, on the first line, outside code. */
export function titleFaults(tree: SourceTree): readonly Fault[] {
  return markdown(tree).flatMap(([file, text]) => {
    const titles = withoutCode(text).match(/^# .+$/gm) ?? [];
    if (titles.length === 1) return [];
    return [{ file, message: `has ${titles.length} titles (lines that begin with "# "), not one` }];
  });
}

/** Relative links lead to a file of the repository, and fragments to a heading in it. */
export function linkFaults(tree: SourceTree): readonly Fault[] {
  const folders = new Set([...tree.texts.keys()].flatMap((path) => ancestors(path)));
  return markdown(tree).flatMap(([file, raw]) => {
    const text = withoutCode(raw);
    return [...text.matchAll(/!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].flatMap((match) => {
      const [, link = ''] = match;
      if (/^[a-z]+:/i.test(link)) return [];
      const [path = '', fragment] = link.split('#');
      const target = path === '' ? file : posix.join(posix.dirname(file), path).replace(/\/$/, '');
      const line = lineAt(text, match.index);
      if (!tree.has(target) && !folders.has(target) && !/\.(png|svg|webp)$/.test(target)) {
        return [{ file, line, message: `links to ${link}, which is not there` }];
      }
      const page = tree.texts.get(target);
      if (fragment === undefined || page === undefined || !target.endsWith('.md')) return [];
      if (slugs(page).has(fragment)) return [];
      return [{ file, line, message: `links to ${link}, where no such heading is` }];
    });
  });
}

const MACHINE = new RegExp(
  [
    /(?:^|[\s"'`(=:])\/(?:work|root|home\/\w+)\//,
    /\b(?:previous|next|this) (?:coding )?(?:session's work|helper)\b/,
  ]
    .map((rule) => rule.source)
    .join('|'),
  'gm',
);

/** The project is read by people who do not have the machine it was written on. */
export function machineFaults(tree: SourceTree): readonly Fault[] {
  return [...tree.texts].flatMap(([file, text]) => {
    if (file === 'test/tidy/documents.ts' || file === 'test/tidy/planted.test.ts') return [];
    return [...text.matchAll(MACHINE)].map((match) => ({
      file,
      line: lineAt(text, match.index + 1),
      message: 'speaks of the machine or the manner it was written on',
    }));
  });
}

/** Every code of ERROR_CODES has its section in docs/errors.md, and the other way round. */
export function errorPageFaults(codes: readonly string[], page: string): readonly Fault[] {
  const file = 'docs/errors.md';
  const documented = [...page.matchAll(/^## `?(\w+)`?$/gm)].map((match) => match[1] ?? '');
  return [
    ...codes
      .filter((code) => !documented.includes(code))
      .map((code) => ({ file, message: `lacks the error code ${code}` })),
    ...documented
      .filter((code) => !codes.includes(code))
      .map((code) => ({ file, message: `documents ${code}, which is no error code` })),
  ];
}

function markdown(tree: SourceTree): readonly (readonly [string, string])[] {
  return [...tree.texts].filter(([path]) => path.endsWith('.md'));
}

/** Fenced and inline code blanked, lines kept. */
function withoutCode(text: string): string {
  return text
    .replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1?\2[^\n]*$/gm, (block) =>
      block.replace(/[^\n]/g, ' '),
    )
    .replace(/`[^`\n]+`/g, (code) => ' '.repeat(code.length));
}

function slugs(page: string): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const [, heading = ''] of page.matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    seen.add(slug);
  }
  return seen;
}

function ancestors(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
