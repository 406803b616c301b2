// Draws one chart with Observable Plot. Bars start at zero. Nothing is told by
// colour alone, and nothing needs a pointer: what is drawn is in the table.

import * as Plot from 'plot';
import {columnIndex, display} from './table.js';

// Contrast on white is at least 3:1 for all of them.
export const palette = {
  blue: '#12436D', teal: '#28A197', plum: '#801650', orange: '#F46A25',
  ink: '#3D3D3D', violet: '#A285D1',
};

const font = {fontFamily: 'Arial, Helvetica, sans-serif', fontSize: '13px'};
const rowHeight = 26;

function number(value) {
  return typeof value === 'number' ? value : NaN;
}

// Rows as objects by column name.
function records(chart, rows) {
  return rows.map((row) => {
    const record = {};
    chart.columns.forEach((column, i) => { record[column.name] = row[i]; });
    return record;
  });
}

// Widths as they will be drawn. Measured, because letters differ.
const pen = document.createElement('canvas').getContext('2d');
function textWidth(text) {
  pen.font = `${font.fontSize} ${font.fontFamily}`;
  return pen.measureText(text).width;
}

// What fits into `width`; what is cut is whole in the table.
function shorten(text, width) {
  if (textWidth(text) <= width) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}\u2026`) > width) end -= 1;
  return `${text.slice(0, end).trimEnd()}\u2026`;
}

function labelled(chart, list) {
  const {y, y2} = chart.options;
  return list.map((record) => ({
    ...record, label: y2 ? `${record[y]} \u00b7 ${record[y2]}` : String(record[y]),
  }));
}

function labelWidth(list, width) {
  const longest = Math.max(24, ...list.map((record) => textWidth(record.label)));
  return Math.min(longest + 16, width * 0.44);
}

function axisLabel(chart, name, width) {
  const {title, unit} = chart.columns[columnIndex(chart, name)];
  const whole = unit && !title.includes(unit) ? `${title} (${unit})` : title;
  return shorten(whole, width - 16);
}

// The printed form of a record's number.
function printed(chart, record, name) {
  return display(record[name], chart.columns[columnIndex(chart, name)].decimals);
}

function svgOf(plot) {
  plot.setAttribute('aria-hidden', 'true');
  plot.removeAttribute('aria-label');
  return plot;
}

function nothing(words) {
  const note = document.createElement('p');
  note.className = 'empty';
  note.textContent = words;
  return note;
}

// The dashed line of the peer group and its name.
function referenceMarks(reference, name, toTheLeft) {
  if (reference === undefined) return [];
  return [
    Plot.ruleX([reference], {stroke: palette.plum, strokeWidth: 2, strokeDasharray: '6,3'}),
    Plot.text([reference], {x: (value) => value, frameAnchor: 'top', dy: -12, text: () => name,
      fill: palette.plum, textAnchor: toTheLeft ? 'end' : 'start'}),
  ];
}

// Horizontal bars from zero.
function bar(chart, rows, level, width) {
  const {x, reference, reference_label: referenceLabel} = chart.options;
  const list = labelled(chart, records(chart, rows))
    .filter((record) => Number.isFinite(number(record[x])));
  if (list.length === 0) return nothing('Nothing here can be printed.');
  const left = labelWidth(list, width);
  const most = Math.max(...list.map((record) => record[x]), reference || 0);
  const marks = [
    Plot.ruleX([0], {stroke: palette.ink}),
    Plot.barX(list, {x, y: 'label', fill: palette.blue, insetTop: 3, insetBottom: 3}),
    ...referenceMarks(reference, referenceLabel, reference > most * 0.6),
    Plot.text(list, {
      x, y: 'label', text: (record) => printed(chart, record, x), textAnchor: 'start', dx: 5,
      fill: palette.ink, stroke: '#fff', strokeWidth: 4, paintOrder: 'stroke',
    }),
  ];
  return svgOf(Plot.plot({
    width, height: list.length * rowHeight + 74, marginLeft: left, marginRight: 64,
    marginTop: reference === undefined ? 8 : 26, marginBottom: 46, style: font,
    x: {domain: [0, most * 1.02 || 1], label: axisLabel(chart, x, width), labelAnchor: 'left',
      labelArrow: 'none', ticks: Math.max(1, Math.floor((width - left) / 110)), grid: true},
    y: {domain: list.map((record) => record.label), label: null,
      tickFormat: (text) => shorten(text, left - 10), tickSize: 0},
    marks,
  }));
}

// Bars from zero with a short line for the peer group: upright where the names
// fit below them, else lying.
function column(chart, rows, level, width) {
  const {x, y, peer} = chart.options;
  const list = records(chart, rows).map((record) => ({...record, label: String(record[x])}));
  const bars = list.filter((record) => Number.isFinite(number(record[y])));
  if (bars.length === 0) return nothing('Nothing here can be printed.');
  const peers = list.filter((record) => Number.isFinite(number(record[peer])));
  const most = Math.max(...bars.map((record) => record[y]),
    ...peers.map((record) => record[peer])) * 1.08 || 1;
  const names = list.map((record) => record.label);
  const line = {stroke: palette.orange, strokeWidth: 4};
  if (Math.max(...names.map(textWidth)) > (width - 60) / list.length - 8) {
    const left = labelWidth(list, width);
    return svgOf(Plot.plot({
      width, height: list.length * rowHeight + 74, marginLeft: left, marginRight: 16, marginTop: 8,
      marginBottom: 46, style: font,
      x: {domain: [0, most], label: axisLabel(chart, y, width), labelAnchor: 'left',
        labelArrow: 'none', grid: true, ticks: Math.max(1, Math.floor((width - left) / 80))},
      y: {domain: names, label: null, tickSize: 0, tickFormat: (name) => shorten(name, left - 10)},
      marks: [
        Plot.barX(bars, {x: y, y: 'label', fill: palette.blue, insetTop: 3, insetBottom: 3}),
        Plot.tickX(peers, {x: peer, y: 'label', ...line}),
        Plot.ruleX([0], {stroke: palette.ink}),
      ],
    }));
  }
  return svgOf(Plot.plot({
    width, height: 290, marginLeft: 44, marginBottom: 48, marginTop: 26, style: font,
    x: {domain: names, label: axisLabel(chart, x, width), labelArrow: 'none', tickSize: 0,
      labelAnchor: 'right'},
    y: {domain: [0, most], label: axisLabel(chart, y, width), labelArrow: 'none', grid: true,
      ticks: 5},
    marks: [
      Plot.barY(bars, {x: 'label', y, fill: palette.blue, inset: 2}),
      Plot.tickY(peers, {x: 'label', y: peer, ...line}),
      Plot.ruleY([0], {stroke: palette.ink}),
    ],
  }));
}

// A dot with its interval, a dashed line for the peer group.
function interval(chart, rows, level, width) {
  const {x, lo, hi, references, reference_label: referenceLabel} = chart.options;
  const list = labelled(chart, records(chart, rows))
    .filter((record) => Number.isFinite(number(record[x])));
  if (list.length === 0) return nothing('Nothing here can be printed.');
  const left = labelWidth(list, width);
  const reference = references ? references[level] : undefined;
  const whole = list.filter((record) => Number.isFinite(number(record[lo])) &&
    Number.isFinite(number(record[hi])));
  const values = list.flatMap((record) => [record[x], number(record[lo]), number(record[hi])])
    .filter(Number.isFinite);
  if (reference !== undefined) values.push(reference);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const dense = list.length > 40;
  const marks = referenceMarks(reference, referenceLabel, reference > (low + high) / 2);
  marks.push(Plot.ruleY(whole, {x1: lo, x2: hi, y: 'label', stroke: palette.blue, strokeWidth: 2}));
  marks.push(Plot.dot(list, {x, y: 'label', r: 4.5, fill: palette.blue, stroke: '#fff'}));
  return svgOf(Plot.plot({
    width, height: list.length * (dense ? 18 : rowHeight) + 80, marginLeft: left, marginRight: 24,
    marginTop: reference === undefined ? 10 : 26, marginBottom: 46, style: font,
    x: {domain: [Math.max(0, low - room), high + room], label: axisLabel(chart, x, width),
      labelAnchor: 'left', labelArrow: 'none', grid: true,
      ticks: Math.max(1, Math.floor((width - left) / 110))},
    y: {domain: list.map((record) => record.label), label: null, tickSize: 0,
      tickFormat: (text) => shorten(text, left - 10)},
    marks,
  }));
}

// Men to the left, women to the right, the peer group as an outline.
function pyramid(chart, rows, level, width) {
  const list = records(chart, rows)
    .filter((record) => record.sex === 'male' || record.sex === 'female');
  const bands = [...new Set(list.map((record) => record.age_band))].reverse();
  const shown = list.filter((record) => Number.isFinite(number(record.share)));
  if (shown.length === 0) return nothing('Nothing here can be printed.');
  const peers = list.filter((record) => Number.isFinite(number(record.comparator_share)));
  const most = Math.max(...shown.map((record) => record.share),
    ...peers.map((record) => record.comparator_share), 1);
  const side = (record) => (record.sex === 'male' ? -1 : 1);
  return svgOf(Plot.plot({
    width, height: bands.length * 21 + 84, marginLeft: 58, marginRight: 16, marginTop: 30,
    marginBottom: 44, style: font,
    x: {domain: [-most * 1.08, most * 1.08], label: 'Share of the list (%)', labelAnchor: 'center',
      labelArrow: 'none', grid: true, ticks: width < 460 ? 5 : 9,
      tickFormat: (value) => `${Math.abs(value)}`},
    y: {domain: bands, label: null, tickSize: 0},
    marks: [
      Plot.barX(shown, {x1: 0, x2: (record) => side(record) * record.share, y: 'age_band',
        fill: (record) => (record.sex === 'male' ? palette.blue : palette.teal), insetTop: 1,
        insetBottom: 1}),
      Plot.tickX(peers, {x: (record) => side(record) * record.comparator_share, y: 'age_band',
        stroke: palette.orange, strokeWidth: 3}),
      Plot.ruleX([0], {stroke: palette.ink}),
      Plot.text(['Male'], {frameAnchor: 'top-left', dy: -20, fill: palette.ink, fontWeight: 'bold'}),
      Plot.text(['Female'], {frameAnchor: 'top-right', dy: -20, fill: palette.ink,
        fontWeight: 'bold'}),
    ],
  }));
}

// The points whose names can be written without touching one another, the
// furthest from the middle first; the others are in the table.
function apart(points, x, y, label, list, most, width) {
  const right = Math.max(...list.map((record) => record[x])) || 1;
  const middle = list.reduce((sum, record) => sum + record[y], 0) / list.length;
  const taken = [];
  const sorted = [...points].sort((a, b) => Math.abs(b[y] - middle) - Math.abs(a[y] - middle));
  return sorted.filter((record) => {
    const wide = textWidth(String(record[label])) + 8;
    const px = record[x] / right * (width - 64);
    const py = record[y] / most * 300;
    const free = taken.every(([qx, qy, w]) => Math.abs(px - qx) > (wide + w) / 2 + 8 ||
      Math.abs(py - qy) > 22);
    if (free && taken.length < 12) taken.push([px, py, wide]);
    return taken.length > 0 && taken[taken.length - 1][0] === px && free;
  });
}

// Areas by size, the limits of chance as curves.
function funnel(chart, rows, level, width) {
  const {x, y, label, curves, averages} = chart.options;
  const list = records(chart, rows)
    .filter((record) => Number.isFinite(number(record[x])) && Number.isFinite(number(record[y])));
  if (list.length === 0) return nothing('No area has enough cases to be shown.');
  const curve = (curves[level] || []).map(([n, low998, low95, high95, high998]) =>
    ({n, low998, low95, high95, high998}));
  const outer = {stroke: palette.plum, strokeWidth: 2};
  const inner = {stroke: palette.plum, strokeWidth: 1.5, strokeDasharray: '5,4'};
  const limitAt = (n, name) => {
    const after = curve.findIndex((point) => point.n >= n);
    return curve.length === 0 ? NaN : curve[after < 0 ? curve.length - 1 : after][name];
  };
  const outside = list.filter((record) => record[y] > limitAt(record[x], 'high998') ||
    record[y] < limitAt(record[x], 'low998'));
  const inside = list.filter((record) => !outside.includes(record));
  const most = Math.max(...list.map((record) => record[y]),
    ...curve.map((point) => point.high998).filter(Number.isFinite).slice(2));
  const named = apart(outside, x, y, label, list, most, width);
  const right = Math.max(...list.map((record) => record[x]));
  return svgOf(Plot.plot({
    width, height: Math.min(420, Math.max(300, width * 0.62)), marginLeft: 48, marginRight: 16,
    marginTop: 28, marginBottom: 46, style: font, clip: true,
    x: {label: axisLabel(chart, x, width), labelAnchor: 'right', labelArrow: 'none',
      ticks: Math.max(2, Math.floor(width / 120))},
    y: {domain: [0, most * 1.08], label: axisLabel(chart, y, width), labelArrow: 'none', grid: true},
    marks: [
      Plot.ruleY([averages[level]].filter(Number.isFinite), {stroke: palette.ink}),
      Plot.line(curve, {x: 'n', y: 'high998', clip: true, ...outer}),
      Plot.line(curve, {x: 'n', y: 'low998', clip: true, ...outer}),
      Plot.line(curve, {x: 'n', y: 'high95', clip: true, ...inner}),
      Plot.line(curve, {x: 'n', y: 'low95', clip: true, ...inner}),
      Plot.text(named.filter((record) => record[x] <= right * 0.75), {x, y, text: label, dy: -15,
        fill: palette.ink, stroke: '#fff', strokeWidth: 4, paintOrder: 'stroke'}),
      Plot.text(named.filter((record) => record[x] > right * 0.75), {x, y, text: label, dy: -15,
        textAnchor: 'end', fill: palette.ink, stroke: '#fff', strokeWidth: 4, paintOrder: 'stroke'}),
      Plot.dot(inside, {x, y, r: 4.5, fill: palette.blue, stroke: '#fff'}),
      Plot.dot(outside, {x, y, r: 6, symbol: 'diamond', fill: palette.orange, stroke: palette.ink}),
      Plot.ruleY([0], {stroke: palette.ink}),
    ],
  }));
}

const kinds = {bar, column, interval, pyramid, funnel};

// The picture of `rows`; a chart of another kind has its table only.
export function draw(chart, rows, level, width) {
  const kind = kinds[chart.type];
  if (!kind) return document.createDocumentFragment();
  return kind(chart, rows, level, Math.max(width, 240));
}
