import type { BundleProblem } from '../../../src/export/check/bundle-problem.ts';
import type { BundleReport } from '../../../src/export/check/check-bundle.ts';
import type { EntryText } from '../../../src/export/check/entry-text.ts';
import { element, fact } from './element.ts';
import { summaryOf } from './entry-summary.ts';

const KINDS: Readonly<Record<BundleProblem['kind'], string>> = {
  altered: 'Altered',
  missing: 'Missing',
  reordered: 'Out of place',
  truncated: 'Cut off',
  forked: 'Another history',
  wrong_key: 'Wrong key',
  unexpected: 'Added',
};
const PROBLEMS_SHOWN = 50;
const ENTRIES_SHOWN = 1_000;

/** All that is to be said of a bundle: the verdict first, then why, then what it holds. */
export function reportView(report: BundleReport, name: string): readonly HTMLElement[] {
  const { problems, unchecked, index, logs, entries } = report;
  return [
    verdictOf(report, name),
    ...(problems.length > 0 ? [problemsView(problems)] : []),
    ...(report.ok && report.signer?.known !== true ? [keyView(report)] : []),
    ...(unchecked.length > 0 ? [uncheckedView(unchecked)] : []),
    ...(index === null ? [] : [aboutView(report)]),
    ...(logs.length > 0 ? [logsView(report)] : []),
    ...(entries.length > 0 ? [entriesView(entries, report.ok)] : []),
  ];
}

function verdictOf({ ok, proven, files, problems, logs }: BundleReport, name: string) {
  const sentence = ok
    ? `All ${count(files, 'file')} are as they were signed, and ` +
      `${count(proven, 'entry', 'entries')} stand in ${count(logs.length, 'log')}.`
    : `${count(problems.length, 'problem')}: do not rely on it before they are explained.`;
  const section = element(
    'section',
    `verdict ${ok ? 'good' : 'bad'}`,
    element('span', 'mark', ok ? '✓' : '✕'),
    element(
      'div',
      '',
      element('h2', '', ok ? 'This bundle is intact' : 'This bundle is not intact'),
      element('p', '', sentence),
      element('p', 'faint', name),
    ),
  );
  section.querySelector('.mark')?.setAttribute('aria-hidden', 'true');
  section.setAttribute('role', 'status');
  return section;
}

function problemsView(problems: readonly BundleProblem[]): HTMLElement {
  const rows = problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ kind, file, message, seq }) =>
      element(
        'li',
        '',
        element('strong', 'kind', KINDS[kind]),
        element(
          'span',
          '',
          element('code', '', file),
          seq === undefined ? null : ` (entry ${seq})`,
          `: ${message}`,
        ),
      ),
    );
  const more = problems.length - rows.length;
  if (more > 0) rows.push(element('li', 'faint', `and ${more} more`));
  return panel('What is wrong', element('ul', 'problems', ...rows));
}

/** A bundle cannot vouch for its own key: the reader has to. */
function keyView({ signer }: BundleReport): HTMLElement {
  const section = panel(
    'Whose key is it?',
    element(
      'p',
      '',
      'Whoever made this bundle could have made the key as well. Compare this fingerprint with ' +
        'the one that the operator tells you, or paste the key you know above.',
    ),
    element('p', 'fingerprint', element('code', '', signer?.fingerprint ?? '')),
  );
  section.classList.add('caution');
  return section;
}

function uncheckedView(lines: readonly string[]): HTMLElement {
  const items = lines.map((line) => element('li', '', line));
  const section = panel('What was not checked', element('ul', 'plain', ...items));
  section.classList.add('caution');
  return section;
}

function aboutView({ index, signer }: BundleReport): HTMLElement {
  const asked = Object.entries(index?.asked ?? {}).map(([name, value]) => fact(title(name), value));
  const facts = element(
    'dl',
    'facts',
    ...asked,
    fact('Made', timeText(index?.made_at ?? '')),
    fact('By', index?.actor ?? ''),
    ...(index?.reason ? [fact('Because', index.reason)] : []),
    fact('Software', `Tripcoil ${index?.software ?? ''}`),
    fact('Signed by', signer === null ? 'nobody known' : `${signer.name} ${signer.keyId}`, true),
    fact('Key', signer?.known === true ? 'the one you know' : 'not compared yet'),
  );
  return panel('The bundle', facts);
}

function logsView({ logs }: BundleReport): HTMLElement {
  const lists = logs.map(({ tenant, origin, size, root }) =>
    element(
      'dl',
      'facts',
      fact('Tenant', tenant),
      fact('Log', origin, true),
      fact('Entries at the checkpoint', size.toLocaleString('en')),
      fact('Root', root, true),
    ),
  );
  return panel(logs.length === 1 ? 'The log' : 'The logs', ...lists);
}

function entriesView(entries: readonly EntryText[], isProven: boolean): HTMLElement {
  const head = ['Logged', 'Entry', 'What', 'Details'].map((name) => {
    const cell = element('th', '', name);
    cell.scope = 'col';
    return cell;
  });
  const rows = entries.slice(0, ENTRIES_SHOWN).map((entry) => {
    const { what, details } = summaryOf(entry);
    return element(
      'tr',
      `of-${entry.kind}`,
      element('td', 'time', timeText(new Date(entry.loggedAt).toISOString())),
      element('td', 'number', String(entry.seq)),
      element('td', '', element('span', 'chip', entry.kind), ` ${what}`),
      element('td', 'details', details),
    );
  });
  const table = element(
    'table',
    '',
    element('thead', '', element('tr', '', ...head)),
    element('tbody', '', ...rows),
  );
  const scroller = element('div', 'scroller', table);
  scroller.tabIndex = 0;
  scroller.setAttribute('role', 'region');
  scroller.setAttribute('aria-label', 'Entries');
  const more = entries.length - rows.length;
  const note = isProven
    ? 'Each is proven: its text is what the log has committed to.'
    : 'Shown as found. While there are problems, take nothing here as proven.';
  return panel(
    `${count(entries.length, 'entry', 'entries')}`,
    element('p', 'faint', note + (more > 0 ? ` The first ${ENTRIES_SHOWN} are shown.` : '')),
    scroller,
  );
}

function panel(heading: string, ...children: readonly HTMLElement[]): HTMLElement {
  return element('section', 'panel', element('h2', '', heading), ...children);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

function title(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function timeText(time: string): string {
  return time.replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC');
}
