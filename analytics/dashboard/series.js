// Lines over time or over ordered levels: series, forecasts, budgets, step
// curves, and many small ones.

import * as Plot from 'plot';
import * as d3 from 'd3';
import {axisTitle, canvas, domainOf, finished, font, grouped, isNumber, isTime, levelAxis, mark,
  nothing, number, palette, quiet, records, shapeAt, shorten, spread, styleOf, svg, textWidth,
  ticksFor, timeOf, timeWords, together, unique, widest, words} from './paint.js';
import {nonePrinted} from './bars.js';

const tall = 320;
const top = 28;
const bottom = 46;

// The shared frame: levels of x below, numbers on the left, names of lines on
// the right. `ends`: {text, y, colour} to be written there, apart.
export function frame({chart, width, levels, values, zero = false, xTitle, yTitle, ends = [],
  height = tall, right = 12, yDomain = null}) {
  const domain = yDomain || domainOf(values, {zero});
  const ticks = d3.ticks(domain[0], domain[1], 5);
  const numbers = Math.max(30, widest(ticks.map(grouped)) + 14);
  const wanted = ends.length === 0 ? right
    : Math.min(widest(ends.map((end) => end.text), true) + 16, width * 0.34);
  // The names of the first and the last level stand below their points and need
  // half their width on either side.
  // Less room may name other levels, so that is looked at again.
  let [left, label] = [numbers, wanted];
  let axis = levelAxis(levels, width - left - label, xTitle);
  for (let again = 0; again < 3; again += 1) {
    const first = axis.scale.ticks.length === 0 ? 0 : (axis.scale.ticks[0] - axis.first) /
      Math.max(1, axis.last - axis.first) * (width - left - label);
    left = Math.max(left, axis.half - first + 4);
    label = Math.max(label, axis.half + 4);
    axis = levelAxis(levels, width - left - label, xTitle);
  }
  const heightUsed = Math.max(height, ends.length * 17 + top + bottom);
  const toY = d3.scaleLinear().domain(domain).range([heightUsed - bottom, top]);
  return {axis, ends, label, left, toY, domain,
    options: {width, height: heightUsed, marginLeft: left, marginRight: label, marginTop: top,
      marginBottom: bottom, style: font, x: axis.scale,
      y: {domain, ticks, tickFormat: grouped, grid: true, labelArrow: 'none',
        label: shorten(yTitle, width - 16)}}};
}

// Draws `marks` in the frame and writes the names at the ends of lines.
export function draw(view, marks) {
  const plot = Plot.plot({...view.options, marks: [...marks, view.domain[0] === 0
    ? Plot.ruleY([0], {stroke: palette.ink}) : null]});
  if (view.ends.length > 0) {
    const {width, height} = view.options;
    const places = spread(view.ends.map((end) => view.toY(end.y)), 17, top - 4,
      height - bottom - 6);
    const names = svg('g');
    view.ends.forEach((end, i) => names.append(words(width - view.label + 8, places[i],
      shorten(end.text, view.label - 10, end.bold),
      {fill: end.colour, 'font-weight': end.bold ? 'bold' : null})));
    plot.append(names);
  }
  return finished(plot);
}

const dotsOf = (list, options) => Plot.dot(list, {stroke: '#fff', strokeWidth: 1, ...options});

// --- several series ----------------------------------------------------------------

export function lines(chart, rows, level, width) {
  const {x, y, series, lo, hi, target, target_label: targetLabel, strong, zero} = chart.options;
  const all = records(chart, rows);
  const list = all.filter((record) => isNumber(record[y]));
  if (list.length === 0) return nothing(nonePrinted);
  const nameOf = (record) => (series ? String(record[series]) : '');
  const names = unique(all.map(nameOf));
  const coloured = (strong || names).slice(0, 4);
  const style = (name) => styleOf(strong || names.length <= 4 ? coloured : names.slice(0, 4), name);
  const band = lo && hi && !series;
  const values = list.flatMap((r) => [r[y], ...(band ? [number(r[lo]), number(r[hi])] : [])]);
  if (isNumber(target)) values.push(target);
  // Names stand at the ends of lines; a narrow picture has a key instead.
  const keyOnly = width < 440 && names.length <= 4;
  const ends = [];
  for (const name of names) {
    const own = list.filter((record) => nameOf(record) === name);
    if (series && own.length > 0 && !keyOnly) {
      const colour = style(name).colour;
      ends.push({text: name, y: own[own.length - 1][y], colour: darker(colour),
        bold: coloured.includes(name)});
    }
  }
  const view = frame({chart, width, levels: all.map((r) => r[x]), values, zero,
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y), ends,
    height: Math.max(tall, ends.length * 17 + top + bottom)});
  const at = (record) => view.axis.of(record[x]);
  const many = all.length / names.length > 40;
  const marks = names.map((name) => {
    const look = style(name);
    const own = all.filter((record) => nameOf(record) === name);
    const main = coloured.includes(name);
    return Plot.line(own, {x: at, y: (r) => number(r[y]), stroke: look.colour,
      strokeWidth: main ? 2.5 : 1.5, strokeDasharray: look.dash || null});
  });
  if (band) {
    marks.unshift(Plot.areaY(all, {x: at, y1: (r) => number(r[lo]), y2: (r) => number(r[hi]),
      fill: palette.blue, fillOpacity: 0.18}));
  }
  if (isNumber(target)) marks.push(...level1(target, targetLabel || 'Target', width, view));
  marks.push(dotsOf(list, {x: at, y, r: many ? 2 : 3.5, fill: (r) => style(nameOf(r)).colour,
    symbol: (r) => style(nameOf(r)).symbol, ...mark}));
  const cut = ends.some((end) => textWidth(end.text, true) > view.label - 10);
  const keys = series && (keyOnly || cut)
    ? coloured.filter((name) => names.includes(name)).map((name) => lineKey(style(name), name)) : [];
  if (band) keys.push({box: '#d4dce4', text: '95 % interval'});
  return together(draw({...view, options: {...view.options, symbol: {type: 'identity'}}}, marks), keys);
}

// A line and its symbol in a key.
function lineKey({colour, dash, symbol}, text) {
  return {line: colour, dash, symbol, colour, text};
}

// Text needs more contrast than lines do.
export function darker(colour) {
  return {[palette.orange]: '#a8400f', [palette.teal]: '#1a6b64', [palette.violet]: '#5b3f8c'}[colour] ||
    colour;
}

// A level line with its name on it.
export function level1(value, name, width, view) {
  const high = view.toY(value) > view.options.height / 2;
  return [Plot.ruleY([value], {stroke: palette.plum, strokeWidth: 2, strokeDasharray: '9,3,2,3'}),
    Plot.text([value], {y: (v) => v, frameAnchor: 'left', textAnchor: 'start', dx: 4,
      dy: high ? -9 : 10, text: () => shorten(name, width * 0.4), fill: palette.plum, stroke: '#fff',
      strokeWidth: 4, paintOrder: 'stroke'})];
}

// --- forecast ------------------------------------------------------------------------

export function fan(chart, rows, level, width) {
  const {x, actual, point, lo80, hi80, lo95, hi95, plan, plan_label: planLabel} = chart.options;
  const all = records(chart, rows);
  const list = all.filter((r) => isNumber(r[actual]) || isNumber(r[point]));
  if (list.length === 0) return nothing(nonePrinted);
  const values = all.flatMap((r) => [actual, point, lo80, hi80, lo95, hi95, plan]
    .map((name) => number(r[name])));
  const view = frame({chart, width, levels: all.map((r) => r[x]), values,
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, actual || point)});
  const at = (record) => view.axis.of(record[x]);
  const value = (name) => (record) => number(record[name]);
  const known = list.filter((r) => isNumber(r[actual]));
  const ahead = list.filter((r) => !isNumber(r[actual]));
  const band = (low, high, opacity, dash) => [
    Plot.areaY(all, {x: at, y1: value(low), y2: value(high), fill: palette.blue, fillOpacity: opacity}),
    Plot.line(all, {x: at, y: value(low), stroke: palette.blue, strokeWidth: 1, strokeDasharray: dash}),
    Plot.line(all, {x: at, y: value(high), stroke: palette.blue, strokeWidth: 1, strokeDasharray: dash}),
  ];
  const last = known[known.length - 1];
  const marks = [
    ...(lo95 ? band(lo95, hi95, 0.12, '2,3') : []),
    ...(lo80 ? band(lo80, hi80, 0.22, null) : []),
    last && ahead.length > 0 ? Plot.ruleX([at(last)], {stroke: quiet, strokeDasharray: '3,3'}) : null,
    plan ? Plot.line(all, {x: at, y: value(plan), stroke: palette.plum, strokeWidth: 2,
      strokeDasharray: '9,3,2,3'}) : null,
    Plot.line(all, {x: at, y: value(actual), stroke: palette.ink, strokeWidth: 2}),
    Plot.line(all, {x: at, y: value(point), stroke: palette.blue, strokeWidth: 2.5,
      strokeDasharray: '7,4'}),
    dotsOf(known, {x: at, y: actual, r: 3, fill: palette.ink, ...mark}),
    Plot.dot(ahead, {x: at, y: point, r: 3.5, fill: '#fff', stroke: palette.blue, strokeWidth: 2,
      ...mark}),
  ];
  const keys = [{line: palette.ink, symbol: 'circle', colour: palette.ink, text: 'Observed'},
    {line: palette.blue, dash: '7,4', symbol: 'circle', colour: '#fff', stroke: palette.blue,
      text: 'Forecast'}];
  if (lo80) keys.push({box: '#b0bfcf', text: '80 % interval (inner)'});
  if (lo95) keys.push({box: '#dbe2e9', text: '95 % interval (outer)'});
  if (plan) keys.push({line: palette.plum, dash: '9,3,2,3', text: planLabel || 'Plan'});
  return together(draw(view, marks), keys);
}

// --- budget --------------------------------------------------------------------------

export function burnup(chart, rows, level, width) {
  const {x, actual, budget, outturn, outturn2, outturn_label: first = 'Outturn',
    outturn2_label: second = 'Second outturn'} = chart.options;
  const all = records(chart, rows);
  const list = all.filter((r) => isNumber(r[actual]) || isNumber(r[outturn]));
  if (list.length === 0) return nothing(nonePrinted);
  const values = all.flatMap((r) => [actual, budget, outturn, outturn2].map((n) => number(r[n])));
  const view = frame({chart, width, levels: all.map((r) => r[x]), values, zero: true,
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, actual || outturn)});
  const at = (record) => view.axis.of(record[x]);
  const value = (name) => (record) => number(record[name]);
  const known = list.filter((r) => isNumber(r[actual]));
  const ahead = list.filter((r) => !isNumber(r[actual]));
  // The outturn goes on from the last month that is known.
  const from = known.slice(-1).map((r) => ({[x]: r[x], [outturn]: r[actual], [outturn2]: r[actual]}));
  const go = (name, colour, dash) => Plot.line([...from, ...all.filter((r) => isNumber(r[name]) &&
    !isNumber(r[actual]))], {x: at, y: value(name), stroke: colour, strokeWidth: 2, strokeDasharray: dash});
  const marks = [
    budget ? Plot.line(all, {x: at, y: value(budget), stroke: palette.plum, strokeWidth: 2,
      strokeDasharray: '9,3,2,3'}) : null,
    outturn2 ? go(outturn2, palette.teal, '2,3') : null,
    outturn ? go(outturn, palette.blue, '7,4') : null,
    Plot.line(all, {x: at, y: value(actual), stroke: palette.ink, strokeWidth: 2.5}),
    dotsOf(known, {x: at, y: actual, r: 3.5, fill: palette.ink, ...mark}),
    Plot.dot(ahead, {x: at, y: outturn, r: 3.5, fill: '#fff', stroke: palette.blue, strokeWidth: 2,
      ...mark}),
  ];
  const keys = [{line: palette.ink, symbol: 'circle', colour: palette.ink, text: 'So far'}];
  if (budget) keys.push({line: palette.plum, dash: '9,3,2,3', text: 'Budget'});
  if (outturn) {
    keys.push({line: palette.blue, dash: '7,4', symbol: 'circle', colour: '#fff',
      stroke: palette.blue, text: first});
  }
  if (outturn2) keys.push({line: palette.teal, dash: '2,3', text: second});
  return together(draw(view, marks), keys);
}

// --- step curves -----------------------------------------------------------------------

export function step(chart, rows, level, width) {
  const {x, y, series, lo, hi, y_top: yTop} = chart.options;
  const list = records(chart, rows, [x, y]);
  if (list.length === 0) return nothing(nonePrinted);
  const nameOf = (record) => (series ? String(record[series]) : '');
  const names = unique(list.map(nameOf));
  const most = yTop || (Math.max(...list.map((r) => r[y])) > 1.5 ? 100 : 1);
  const ends = series ? names.map((name) => {
    const own = list.filter((r) => nameOf(r) === name);
    return {text: name, y: own[own.length - 1][y], colour: darker(styleOf(names, name).colour),
      bold: true};
  }) : [];
  const view = frame({chart, width, levels: ['0'], values: [0, most], yDomain: [0, most * 1.02],
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y), ends});
  const xDomain = [0, Math.max(...list.map((r) => r[x]))];
  const pixels = width - view.left - view.label;
  view.options.x = {domain: xDomain, ticks: ticksFor(xDomain, pixels), tickFormat: grouped,
    label: shorten(axisTitle(chart, x), pixels), labelArrow: 'none', labelAnchor: 'right'};
  const marks = names.flatMap((name) => {
    const look = styleOf(names, name);
    const own = list.filter((r) => nameOf(r) === name);
    const thin = (column) => Plot.line(own.filter((r) => isNumber(r[column])), {x, y: column,
      curve: 'step-after', stroke: look.colour, strokeWidth: 1.2, strokeDasharray: '2,3'});
    return [lo ? thin(lo) : null, hi ? thin(hi) : null,
      Plot.line(own, {x, y, curve: 'step-after', stroke: look.colour, strokeWidth: 2.5,
        strokeDasharray: look.dash || null})];
  });
  marks.push(Plot.dot(list, {x, y, r: 2.5, fill: (r) => styleOf(names, nameOf(r)).colour,
    symbol: (r) => styleOf(names, nameOf(r)).symbol, ...mark}));
  const keys = lo ? [{line: palette.ink, dash: '2,3', text: '95 % limits'}] : [];
  return together(draw({...view, options: {...view.options, symbol: {type: 'identity'}}}, marks), keys);
}

// --- many small ones ------------------------------------------------------------------

const small = {height: 128, top: 26, bottom: 22};

function smallOne(list, all, name, chart, width) {
  const {x, y, lo, hi, mean} = chart.options;
  const domain = domainOf(list.flatMap((r) => [r[y], number(r[lo]), number(r[hi])]), {air: 0.08});
  const ends = [Math.min(...list.map((r) => r[y])), Math.max(...list.map((r) => r[y]))];
  const left = widest(ends.map(grouped)) + 8;
  const levels = unique(all.map((r) => String(r[x])));
  const time = isTime(levels);
  const toX = d3.scaleLinear().domain([0, Math.max(1, levels.length - 1)])
    .range([left + 6, width - 8]);
  const toY = d3.scaleLinear().domain(domain).range([small.height - small.bottom, small.top]);
  const at = (r) => toX(levels.indexOf(String(r[x])));
  const root = canvas(width, small.height);
  const across = (column, dash) => {
    const own = list.filter((r) => isNumber(r[column]));
    if (own.length === 0) return;
    const path = d3.line().x(at).y((r) => toY(r[column]))(own);
    root.append(svg('path', {d: path, fill: 'none', stroke: quiet, 'stroke-dasharray': dash}));
  };
  root.append(words(2, 11, shorten(name, width - 4, true), {'font-weight': 'bold'}));
  if (mean) across(mean, null);
  if (lo) across(lo, '5,3');
  if (hi) across(hi, '5,3');
  const path = d3.line().defined((r) => isNumber(r[y])).x(at).y((r) => toY(r[y]))(all);
  root.append(svg('path', {d: path, fill: 'none', stroke: palette.blue, 'stroke-width': 1.5}));
  const marks = svg('g', {class: 'mark'});
  for (const record of list) marks.append(smallPoint(record, chart, at(record), toY(record[y])));
  root.append(marks);
  const apart = spread(ends.map((v) => toY(v)), 15, small.top, small.height - small.bottom);
  (ends[0] === ends[1] ? ends.slice(0, 1) : ends).forEach((v, i) =>
    root.append(words(left - 4, apart[i], grouped(v), {'text-anchor': 'end'})));
  const short = (text) => (time ? timeWords(timeOf(text)) : shorten(text, width / 2 - 20));
  const base = small.height - 9;
  root.append(words(left + 2, base, short(levels[0])));
  if (levels.length > 1) {
    root.append(words(width - 4, base, short(levels[levels.length - 1]), {'text-anchor': 'end'}));
  }
  return root;
}

const pointLooks = {improvement: ['triangle2', '#005eb8'], concern: ['diamond2', '#b35300'],
  neutral_high: ['square2', palette.plum], neutral_low: ['square2', palette.plum]};
function smallPoint(record, chart, x, y) {
  const [name, fill] = pointLooks[record[chart.options.point]] || ['circle', palette.blue];
  return shapeAt(name, name === 'circle' ? 2 : 3.5, x, y, {fill});
}

export function multiples(chart, rows, level, width) {
  const {facet, y} = chart.options;
  const all = records(chart, rows);
  const names = unique(all.map((record) => String(record[facet])));
  const across = Math.max(1, Math.min(4, Math.floor(width / 236)));
  const each = Math.floor((width - (across - 1) * 16) / across);
  const grid = document.createElement('div');
  grid.className = 'small-ones';
  for (const name of names) {
    const own = all.filter((record) => String(record[facet]) === name);
    const list = own.filter((record) => isNumber(record[y]));
    if (list.length > 0) grid.append(smallOne(list, own, name, chart, each));
  }
  if (!grid.firstChild) return nothing(nonePrinted);
  const keys = [];
  if (chart.options.lo) keys.push({line: quiet, dash: '5,3', text: 'Limits'});
  if (chart.options.point) {
    keys.push({symbol: 'triangle2', colour: '#005eb8', text: 'Improvement'},
      {symbol: 'diamond2', colour: '#b35300', text: 'Concern'});
  }
  return together(grid, keys);
}
