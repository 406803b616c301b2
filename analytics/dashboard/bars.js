// Bars from zero: lying, upright, with what was removed, as steps, as a pyramid.

import * as Plot from 'plot';
import {axisTitle, domainOf, finished, font, grouped, isNumber, mark, nothing, number, palette,
  printed, quiet, records, shorten, svg, ticksFor, together, unique, widest} from './paint.js';
import {lying, referenceLine, valueText, whisker, zeroLine} from './lying.js';

export const nonePrinted = 'Nothing here can be printed.';
const allZero = 'Every printed number is 0: see the table.';

// An axis without a bar, a whisker or a line on it says nothing.
function isAllZero(list, names) {
  return list.every((record) => names.every((name) => !isNumber(record[name]) ||
    record[name] === 0));
}

// A sheet has no pointer that needs room.
export function rowHeight(count) {
  if (document.documentElement.classList.contains('paper')) return 18;
  return count > 40 ? 20 : 26;
}

// "level" or "level, second level".
export function labelOf(chart, record) {
  const {y, y2} = chart.options;
  return y2 ? `${record[y]} \u00b7 ${record[y2]}` : String(record[y]);
}

function barRect(view, from, to, i, fill) {
  const left = Math.min(view.x(from), view.x(to));
  return svg('rect', {x: left, y: view.band(i) + 3, width: Math.abs(view.x(to) - view.x(from)),
    height: view.tall - 6, fill});
}

// Lying bars.
export function bar(chart, rows, level, width) {
  const {x, lo, hi, reference, reference_label: name} = chart.options;
  const list = records(chart, rows, [x]);
  if (list.length === 0) return nothing(nonePrinted);
  if (isAllZero(list, [x, hi])) return nothing(allZero);
  const texts = list.map((record) => printed(chart, record, x));
  const domain = domainOf([...list.flatMap((r) => [r[x], number(r[lo]), number(r[hi])]),
    number(reference)], {zero: true, air: 0.02});
  const view = lying({labels: list.map((record) => labelOf(chart, record)), width, domain,
    tall: rowHeight(list.length), after: widest(texts) + 14, title: axisTitle(chart, x),
    before: domain[0] < 0 ? widest(texts) + 10 : 0, top: name ? 24 : 4});
  list.forEach((record, i) => {
    const shape = svg('g', {}, barRect(view, 0, record[x], i, palette.blue));
    const limits = isNumber(record[lo]) && isNumber(record[hi]);
    if (limits) {
      shape.append(whisker(view.x(record[lo]), view.x(record[hi]), view.middle(i)));
    }
    view.marks.append(shape);
    const down = record[x] < 0;
    const end = down ? Math.min(record[x], limits ? record[lo] : 0)
      : Math.max(record[x], limits ? record[hi] : 0);
    view.front.append(valueText(view.x(end) + (down ? -5 : 5), view.middle(i), texts[i],
      down ? 'end' : 'start'));
  });
  zeroLine(view);
  referenceLine(view, reference, name, width);
  const keys = lo ? [{line: palette.ink, text: '95 % interval'}] : [];
  return together(view.root, keys);
}

function columnKeys({peer, peer_label: peerLabel, fit, fit_label: fitLabel, lo}) {
  const keys = [];
  if (peer) keys.push({upright: palette.orange, text: peerLabel || 'Comparator'});
  if (fit) keys.push({line: palette.plum, dash: '6,3', text: fitLabel || 'Fitted line'});
  if (lo) keys.push({upright: palette.ink, text: '95 % interval'});
  return keys;
}

// The same bars lying, where names do not fit below them.
function columnLying(chart, list, width, level) {
  const {x, y, peer, fit, lo, hi, marker, marker_label: markerLabel} = chart.options;
  const texts = list.map((record) => printed(chart, record, y));
  const domain = domainOf(list.flatMap((r) => [number(r[y]), number(r[peer]), number(r[fit]),
    number(r[hi])]), {zero: true, air: 0.02});
  const view = lying({labels: list.map((record) => String(record[x])), width, domain,
    tall: rowHeight(list.length), after: widest(texts) + 14, title: axisTitle(chart, y, level),
    top: 4});
  list.forEach((record, i) => {
    const at = view.middle(i);
    let end = record[y];
    if (isNumber(record[y])) view.marks.append(barRect(view, 0, record[y], i, palette.blue));
    if (isNumber(record[lo]) && isNumber(record[hi])) {
      view.front.append(whisker(view.x(record[lo]), view.x(record[hi]), at));
      end = Math.max(end, record[hi]);
    }
    for (const [name, colour] of [[peer, palette.orange], [fit, palette.plum]]) {
      if (!isNumber(record[name])) continue;
      const px = view.x(record[name]);
      view.front.append(svg('line', {x1: px, x2: px, y1: at - view.tall / 2 + 1,
        y2: at + view.tall / 2 - 1, stroke: colour, 'stroke-width': 4}));
      end = Math.max(end, record[name]);
    }
    if (isNumber(record[y])) view.front.append(valueText(view.x(end) + 6, at, texts[i]));
    if (marker !== undefined && String(record[x]) === String(marker)) {
      const edge = view.band(i) + view.tall;
      view.front.append(svg('line', {x1: view.left, x2: width - 2, y1: edge, y2: edge,
        stroke: palette.plum, 'stroke-width': 2, 'stroke-dasharray': '6,3'}));
    }
  });
  zeroLine(view);
  const keys = columnKeys(chart.options).map((item) =>
    (item.line === palette.plum ? {upright: palette.plum, text: item.text} : item));
  if (marker !== undefined) {
    keys.push({line: palette.plum, dash: '6,3', text: markerLabel || `After ${marker}`});
  }
  return together(view.root, keys);
}

// Upright bars; lying where the names do not fit below them. Many levels that
// are numbers (weeks, hours) stay upright with every n-th named.
export function column(chart, rows, level, width) {
  const {x, y, peer, fit, lo, hi, marker, marker_label: markerLabel} = chart.options;
  const list = records(chart, rows);
  const bars = list.filter((record) => isNumber(record[y]));
  if (bars.length === 0) return nothing(nonePrinted);
  if (isAllZero(list, [y, hi, peer, fit])) return nothing(allZero);
  const names = list.map((record) => String(record[x]));
  const room = (width - 60) / list.length;
  const counting = names.every((name) => /^\d+$/.test(name)) && room >= 3;
  if (widest(names) > room - 8 && !counting) return columnLying(chart, list, width, level);
  const every = Math.max(1, Math.ceil((widest(names) + 10) / room));
  const domain = domainOf(list.flatMap((r) => [number(r[y]), number(r[peer]), number(r[fit]),
    number(r[hi])]), {zero: true, air: 0.08});
  const ticks = ticksFor(domain, 420);
  const at = list.map((record, i) => ({...record, at: i}));
  const has = (...need) => at.filter((record) => need.every((name) => isNumber(record[name])));
  const after = names.indexOf(String(marker));
  const markerText = marker === undefined ? '' : shorten(markerLabel || `After ${marker}`, width / 2);
  const toLeft = after > names.length / 2;
  const half = list.length < 3 ? 0.3 : 0.5;
  const band = room > 12 ? 0.42 : 0.48;
  const plot = Plot.plot({
    width, height: 300, marginLeft: widest(ticks.map(grouped)) + 18, marginRight: 8,
    marginBottom: 48, marginTop: 30, style: font,
    x: {domain: [-half - 0.1, list.length - 1 + half + 0.1], type: 'linear',
      ticks: names.map((name, i) => i).filter((i) => i % every === 0),
      tickFormat: (i) => names[i], tickSize: 0, label: shorten(axisTitle(chart, x), width - 20),
      labelArrow: 'none', labelAnchor: 'right'},
    y: {domain, label: shorten(axisTitle(chart, y, level), width - 20), labelArrow: 'none', grid: true,
      ticks, tickFormat: grouped},
    marks: [
      Plot.rectY(has(y), {x1: (r) => r.at - band, x2: (r) => r.at + band, y1: 0, y2: y,
        fill: palette.blue, ...mark}),
      Plot.ruleX(has(lo, hi), {x: 'at', y1: (r) => r[lo], y2: (r) => r[hi],
        stroke: '#fff', strokeWidth: 5}),
      Plot.ruleX(has(lo, hi), {x: 'at', y1: (r) => r[lo], y2: (r) => r[hi],
        stroke: palette.ink, strokeWidth: 2}),
      Plot.ruleY(has(peer), {y: (r) => r[peer], x1: (r) => r.at - band, x2: (r) => r.at + band,
        stroke: palette.orange, strokeWidth: 4}),
      Plot.line(has(fit), {x: 'at', y: (r) => r[fit], stroke: '#fff', strokeWidth: 5}),
      Plot.line(has(fit), {x: 'at', y: (r) => r[fit], stroke: palette.plum, strokeWidth: 2.5,
        strokeDasharray: '6,3'}),
      after < 0 ? null : [
        Plot.ruleX([after + 0.5], {stroke: palette.plum, strokeWidth: 2, strokeDasharray: '6,3'}),
        Plot.text([after + 0.5], {x: (v) => v, frameAnchor: 'top', text: () => markerText,
          fill: palette.plum, dx: toLeft ? -6 : 6, dy: 2, textAnchor: toLeft ? 'end' : 'start',
          stroke: '#fff', strokeWidth: 4, paintOrder: 'stroke'})],
      Plot.ruleY([0], {stroke: palette.ink}),
    ],
  });
  plot.dataset.zeroY = plot.scale('y').apply(0);
  return together(finished(plot), columnKeys(chart.options));
}

// Who remains after each step, and in outline whom it removed.
export function attrition(chart, rows, level, width) {
  const {x, y, removed} = chart.options;
  const list = records(chart, rows, [x]);
  if (list.length === 0) return nothing(nonePrinted);
  const text = (record) => {
    const rest = printed(chart, record, x);
    return isNumber(record[removed])
      ? `${rest} (\u2212${printed(chart, record, removed)})` : rest;
  };
  const most = Math.max(...list.map((r) => r[x] + (isNumber(r[removed]) ? r[removed] : 0)));
  const after = Math.min(widest(list.map(text)) + 12, width * 0.5);
  const view = lying({labels: list.map((r, i) => `${i + 1}. ${r[y]}`), width,
    domain: [0, most || 1], tall: 26, after, title: axisTitle(chart, x)});
  list.forEach((record, i) => {
    view.marks.append(svg('g', {}, barRect(view, 0, record[x], i, palette.blue)));
    const gone = isNumber(record[removed]) ? record[removed] : 0;
    if (gone > 0) {
      const rect = barRect(view, record[x], record[x] + gone, i, '#fff');
      rect.setAttribute('stroke', palette.ink);
      rect.setAttribute('stroke-dasharray', '3,2');
      view.front.append(rect);
    }
    view.front.append(valueText(view.x(record[x] + gone) + 6, view.middle(i), text(record)));
  });
  zeroLine(view);
  const keys = [{box: palette.blue, text: 'Remain'}];
  if (removed) keys.push({box: '#fff', text: 'Removed by the step'});
  return together(view.root, keys);
}

// Totals are bars from zero; steps begin where the one before ended.
export function waterfall(chart, rows, level, width) {
  const {value, y, kind} = chart.options;
  const list = records(chart, rows, [value]);
  if (list.length === 0) return nothing(nonePrinted);
  let level0 = 0;
  const bars = list.map((record) => {
    const total = record[kind] === 'total';
    const from = total ? 0 : level0;
    const to = total ? record[value] : level0 + record[value];
    level0 = to;
    return {record, total, from, to};
  });
  const text = ({record, total}) => {
    const shown = printed(chart, record, value);
    if (total || record[value] === 0) return shown;
    return record[value] > 0 ? `\u25b2 +${shown}` : `\u25bc ${shown.replace('-', '\u2212')}`;
  };
  const domain = domainOf(bars.flatMap((b) => [b.from, b.to]), {zero: true, air: 0.02});
  const view = lying({labels: list.map((record) => String(record[y])), width, domain, tall: 28,
    after: widest(bars.map(text)) + 14, title: axisTitle(chart, value)});
  bars.forEach((b, i) => {
    const fill = b.total ? palette.ink : b.to >= b.from ? palette.blue : palette.orange;
    const rect = barRect(view, b.from, b.to, i, fill);
    if (b.total) rect.dataset.total = 'yes';
    view.marks.append(svg('g', {}, rect));
    if (i + 1 < bars.length) {
      view.back.append(svg('line', {x1: view.x(b.to), x2: view.x(b.to), y1: view.band(i) + 3,
        y2: view.band(i + 1) + view.tall - 3, stroke: quiet, 'stroke-dasharray': '2,2'}));
    }
    view.front.append(valueText(view.x(Math.max(b.from, b.to)) + 6, view.middle(i), text(b)));
  });
  zeroLine(view);
  return together(view.root, [{box: palette.ink, text: 'Total'},
    {box: palette.blue, text: '\u25b2 adds'}, {box: palette.orange, text: '\u25bc takes away'}]);
}

// Men to the left, women to the right, the peer group as short lines.
export function pyramid(chart, rows, level, width) {
  const list = records(chart, rows)
    .filter((record) => record.sex === 'male' || record.sex === 'female');
  const bands = unique(list.map((record) => record.age_band)).reverse();
  const shown = list.filter((record) => isNumber(record.share));
  if (shown.length === 0) return nothing(nonePrinted);
  const peers = list.filter((record) => isNumber(record.comparator_share));
  const most = Math.max(...shown.map((record) => record.share),
    ...peers.map((record) => record.comparator_share), 1) * 1.08;
  const side = (record) => (record.sex === 'male' ? -1 : 1);
  const left = Math.min(widest(bands) + 14, width * 0.4);
  const size = (value) => grouped(Math.abs(value));
  const plot = Plot.plot({
    width, height: bands.length * 21 + 84, marginLeft: left, marginRight: 16, marginTop: 30,
    marginBottom: 44, style: font,
    x: {domain: [-most, most], label: 'Share of the list (%)', labelAnchor: 'center',
      labelArrow: 'none', grid: true, ticks: ticksFor([-most, most], width - left - 16, size),
      tickFormat: size},
    y: {domain: bands, label: null, tickSize: 0, tickFormat: (text) => shorten(text, left - 10)},
    marks: [
      Plot.barX(shown, {x1: 0, x2: (record) => side(record) * record.share, y: 'age_band',
        fill: (record) => (record.sex === 'male' ? palette.blue : palette.teal), insetTop: 1,
        insetBottom: 1, ...mark}),
      Plot.tickX(peers, {x: (record) => side(record) * record.comparator_share, y: 'age_band',
        stroke: palette.orange, strokeWidth: 3}),
      Plot.ruleX([0], {stroke: palette.ink}),
      Plot.text(['Male'], {frameAnchor: 'top-left', dy: -20, fill: palette.ink, fontWeight: 'bold'}),
      Plot.text(['Female'], {frameAnchor: 'top-right', dy: -20, fill: palette.ink,
        fontWeight: 'bold'}),
    ],
  });
  plot.dataset.zero = plot.scale('x').apply(0);
  const peerName = chart.options.peer_label || 'Comparator';
  return together(finished(plot),
    peers.length > 0 ? [{upright: palette.orange, text: peerName}] : []);
}
