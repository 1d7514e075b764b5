import type { ComponentChildren } from 'preact';

/** A 14-pixel glyph; always beside words, so hidden from assistive technology. */
function Glyph({ children, size = 14 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 14 14"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

/** Filled triangle: a breaker opened. */
export const TripIcon = ({ size = 12 }: { size?: number }) => (
  <Glyph size={size}>
    <path d="M7 1.8 13 12H1z" fill="currentColor" />
  </Glyph>
);

/** Hollow diamond: enforcement would have opened a breaker. */
export const WouldIcon = ({ size = 12 }: { size?: number }) => (
  <Glyph size={size}>
    <path d="M7 1.5 12.5 7 7 12.5 1.5 7z" />
  </Glyph>
);

/** Filled diamond: at risk. */
export const RiskIcon = ({ size = 10 }: { size?: number }) => (
  <Glyph size={size}>
    <path d="M7 1.5 12.5 7 7 12.5 1.5 7z" fill="currentColor" />
  </Glyph>
);

export const DotIcon = ({ size = 10 }: { size?: number }) => (
  <Glyph size={size}>
    <circle cx="7" cy="7" r="4" fill="currentColor" stroke="none" />
  </Glyph>
);

export const RingIcon = ({ size = 10 }: { size?: number }) => (
  <Glyph size={size}>
    <circle cx="7" cy="7" r="4.5" />
  </Glyph>
);

/** Half-filled circle: still learning. */
export const HalfIcon = ({ size = 10 }: { size?: number }) => (
  <Glyph size={size}>
    <circle cx="7" cy="7" r="5" />
    <path d="M7 2a5 5 0 0 1 0 10z" fill="currentColor" stroke="none" />
  </Glyph>
);

export const CheckIcon = ({ size = 13 }: { size?: number }) => (
  <Glyph size={size}>
    <path d="m2 7.5 3.3 3.3L12 3.5" />
  </Glyph>
);

/** An eye struck through: a detector that cannot judge. */
export const BlindIcon = ({ size = 13 }: { size?: number }) => (
  <Glyph size={size}>
    <path d="M1 7s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4z" />
    <path d="m2 12 10-10" />
  </Glyph>
);

export const PersonIcon = () => (
  <Glyph size={12}>
    <circle cx="7" cy="4.3" r="2.5" />
    <path d="M2 12.5c.5-3 2.5-4.2 5-4.2s4.5 1.2 5 4.2" />
  </Glyph>
);

export const ClockIcon = () => (
  <Glyph size={12}>
    <circle cx="7" cy="7" r="5.5" />
    <path d="M7 3.8V7l2.2 1.5" />
  </Glyph>
);

export const ArrowIcon = () => (
  <Glyph size={12}>
    <path d="M1.5 7h11M9 3.5 12.5 7 9 10.5" />
  </Glyph>
);

export const SunIcon = () => (
  <Glyph>
    <circle cx="7" cy="7" r="2.6" />
    <path d="M7 1v1.2M7 11.8V13M1 7h1.2M11.8 7H13" />
    <path d="M2.8 2.8l.8.8M10.4 10.4l.8.8M11.2 2.8l-.8.8M3.6 10.4l-.8.8" />
  </Glyph>
);

export const MoonIcon = () => (
  <Glyph>
    <path d="M12 8.3A5.3 5.3 0 0 1 5.7 2 5.3 5.3 0 1 0 12 8.3z" />
  </Glyph>
);

export const AutoIcon = () => (
  <Glyph>
    <circle cx="7" cy="7" r="5.3" />
    <path d="M7 1.7a5.3 5.3 0 0 1 0 10.6z" fill="currentColor" stroke="none" />
  </Glyph>
);

/** The product's mark: a coil whose contact has opened. */
export const Mark = () => (
  <svg
    width="26"
    height="18"
    viewBox="0 0 26 18"
    fill="none"
    stroke="currentColor"
    stroke-width="1.9"
    stroke-linecap="round"
    aria-hidden="true"
  >
    <path d="M1 12h3c0-6 5-6 5 0 0-6 5-6 5 0h2M22 12h3" />
    <path class="coil-trip" d="m16 12 5.5-7" />
  </svg>
);

const STEP_PATHS: Readonly<Record<string, string>> = {
  tool_call: 'M8.5 5.5 3 11l-1 1M8.2 2.2a3 3 0 0 0 3.6 3.6l.7 1.2-2 2-2.5-2.5-2.5-2.5 2-2z',
  model_call: 'M7 1.5v2M7 10.5v2M1.5 7h2M10.5 7h2M7 4.5 9.5 7 7 9.5 4.5 7z',
  data_access:
    'M2 3.5c0-2.2 10-2.2 10 0v7c0 2.2-10 2.2-10 0zM2 3.5c0 2.2 10 2.2 10 0M2 7c0 2.2 10 2.2 10 0',
  authz_decision: 'M7 1.5 12 3.5V7c0 3-2.5 4.8-5 5.5C4.5 11.8 2 10 2 7V3.5zM4.8 7l1.6 1.6L9.3 5.5',
  approval:
    'M3 12.5v-4M3 8.5 5.5 2c1.5 0 2 1 1.7 2.5L7 5.5h4c1 0 1.5 1 1.2 2L11 11.5c-.2.6-.7 1-1.3 1H3',
  token_issue: 'M5 9a3 3 0 1 0-.1 0M7 8l5.5 0M10.5 8v2.5',
  token_use: 'M5 9a3 3 0 1 0-.1 0M7 8l5.5 0M10.5 8v2.5',
  delegation: 'M2 4h6.5L6.5 2M12 10H5.5L7.5 12',
  agent_run: 'M2.5 4.5h9v7h-9zM7 4.5v-3M5 7.5v1M9 7.5v1',
};

/** The kind of a chain step; a plain dot where the kind has no picture of its own. */
export const StepIcon = ({ kind }: { kind: string }) => {
  const path = Object.hasOwn(STEP_PATHS, kind) ? STEP_PATHS[kind] : undefined;
  return path === undefined ? <DotIcon size={14} /> : <Glyph>{<path d={path} />}</Glyph>;
};
