// Bars cut into parts: one behind the other, side by side, over time.

import * as Plot from 'plot';
import * as d3 from 'd3';
import {axisTitle, finished, font, grouped, isTime, levelAxis, mark, nothing, palette, printed,
  quiet, records, shorten, svg, textWidth, timeOf, together, unique, widest, words} from
  './paint.js';
import {lying, valueText, zeroLine} from './lying.js';
import {nonePrinted} from './bars.js';

// Neighbours differ by 3:1 in lightness, so that their border is seen.
const parts = [
  {fill: palette.blue, ink: '#fff'}, {fill: palette.orange, ink: '#000'},
  {fill: palette.plum, ink: '#fff'}, {fill: palette.teal, ink: '#000'},
];
const further = {fill: quiet, ink: '#fff'};

function partOf(names, name) {
  return parts[names.indexOf(name)] || further;
}

function keysOf(names) {
  return names.map((name) => ({box: partOf(names, name).fill, text: name}));
}

export function stacked(chart, rows, level, width) {
  const {value, x, series, layout = 'stacked'} = chart.options;
  const list = records(chart, rows, [value]);
  if (list.length === 0) return nothing(nonePrinted);
  const all = records(chart, rows);
  const levels = unique(all.map((r) => String(r[x])));
  const names = unique(all.map((r) => String(r[series])));
  if (layout === 'grouped') return grouping(chart, list, levels, names, width);
  if (isTime(levels)) return overTime(chart, list, levels, names, width);
  return lyingStack(chart, list, levels, names, width);
}

function lyingStack(chart, list, levels, names, width) {
  const {value, x, series, layout} = chart.options;
  const own = (label) => names.flatMap((name) => list.filter((r) => String(r[x]) === label &&
    String(r[series]) === name));
  const sums = levels.map((label) => d3.sum(own(label), (r) => Math.max(0, r[value])));
  const view = lying({labels: levels, width, domain: [0, layout === 'share' ? 100
    : Math.max(...sums) * 1.02 || 1], tall: levels.length > 40 ? 22 : 30, after: 12,
    title: axisTitle(chart, value)});
  levels.forEach((label, i) => {
    let from = 0;
    for (const record of own(label)) {
      const to = from + Math.max(0, record[value]);
      const [a, b] = [view.x(from), Math.min(view.x(to), width - 2)];
      const look = partOf(names, String(record[series]));
      const text = printed(chart, record, value);
      const part = svg('g', {}, svg('rect', {x: a + (from > 0 ? 1 : 0), y: view.band(i) + 3,
        width: Math.max(0.5, b - a - (from > 0 ? 1 : 0)), height: view.tall - 6, fill: look.fill}));
      view.marks.append(part);
      if (textWidth(text) + 8 < b - a) {
        view.front.append(words((a + b) / 2, view.middle(i), text, {'text-anchor': 'middle',
          fill: look.ink}));
      }
      from = to;
    }
  });
  zeroLine(view);
  return together(view.root, keysOf(names));
}

function grouping(chart, list, levels, names, width) {
  const {value, x, series} = chart.options;
  const each = 19;
  const texts = list.map((record) => printed(chart, record, value));
  const view = lying({labels: levels, width, domain: [Math.min(0, ...list.map((r) => r[value])),
    Math.max(0, ...list.map((r) => r[value])) * 1.02 || 1], tall: names.length * each + 10,
    after: widest(texts) + 14, before: list.some((r) => r[value] < 0) ? widest(texts) + 10 : 0,
    title: axisTitle(chart, value)});
  list.forEach((record, n) => {
    const i = levels.indexOf(String(record[x]));
    const name = String(record[series]);
    const y = view.band(i) + 5 + names.indexOf(name) * each;
    const [a, b] = [view.x(Math.min(0, record[value])), view.x(Math.max(0, record[value]))];
    view.marks.append(svg('g', {}, svg('rect', {x: a, y: y + 1, width: b - a, height: each - 3,
      fill: partOf(names, name).fill})));
    const down = record[value] < 0;
    view.front.append(valueText(down ? a - 5 : b + 5, y + each / 2, texts[n], down ? 'end' : 'start'));
  });
  zeroLine(view);
  return together(view.root, keysOf(names));
}

function overTime(chart, list, levels, names, width) {
  const {value, x, series, layout} = chart.options;
  const sorted = [...levels].sort((a, b) => timeOf(a) - timeOf(b));
  const at = (label) => sorted.indexOf(label);
  const bars = [];
  const sums = sorted.map(() => 0);
  for (const name of names) {
    for (const record of list.filter((r) => String(r[series]) === name)) {
      const i = at(String(record[x]));
      const from = sums[i];
      sums[i] += Math.max(0, record[value]);
      bars.push({i, from, to: sums[i], name});
    }
  }
  const most = layout === 'share' ? 100 : Math.max(...sums) * 1.04 || 1;
  const ticks = d3.ticks(0, most, 5);
  const left = widest(ticks.map(grouped)) + 16;
  const time = levelAxis(sorted, width - left - 40, null);
  const shown = new Set(time.scale.ticks.map((date) => date.getTime()));
  const plot = Plot.plot({width, height: 320, marginLeft: left, marginRight: 36, marginTop: 28,
    marginBottom: 46, style: font,
    x: {type: 'linear', domain: [-0.6, sorted.length - 0.4], tickSize: 0, labelArrow: 'none',
      ticks: sorted.map((label, i) => i).filter((i) => shown.has(timeOf(sorted[i]).getTime())),
      tickFormat: (i) => time.scale.tickFormat(timeOf(sorted[i])), labelAnchor: 'right',
      label: shorten(axisTitle(chart, x), width - left)},
    y: {domain: [0, most], ticks, tickFormat: grouped, grid: true, labelArrow: 'none',
      label: shorten(axisTitle(chart, value), width - 16)},
    marks: [
      Plot.rectY(bars, {x1: (b) => b.i - 0.42, x2: (b) => b.i + 0.42, y1: 'from', y2: 'to',
        fill: (b) => partOf(names, b.name).fill, insetTop: 0.5, insetBottom: 0.5, ...mark}),
      Plot.ruleY([0], {stroke: palette.ink}),
    ]});
  plot.dataset.zeroY = plot.scale('y').apply(0);
  return together(finished(plot), keysOf(names).reverse());
}
