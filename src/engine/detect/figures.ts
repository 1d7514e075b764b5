/** 1,234 or 12 or 0.4: no more digits than a person needs, the same on every machine. */
export function amount(value: number): string {
  if (value < 10 && !Number.isInteger(value)) return oneDecimal(value);
  const text = String(Math.round(value));
  return text.length < 4 ? text : text.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 2.1 or 12.4, and whole from a thousand up. */
export function oneDecimal(value: number): string {
  return value >= 1_000 ? amount(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** To three places, for the measures of a finding. */
export function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

export function minutesText(minutes: number): string {
  return minutes === 1 ? '1 minute' : `${amount(minutes)} minutes`;
}

/** For a verdict that compares no volume with another. */
export const NO_FIGURES = { actual: null, typical: null, probability: null } as const;
