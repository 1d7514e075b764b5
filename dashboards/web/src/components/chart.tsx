import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { formatCompact } from '../format/number.ts';
import { formatTick, type Zone } from '../format/time.ts';
import { theme, zone } from '../state/preferences.ts';

export interface ChartMark {
  readonly time: number;
  readonly kind: 'tripped' | 'would';
}

interface ChartProps {
  /** Bucket starts, epoch milliseconds, ascending; the last one reaches `bucketMs` further. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly bucketMs: number;
  readonly marks: readonly ChartMark[];
  readonly onHover: (index: number | null) => void;
}

const HEIGHT = 172;
/** Charts with one key share their crosshair. */
const SYNC = 'behaviour';

/** Bars per bucket with trips marked. The canvas is mute; the page offers the same as a table. */
export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useRef(props);
  shown.current = props;

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    let gone = false;
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    void import('uplot').then(({ default: Plot }) => {
      if (gone) return;
      const data = dataOf(shown.current);
      plot.current = new Plot(optionsOf(Plot, element, shown), data, element);
      resized.observe(element);
    });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = (): void => plot.current?.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      gone = true;
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    plot.current?.setData(dataOf(props));
  }, [props.times, props.values, props.marks]);

  useSignalEffect(() => {
    // Read, so that the effect follows them.
    void theme.value;
    void zone.value;
    requestAnimationFrame(() => plot.current?.redraw(false, true));
  });

  return <div class="chart" ref={box} aria-hidden="true" />;
}

function dataOf({ times, values }: ChartProps): uPlot.AlignedData {
  return [times.map((time) => time / 1000), [...values]];
}

/** Colours come from the tokens, resolved for the theme in force. */
function colour(element: HTMLElement, token: string): string {
  element.style.color = `var(${token})`;
  const resolved = getComputedStyle(element).color;
  element.style.removeProperty('color');
  return resolved;
}

function optionsOf(
  Plot: typeof uPlot,
  element: HTMLDivElement,
  shown: { readonly current: ChartProps },
): uPlot.Options {
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = {
    font,
    stroke: () => colour(element, '--faint'),
    ticks: { show: false },
    border: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    padding: [16, 22, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: SYNC },
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
    },
    scales: {
      x: {
        range: (plot) => {
          const times = plot.data[0];
          const last = times.at(-1) ?? 0;
          return [times[0] ?? 0, last + shown.current.bucketMs / 1000];
        },
      },
      y: { range: (_, __, most) => [0, Math.max(4, most * 1.05)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        values: (_, splits) => splits.map((split) => formatTick(split * 1000, zoneNow())),
      },
      {
        ...axis,
        size: 48,
        grid: { width: 1, stroke: () => colour(element, '--line-soft') },
        values: (_, splits) => splits.map(formatCompact),
      },
    ],
    series: [
      {},
      {
        fill: () => colour(element, '--chart'),
        stroke: () => colour(element, '--chart'),
        width: 0,
        points: { show: false },
        ...barPaths(Plot),
      },
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, shown.current.marks, element)],
      setCursor: [(plot) => shown.current.onHover(plot.cursor.idx ?? null)],
    },
  };
}

function barPaths(Plot: typeof uPlot): Pick<uPlot.Series, 'paths'> {
  const paths = Plot.paths.bars?.({ size: [0.78, 40], align: 1 });
  return paths === undefined ? {} : { paths };
}

function zoneNow(): Zone {
  return zone.peek();
}

/** A filled triangle for a trip, a hollow diamond for one that shadow withheld. */
function drawMarks(plot: uPlot, marks: readonly ChartMark[], element: HTMLElement): void {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  for (const mark of marks) {
    const x = plot.valToPos(mark.time / 1000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const ink = colour(element, mark.kind === 'tripped' ? '--trip' : '--faint');
    ctx.save();
    ctx.strokeStyle = ink;
    ctx.fillStyle = ink;
    ctx.lineWidth = unit;
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    const y = bbox.top - 8 * unit;
    const half = 4.5 * unit;
    ctx.moveTo(x, y - half);
    ctx.lineTo(x + half, mark.kind === 'tripped' ? y + half : y);
    if (mark.kind === 'would') ctx.lineTo(x, y + half);
    ctx.lineTo(x - half, mark.kind === 'tripped' ? y + half : y);
    ctx.closePath();
    if (mark.kind === 'tripped') ctx.fill();
    else ctx.stroke();
    ctx.restore();
  }
}
