import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { build as Build } from 'vite';

/**
 * Builds the page that checks evidence bundles: one file with everything in it, whose policy lets
 * its own script run and nothing be fetched from anywhere.
 */
export async function buildVerifier(build: typeof Build, root: string): Promise<void> {
  const sources = join(root, 'dashboards/verify');
  const result = await build({
    ...{ configFile: false, root: sources, logLevel: 'error', publicDir: false },
    build: {
      ...{ write: false, reportCompressedSize: false, modulePreload: false },
      target: ['chrome125', 'firefox128', 'safari18'],
      rollupOptions: { input: join(sources, 'src/main.ts') },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const [chunk] = outputs.flatMap((each) => ('output' in each ? each.output : []));
  if (chunk?.type !== 'chunk') throw new Error('the verifier was not built into one script');
  const script = chunk.code.trim().replaceAll('</script', '<\\/script');
  const style = await readFile(join(sources, 'src/page.css'), 'utf8');
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = (await readFile(join(sources, 'index.html'), 'utf8'))
    .replace('%policy%', () => policy)
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script type="module">${script}</script>`);
  await writeFile(join(root, 'dist/ui/verify.html'), page);
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
