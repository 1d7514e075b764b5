import { useState } from 'preact/hooks';

/** Text to copy. The button says when it worked, and when the browser forbids it. */
export function Snippet({ text, name }: { text: string; name: string }) {
  const [label, setLabel] = useState('Copy');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setLabel('Copied');
    } catch {
      setLabel('Select and copy');
    }
  }
  return (
    <div class="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take keys. */}
      <section tabIndex={0} aria-label={name}>
        <pre>{text}</pre>
      </section>
      <button type="button" class="button" onClick={() => void copy()} aria-label={`Copy: ${name}`}>
        {label}
      </button>
    </div>
  );
}
