// Pictures whose rows lie below one another: a label, then a bar or a dot on a
// shared axis. Where most labels are long they stand above their rows.

import * as d3 from 'd3';
import {canvas, grouped, haloed, palette, shorten, svg, textWidth, ticksFor, widest, words,
  wrapped} from './paint.js';

const labelHeight = 18;

// Where each row is, and the x scale. `rows` are the labels; `tall` the height
// of what is drawn in a row; `after` pixels are kept free on the right and
// `before` on the left of the axis; `top` above the first row.
export function lying({labels, width, domain, tall = 24, after = 16, before = 0, top = 4,
  title = '', format = grouped, log = false, ticks = null}) {
  const most = width * 0.42;
  const long = labels.filter((label) => textWidth(label) + 12 > most);
  // A few long ones are written in two lines beside their rows, in a long list cut.
  const above = long.length > labels.length / 4 && (labels.length < 3 || long.length > 1 ||
    width < 400);
  const longest = Math.min(widest(labels) + 12, most);
  const left = (above ? 2 : longest) + before;
  const lineCount = labels.length > 20 ? 1 : 2;
  const band0 = !above && long.length > 0 && lineCount > 1 ? Math.max(tall, 36) : tall;
  const step = (above ? labelHeight : 0) + band0;
  const height = top + labels.length * step + (title === null ? 6 : 46);
  const bottom = top + labels.length * step;
  const right = Math.max(left + 40, width - after);
  const x = (log ? d3.scaleLog() : d3.scaleLinear()).domain(domain).range([left, right]);
  const root = canvas(width, height);
  const back = svg('g');
  const marks = svg('g', {class: 'mark'});
  const front = svg('g');
  const band = (i) => top + i * step + (above ? labelHeight : 0) + (band0 - tall) / 2;
  labels.forEach((label, i) => {
    if (above) {
      front.append(words(7, top + i * step + labelHeight / 2 + 2, shorten(label, width - 9), haloed));
      return;
    }
    const lines = wrapped(label, longest - 12, lineCount);
    lines.forEach((line, n) => front.append(words(longest - 12,
      band(i) + tall / 2 + (n - (lines.length - 1) / 2) * 16, line, {'text-anchor': 'end'})));
  });
  if (title !== null) axis(back, x, {top, bottom, left, right, width, title, format, ticks});
  root.append(back, marks, front);
  return {root, back, marks, front, x, left, right, top, bottom, height, tall,
    above, band, middle: (i) => band(i) + tall / 2};
}

function axis(back, x, {top, bottom, left, right, width, title, format, ticks}) {
  const values = ticks || ticksFor(x.domain(), right - left, format);
  for (const value of values) {
    back.append(svg('line', {x1: x(value), x2: x(value), y1: top, y2: bottom, stroke: '#dde2e4'}));
    const text = format(value);
    const half = textWidth(text) / 2;
    back.append(words(Math.min(Math.max(x(value), half + 1), width - half - 1), bottom + 12, text,
      {'text-anchor': 'middle'}));
  }
  const cut = shorten(title, width - 8);
  const from = Math.max(2, Math.min(left, width - textWidth(cut) - 4));
  back.append(words(from, bottom + 33, cut, {'font-weight': 'normal'}));
}

// The dashed line of the peer group and its name above it.
export function referenceLine(view, value, name, width) {
  if (value === undefined || value === null) return;
  const at = view.x(value);
  view.front.prepend(svg('line', {x1: at, x2: at, y1: view.top - 4, y2: view.bottom,
    stroke: palette.plum, 'stroke-width': 2, 'stroke-dasharray': '6,3'}));
  if (!name) return;
  const text = shorten(name, width - 8);
  const half = textWidth(text) / 2;
  view.front.append(words(Math.min(Math.max(at, half + 2), width - half - 2), view.top - 13, text,
    {'text-anchor': 'middle', fill: palette.plum}));
}

export function zeroLine(view) {
  view.front.prepend(svg('line', {x1: view.x(0), x2: view.x(0), y1: view.top, y2: view.bottom,
    stroke: palette.ink}));
  view.root.dataset.zero = view.x(0);
}

// A whisker that is seen on white and on a bar.
export function whisker(x1, x2, y, colour = palette.ink) {
  return svg('g', {}, svg('line', {x1, x2, y1: y, y2: y, stroke: '#fff', 'stroke-width': 4}),
    svg('line', {x1, x2, y1: y, y2: y, stroke: colour, 'stroke-width': 2}));
}

export function valueText(x, y, text, anchor = 'start') {
  return words(x, y, text, {'text-anchor': anchor, ...haloed});
}
