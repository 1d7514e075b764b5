import { filesOfZip } from '../../../src/export/check/bundle-files.ts';
import { checkBundle } from '../../../src/export/check/check-bundle.ts';
import { element } from './element.ts';
import { reportView } from './report-view.ts';

/** The largest file that is read; a bundle of ours is far below. */
const BYTES_MAX = 512 * 1024 * 1024;

const input = element('input');
input.type = 'file';
input.id = 'bundle';
input.accept = '.zip,application/zip';
const label = element(
  'label',
  'drop',
  element('span', 'drop-title', 'Drop an evidence bundle here'),
  element('span', 'faint', 'or choose the .zip file. Nothing leaves this browser.'),
  input,
);
label.htmlFor = input.id;

const keyField = textField('A verifier key you know', 'tripcoil.example/evidence+1a2b3c4d+AbC…');
const checkpointField = textField('A checkpoint you kept', 'the text of a checkpoint, as it was');
const known = element(
  'details',
  'known',
  element('summary', '', 'Compare with what you know'),
  element('div', 'fields', keyField.label, checkpointField.label),
);
const progress = element('progress');
progress.hidden = true;
progress.setAttribute('aria-label', 'Checking');
const result = element('div', 'result');
result.setAttribute('aria-live', 'polite');

document
  .getElementById('page')
  ?.append(
    element(
      'header',
      '',
      element('h1', '', 'Evidence verifier'),
      element(
        'p',
        'lead',
        'Checks that a bundle from a Tripcoil ledger is as it was signed, and that each entry ' +
          'stands in its log. It computes everything itself, without a network.',
      ),
    ),
    label,
    known,
    progress,
    result,
  );

let chosen: File | null = null;
let run = 0;

input.addEventListener('change', () => {
  const [file] = input.files ?? [];
  if (file) void check(file);
});
for (const { field } of [keyField, checkpointField]) {
  field.addEventListener('change', () => {
    if (chosen) void check(chosen);
  });
}
for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  addEventListener(type, (event) => {
    event.preventDefault();
    label.classList.toggle('over', type === 'dragover');
    const [file] = type === 'drop' ? (event.dataTransfer?.files ?? []) : [];
    if (file) void check(file);
  });
}

async function check(file: File): Promise<void> {
  chosen = file;
  run += 1;
  const own = run;
  progress.hidden = false;
  progress.removeAttribute('value');
  try {
    if (file.size > BYTES_MAX) throw new Error('the file is too large to be a bundle');
    const { files, problems } = filesOfZip(new Uint8Array(await file.arrayBuffer()));
    let drawnAt = performance.now();
    const key = keyField.field.value.trim();
    const text = checkpointField.field.value;
    const report = await checkBundle(files, {
      ...(key === '' ? {} : { knownKey: key }),
      kept: text.trim() === '' ? [] : [{ file: 'the checkpoint', text: asNote(text) }],
      onProgress: (done, all) => {
        if (performance.now() - drawnAt < 50) return;
        drawnAt = performance.now();
        progress.max = all;
        progress.value = done;
      },
    });
    if (own !== run) return;
    // An archive that does not unpack has no manifest either.
    const found = files.size === 0 && problems.length > 0 ? [] : report.problems;
    const all = [...problems, ...found];
    const whole = { ...report, problems: all, ok: all.length === 0 };
    result.replaceChildren(...reportView(whole, file.name));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    result.replaceChildren(
      element(
        'section',
        'verdict bad',
        element('span', 'mark', '✕'),
        element('div', '', element('h2', '', 'It could not be checked'), element('p', '', message)),
      ),
    );
  } finally {
    if (own === run) progress.hidden = true;
  }
}

/** Pasting may lose the line end that a note must have. */
function asNote(text: string): string {
  return `${text.replaceAll('\r\n', '\n').replace(/^\s+|\s+$/g, '')}\n`;
}

function textField(name: string, placeholder: string) {
  const field = element('textarea');
  field.rows = 2;
  field.placeholder = placeholder;
  field.spellcheck = false;
  return { field, label: element('label', '', element('span', '', name), field) };
}
