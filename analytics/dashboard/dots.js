// Rows of dots: with intervals, with ranks, and each on a scale of its own.

import {axisTitle, domainOf, grouped, isNumber, nothing, number, palette, printed, records,
  shapeAt, spcColours, styleOf, svg, textWidth, together, unique, widest, words} from
  './paint.js';
import {lying, referenceLine, whisker} from './lying.js';
import {labelOf, nonePrinted, rowHeight} from './bars.js';

// What a comparison with the peers found: shape and colour.
const flags = {
  better: {symbol: 'triangle2', colour: spcColours.improvement, text: 'Better than the peers'},
  worse: {symbol: 'diamond2', colour: spcColours.concern, text: 'Worse than the peers'},
  similar: {symbol: 'circle', colour: palette.ink, text: 'Like the peers'},
  higher: {symbol: 'triangle2', colour: palette.plum, text: 'Higher than the peers'},
  lower: {symbol: 'triangle_down', colour: palette.plum, text: 'Lower than the peers'},
};

// Ratios: 0.5, 1 and 2 are as far apart as they are in meaning.
function ratioAxis(values) {
  const known = values.filter((value) => value > 0);
  const low = Math.min(...known, 0.9) / 1.08;
  const high = Math.max(...known, 1.1) * 1.08;
  const ticks = [0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10].filter((v) => v >= low && v <= high);
  return {domain: [low, high], ticks};
}

function thin(ticks, pixels) {
  if (!ticks || widest(ticks.map(grouped)) + 16 < pixels / ticks.length) return ticks;
  return ticks.filter((tick) => [0.1, 0.5, 1, 2, 10].includes(tick));
}

// A dot with its interval: by label, or by label and series.
export function interval(chart, rows, level, width) {
  const {x, lo, hi, references, reference_label: name, series, log, flag} = chart.options;
  const list = records(chart, rows, [x]).filter((record) => !log || record[x] > 0);
  if (list.length === 0) return nothing(nonePrinted);
  const reference = references ? references[level ?? ''] : undefined;
  const values = list.flatMap((r) => [r[x], number(r[lo]), number(r[hi])]);
  if (isNumber(reference)) values.push(reference);
  const axis = log ? ratioAxis(values.filter(Number.isFinite)) : {domain: domainOf(values)};
  // Without series each row has its own line, also where labels are the same.
  const kinds = series ? unique(list.map((record) => String(record[series]))) : [];
  const labels = series ? unique(list.map((record) => labelOf(chart, record)))
    : list.map((record) => labelOf(chart, record));
  const tall = Math.max(rowHeight(labels.length), kinds.length * 14 + 6);
  const view = lying({labels, width, domain: axis.domain, tall, after: 20, log: Boolean(log),
    ticks: thin(axis.ticks, width * 0.6), title: axisTitle(chart, x, level),
    top: name && isNumber(reference) ? 24 : 6});
  list.forEach((record, i) => {
    const row = series ? labels.indexOf(labelOf(chart, record)) : i;
    const kind = series ? kinds.indexOf(String(record[series])) : 0;
    const style = flags[record[flag]] || styleOf(series ? kinds : [''],
      series ? String(record[series]) : '');
    const y = view.middle(row) + (kind - (Math.max(kinds.length, 1) - 1) / 2) * 14;
    if (isNumber(record[lo]) && isNumber(record[hi])) {
      const from = log ? Math.max(record[lo], axis.domain[0]) : record[lo];
      view.back.append(whisker(view.x(from), view.x(record[hi]), y, style.colour));
    }
    view.marks.append(shapeAt(style.symbol, 4.5, view.x(record[x]), y,
      {fill: style.colour, stroke: '#fff'}));
  });
  referenceLine(view, isNumber(reference) ? reference : log ? 1 : null,
    isNumber(reference) ? name : '', width);
  const keys = kinds.map((kind) => {
    const style = styleOf(kinds, kind);
    return {symbol: style.symbol, colour: style.colour, text: kind};
  });
  const used = unique(list.map((record) => record[flag])).filter((f) => flags[f]);
  return together(view.root, [...keys, ...used.map((f) => flags[f])]);
}

// There is no place between two; of many the usual steps are whole.
function wholePlaces(last) {
  return last <= 8 ? Array.from({length: last}, (unused, i) => i + 1) : undefined;
}

// Ordered dots and how sure their order is.
export function rank(chart, rows, level, width) {
  const {rank: x, lo, hi, best} = chart.options;
  const list = records(chart, rows, [x]);
  if (list.length === 0) return nothing(nonePrinted);
  const last = Math.max(...list.flatMap((r) => [r[x], number(r[hi])]).filter(Number.isFinite));
  const title = best ? `${axisTitle(chart, x)}, 1 = ${best}` : axisTitle(chart, x);
  const view = lying({labels: list.map((record) => labelOf(chart, record)), width,
    domain: [0.5, last + 0.5], tall: rowHeight(list.length), title, top: 6,
    after: widest(list.map((r) => grouped(r[x]))) + 18,
    ticks: wholePlaces(last)});
  list.forEach((record, i) => {
    const y = view.middle(i);
    if (isNumber(record[lo]) && isNumber(record[hi])) {
      view.back.append(whisker(view.x(record[lo]), view.x(record[hi]), y, palette.blue));
    }
    view.marks.append(shapeAt('circle', 4.5, view.x(record[x]), y,
      {fill: palette.blue, stroke: '#fff'}));
    const end = isNumber(record[hi]) ? Math.max(record[x], record[hi]) : record[x];
    view.front.append(words(view.x(end) + 9, y, grouped(record[x])));
  });
  return together(view.root, lo ? [{line: palette.blue, text: '95 % interval of the rank'}] : []);
}

// --- spine -----------------------------------------------------------------------

// 0 to 1 with the peers' middle at 0.5; what is better lies right of it.
function spineScale(record, {low, mid, high, direction, value}) {
  const down = record[direction] === 'lower';
  const reach = Math.max(record[high] - record[mid], record[mid] - record[low],
    Math.abs(record[value] - record[mid])) || 1;
  return (v) => 0.5 + (down ? -1 : 1) * (v - record[mid]) / reach / 2;
}

export function spine(chart, rows, level, width) {
  const {value, y, low, q1, mid, q3, high, direction, flag} = chart.options;
  const list = records(chart, rows, [value, low, q1, mid, q3, high]);
  if (list.length === 0) return nothing(nonePrinted);
  const texts = list.map((record) => printed(chart, record, value));
  const after = widest(texts) + 14;
  const view = lying({labels: list.map((record) => String(record[y])), width, domain: [0, 1],
    tall: 26, after, title: null, top: 26, before: 8});
  list.forEach((record, i) => {
    const at = spineScale(record, chart.options);
    const box = (from, to, fill, inset) => {
      const [a, b] = [view.x(at(record[from])), view.x(at(record[to]))];
      view.back.append(svg('rect', {x: Math.min(a, b), width: Math.max(1, Math.abs(b - a)),
        y: view.band(i) + inset, height: view.tall - 2 * inset, fill}));
    };
    box(low, high, '#dde2e4', 7);
    box(q1, q3, '#a0abb1', 7);
    const look = flags[record[flag]] || flags.similar;
    view.marks.append(shapeAt(look.symbol, 5.5, view.x(at(record[value])), view.middle(i),
      {fill: look.colour, stroke: '#fff', 'stroke-width': 1.5}));
    view.front.append(words(width - 2, view.middle(i), texts[i], {'text-anchor': 'end'}));
  });
  const centre = view.x(0.5);
  view.front.prepend(svg('line', {x1: centre, x2: centre, y1: view.top - 2, y2: view.bottom,
    stroke: palette.ink, 'stroke-width': 1.5}));
  const judged = list.some((r) => r[direction] === 'lower' || r[direction] === 'higher');
  const [left, right] = judged ? ['\u25c0 worse', 'better \u25b6'] : ['\u25c0 lower', 'higher \u25b6'];
  const room = (view.right - view.left) / 2;
  if (textWidth(left) + 8 < room && textWidth(right) + 8 < room) {
    view.front.append(words(view.left, 12, left),
      words(view.right, 12, right, {'text-anchor': 'end'}));
  }
  const used = unique(list.map((record) => (flags[record[flag]] ? record[flag] : 'similar')));
  return together(view.root, [
    {box: '#dde2e4', text: 'All peers'}, {box: '#a0abb1', text: 'Middle half of the peers'},
    {upright: palette.ink, text: 'Middle of the peers'},
    ...used.map((name) => flags[name]),
  ]);
}
