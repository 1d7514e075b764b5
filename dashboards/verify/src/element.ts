type Child = Node | string | null;

/** An element with its class and children; text is always text, never markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className !== '') made.className = className;
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

/** A name and its value, for a list of facts. */
export function fact(name: string, value: string, isCode = false): HTMLElement {
  const shown = isCode ? element('code', '', value) : value;
  return element('div', '', element('dt', '', name), element('dd', '', shown));
}
