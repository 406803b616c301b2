// Pictures of two numbers: funnel, scatter, curves against a diagonal.

import * as Plot from 'plot';
import {axisTitle, domainOf, finished, font, free, grouped, haloed, isNumber, mark, nothing,
  number, palette, quiet, records, shorten, styleOf, svg, textWidth, ticksFor, together, unique,
  widest, words, wrapped} from './paint.js';
import {nonePrinted} from './bars.js';
import * as d3 from 'd3';

const longestName = 150;

// Writes names beside points where they touch nothing, those given first first.
function nameSome(plot, named, points, label, frame) {
  const [toX, toY] = [plot.scale('x').apply, plot.scale('y').apply];
  const taken = points.map((p) => ({x: toX(p.px), y: toY(p.py), w: 9, h: 9}));
  const group = svg('g');
  let written = 0;
  for (const point of named) {
    if (written >= 12) break;
    const text = shorten(point.record[label], Math.min(longestName, frame.width * 0.45));
    const w = textWidth(text);
    const [x, y] = [toX(point.px), toY(point.py)];
    const places = [[x, y - 14], [x + w / 2 + 9, y], [x - w / 2 - 9, y], [x, y + 15]];
    const boxes = places.map(([cx, cy]) => ({x: cx - frame.left, y: cy - frame.top, w, h: 15}));
    const inside = boxes.find((box) => free([box], taken.map((t) =>
      ({...t, x: t.x - frame.left, y: t.y - frame.top})), frame.innerWidth, frame.innerHeight)
      .length > 0);
    if (!inside) continue;
    const [cx, cy] = [inside.x + frame.left, inside.y + frame.top];
    taken.push({x: cx, y: cy, w, h: 15});
    group.append(words(cx, cy, text, {'text-anchor': 'middle', ...haloed}));
    written += 1;
  }
  plot.append(group);
}

function planeOf({width, height, xDomain, yDomain, xTitle, yTitle, top = 28}) {
  const yTicks = d3.ticks(yDomain[0], yDomain[1], 5);
  const left = Math.max(34, widest(yTicks.map(grouped)) + 14);
  const right = 22;
  const xTicks = ticksFor(xDomain, width - left - right);
  return {left, right, top, width, height, innerWidth: width - left - right,
    innerHeight: height - top - 46,
    options: {width, height, marginLeft: left, marginRight: right, marginTop: top,
      marginBottom: 46, style: font, symbol: {type: 'identity'}, r: {type: 'identity'},
      x: {domain: xDomain, ticks: xTicks, tickFormat: grouped, labelArrow: 'none',
        labelAnchor: 'right', label: shorten(xTitle, width - left)},
      y: {domain: yDomain, ticks: yTicks, tickFormat: grouped, grid: true, labelArrow: 'none',
        label: shorten(yTitle, width - 16)}}};
}

// Areas by size, the limits of chance as curves.
export function funnel(chart, rows, level, width) {
  const {x, y, label, curves = {}, averages = {}} = chart.options;
  const list = records(chart, rows, [x, y]);
  if (list.length === 0) return nothing('No area has enough cases to be shown.');
  const curve = (curves[level ?? ''] || []).map(([n, low998, low95, high95, high998]) =>
    ({n: number(n), low998, low95, high95, high998}));
  const limitAt = (n, name) => {
    const after = curve.findIndex((point) => point.n >= n);
    return curve.length === 0 ? NaN : curve[after < 0 ? curve.length - 1 : after][name];
  };
  const beyond = (record) => record[y] > limitAt(record[x], 'high998') ||
    record[y] < limitAt(record[x], 'low998');
  const outside = list.filter(beyond);
  const sizes = list.map((r) => r[x]);
  // The limits of areas that are here; those of smaller ones run out of the top.
  const near = curve.filter((point) => point.n >= Math.min(...sizes) * 0.9);
  const yDomain = domainOf([...list.map((r) => r[y]),
    ...near.flatMap((point) => [number(point.low998), number(point.high998)])], {air: 0.1});
  const xDomain = [0, Math.max(...sizes) * 1.05 || 1];
  const plane = planeOf({width, height: Math.min(430, Math.max(310, width * 0.62)), xDomain,
    yDomain, xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y)});
  const outer = {stroke: palette.plum, strokeWidth: 2, clip: true};
  const inner = {stroke: palette.plum, strokeWidth: 1.5, strokeDasharray: '5,4', clip: true};
  const limit = (name, options) => Plot.line(curve, {x: 'n', y: (p) => number(p[name]), ...options});
  const average = averages[level ?? ''];
  const plot = Plot.plot({...plane.options, marks: [
    Plot.ruleY([average].filter(isNumber), {stroke: palette.ink}),
    limit('high998', outer), limit('low998', outer), limit('high95', inner), limit('low95', inner),
    Plot.dot(list, {x, y, r: (r) => (beyond(r) ? 6 : 4.5), stroke: '#fff',
      symbol: (r) => (beyond(r) ? 'diamond2' : 'circle'),
      fill: (r) => (beyond(r) ? '#b35300' : palette.blue), ...mark}),
  ]});
  const middle = isNumber(average) ? average : 0;
  const points = (own) => own.map((record) => ({record, px: record[x], py: record[y]}));
  const named = points([...outside].sort((a, b) => Math.abs(b[y] - middle) - Math.abs(a[y] - middle)));
  if (label) nameSome(plot, named, points(list), label, plane);
  const keys = curve.length > 0
    ? [{symbol: 'circle', colour: palette.blue, text: 'Inside the 99.8 % limits'}] : [];
  if (outside.length > 0) {
    keys.push({symbol: 'diamond2', colour: '#b35300', text: 'Beyond the 99.8 % limits'});
  }
  if (curve.length > 0) {
    keys.push({line: palette.plum, text: '99.8 % limits'},
      {line: palette.plum, dash: '5,4', text: '95 % limits'});
  }
  if (isNumber(average)) keys.push({line: palette.ink, text: 'Average'});
  return together(finished(plot), keys);
}

// Dots of two numbers; with cuts, four named quarters.
export function scatter(chart, rows, level, width) {
  const {x, y, label, x_cut: xCut, y_cut: yCut, quadrants, named = []} = chart.options;
  const list = records(chart, rows, [x, y]);
  if (list.length === 0) return nothing(nonePrinted);
  const plane = planeOf({width, height: Math.min(460, Math.max(320, width * 0.7)),
    xDomain: domainOf([...list.map((r) => r[x]), number(xCut)]),
    yDomain: domainOf([...list.map((r) => r[y]), number(yCut)], {air: 0.12}),
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y), top: quadrants ? 66 : 28});
  const cut = {stroke: palette.plum, strokeWidth: 1.5, strokeDasharray: '6,3'};
  if (quadrants) plane.options.marginBottom = 86;
  if (quadrants) plane.innerHeight -= 40;
  const plot = Plot.plot({...plane.options, marks: [
    isNumber(xCut) ? Plot.ruleX([xCut], cut) : null,
    isNumber(yCut) ? Plot.ruleY([yCut], cut) : null,
    Plot.dot(list, {x, y, r: 4.5, symbol: 'circle', fill: palette.blue, stroke: '#fff', ...mark}),
  ]});
  const points = (own) => own.map((record) => ({record, px: record[x], py: record[y]}));
  const centre = [isNumber(xCut) ? xCut : mean(list, x), isNumber(yCut) ? yCut : mean(list, y)];
  const far = (r) => Math.hypot((r[x] - centre[0]) / spanOf(list, x),
    (r[y] - centre[1]) / spanOf(list, y));
  const order = [...list].sort((a, b) => named.includes(b[label]) - named.includes(a[label]) ||
    far(b) - far(a));
  if (label) nameSome(plot, points(order), points(list), label, plane);
  if (quadrants) writeQuadrants(plot, quadrants, plane);
  return together(finished(plot), isNumber(xCut) || isNumber(yCut)
    ? [{line: palette.plum, dash: '6,3', text: 'Middle of the peers'}] : []);
}

function mean(list, column) {
  return list.reduce((sum, r) => sum + r[column], 0) / list.length;
}
function spanOf(list, column) {
  const values = list.map((r) => r[column]);
  return Math.max(...values) - Math.min(...values) || 1;
}

// Above and below the dots, so that no name touches one.
function writeQuadrants(plot, texts, plane) {
  const room = plane.innerWidth / 2 - 6;
  const right = plane.left + plane.innerWidth;
  const group = svg('g', {'font-style': 'italic'});
  const at = (x, y, text, anchor) => wrapped(text ?? '', room * 0.94, 2).forEach((line, i) =>
    group.append(words(x, y + i * 15, line, {'text-anchor': anchor})));
  at(plane.left, plane.top - 32, texts[0], 'start');
  at(right, plane.top - 32, texts[1], 'end');
  at(plane.left, plane.height - 56, texts[2], 'start');
  at(right, plane.height - 56, texts[3], 'end');
  plot.append(group);
}

// --- curves against a diagonal --------------------------------------------------------

function square(width) {
  return Math.min(width, 480);
}

function shares(chart, rows, width, above) {
  const {x, y, series, diagonal_label: diagonal} = chart.options;
  const list = records(chart, rows, [x, y]);
  if (list.length === 0) return nothing(nonePrinted);
  const nameOf = (record) => (series ? String(record[series]) : '');
  const names = unique(list.map(nameOf));
  const side = square(width);
  const plane = planeOf({width: side, height: Math.max(300, side * 0.86), xDomain: [0, 100],
    yDomain: [0, 100], xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y)});
  const marks = [Plot.line([[0, 0], [100, 100]], {stroke: quiet, strokeWidth: 1.5,
    strokeDasharray: '5,4'})];
  for (const name of names) {
    const look = styleOf(names, name);
    const own = list.filter((r) => nameOf(r) === name);
    const start = own[0][x] === 0 ? [] : [{[x]: 0, [y]: 0}];
    marks.push(Plot.line([...start, ...own], {x, y, stroke: look.colour, strokeWidth: 2.5,
      strokeDasharray: look.dash || null}));
  }
  marks.push(Plot.dot(list, {x, y, r: list.length > 60 ? 2 : 3.5, stroke: '#fff', strokeWidth: 1,
    fill: (r) => styleOf(names, nameOf(r)).colour,
    symbol: (r) => styleOf(names, nameOf(r)).symbol, ...mark}));
  const plot = Plot.plot({...plane.options, marks});
  const keys = series ? names.map((name) => {
    const look = styleOf(names, name);
    return {line: look.colour, dash: look.dash, symbol: look.symbol, colour: look.colour, text: name};
  }) : [];
  const usual = above ? 'No better than chance' : 'Everyone the same';
  keys.push({line: quiet, dash: '5,4', text: diagonal || usual});
  return together(finished(plot), keys);
}

export function lorenz(chart, rows, level, width) {
  return shares(chart, rows, width, false);
}
export function gain(chart, rows, level, width) {
  return shares(chart, rows, width, true);
}

// Predicted against observed: on the diagonal the model is right.
export function calibration(chart, rows, level, width) {
  const {predicted, observed, lo, hi, label} = chart.options;
  const list = records(chart, rows, [predicted, observed]);
  if (list.length === 0) return nothing(nonePrinted);
  const most = Math.max(...list.flatMap((r) => [r[predicted], r[observed], number(r[hi])])
    .filter(Number.isFinite)) * 1.06 || 1;
  const side = square(width);
  const plane = planeOf({width: side, height: Math.max(300, side * 0.86), xDomain: [0, most],
    yDomain: [0, most], xTitle: axisTitle(chart, predicted), yTitle: axisTitle(chart, observed)});
  const whole = list.filter((r) => isNumber(r[lo]) && isNumber(r[hi]));
  const plot = Plot.plot({...plane.options, marks: [
    Plot.line([[0, 0], [most, most]], {stroke: quiet, strokeWidth: 1.5, strokeDasharray: '5,4'}),
    Plot.ruleX(whole, {x: predicted, y1: (r) => r[lo], y2: (r) => r[hi],
      stroke: palette.blue, strokeWidth: 2}),
    Plot.dot(list, {x: predicted, y: observed, r: 4.5, symbol: 'circle', fill: palette.blue,
      stroke: '#fff', ...mark}),
  ]});
  if (label) {
    const points = list.map((record) => ({record, px: record[predicted], py: record[observed]}));
    nameSome(plot, points, points, label, plane);
  }
  const keys = [{line: quiet, dash: '5,4', text: 'Predicted is observed'}];
  if (whole.length > 0) keys.push({upright: palette.blue, text: '95 % interval'});
  return together(finished(plot), keys);
}
