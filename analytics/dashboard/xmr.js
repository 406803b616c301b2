// XmR charts: points by what they mean, mean, limits, target, icons.

import * as Plot from 'plot';
import {axisTitle, isNumber, isTime, mark, nothing, number, palette, printed, quiet, records,
  spcColours, svg, timeOf, together} from './paint.js';
import {display as shown} from './table.js';
import {nonePrinted} from './bars.js';
import {draw, frame} from './series.js';
import {assuranceIcon, variationIcon} from './icons.js';
import {assurances, variations} from './spc_words.js';

const looks = {
  common: {symbol: 'circle', colour: spcColours.common, r: 4, text: 'No special cause'},
  improvement: {symbol: 'triangle2', colour: spcColours.improvement, r: 5.5, text: 'Improvement'},
  concern: {symbol: 'diamond2', colour: spcColours.concern, r: 5.5, text: 'Concern'},
  neutral_high: {symbol: 'square2', colour: spcColours.neutral_high, r: 4.5,
    text: 'Special cause, high'},
  neutral_low: {symbol: 'square2', colour: spcColours.neutral_low, r: 4.5,
    text: 'Special cause, low'},
};
const lookOf = (record, point) => looks[record[point]] || looks.common;

// The two icons of the series, in words too.
function header(icons) {
  const line = document.createElement('p');
  line.className = 'icons';
  const add = (icon, text) => {
    const box = svg('svg', {width: 26, height: 26, viewBox: '-13 -13 26 26', 'aria-hidden': 'true'},
      icon);
    const entry = document.createElement('span');
    entry.append(box, text);
    line.append(entry);
  };
  add(variationIcon(icons.variation), variations[icons.variation] || variations.too_few);
  if (icons.assurance && icons.assurance !== 'no_target') {
    add(assuranceIcon(icons.assurance), assurances[icons.assurance]);
  }
  return line;
}

// Which part of the series a row belongs to: each has its own mean and limits.
function partOf(record, x, rebase) {
  return rebase.filter((month) => String(record[x]) >= month).length;
}

function lineNames(last, chart, target) {
  const {mean, lo, hi} = chart.options;
  const ends = [];
  const add = (name, column) => {
    if (isNumber(last[column])) {
      ends.push({text: `${name} ${printed(chart, last, column)}`, y: last[column],
        colour: palette.ink});
    }
  };
  add('Upper', hi);
  add('Mean', mean);
  add('Lower', lo);
  if (isNumber(target)) ends.push({text: `Target ${shown(target)}`, y: target, colour: palette.plum});
  return ends;
}

function limitMarks(list, at, chart, rebase) {
  const {x, mean, lo, hi, trial} = chart.options;
  const z = (record) => partOf(record, x, rebase);
  const firm = list.filter((r) => r[trial] !== 'yes');
  const early = list.filter((r) => r[trial] === 'yes');
  const line = (own, column, options) => (column ? [Plot.line(own.filter((r) => isNumber(r[column])),
    {x: at, y: (r) => number(r[column]), z, stroke: palette.ink, strokeWidth: 1.5, ...options})] : []);
  return [...line(list, mean, {}),
    ...[lo, hi].flatMap((column) => [...line(firm, column, {strokeDasharray: '8,4'}),
      ...line(early, column, {strokeDasharray: '2,4'})])];
}

export function xmr(chart, rows, level, width) {
  const {x, y, lo, hi, mean, point, trial, targets = {}, icons = {}, rebase = []} = chart.options;
  const all = records(chart, rows);
  const list = all.filter((record) => isNumber(record[y]));
  if (list.length === 0) return nothing(nonePrinted);
  const target = targets[level ?? ''];
  const last = list[list.length - 1];
  const names = lineNames(last, chart, target);
  const narrow = width < 440;
  const values = [...list.flatMap((r) => [r[y], number(r[lo]), number(r[hi]), number(r[mean])]),
    number(target)];
  const view = frame({chart, width, levels: all.map((r) => r[x]), values,
    xTitle: axisTitle(chart, x), yTitle: axisTitle(chart, y, level), ends: narrow ? [] : names});
  const at = (record) => view.axis.of(record[x]);
  const starts = isTime(list.map((r) => String(r[x]))) ? rebase.map(timeOf)
    .filter((day) => day > view.axis.first && day <= view.axis.last) : [];
  const marks = [
    Plot.ruleX(starts, {stroke: quiet, strokeDasharray: '2,2'}),
    ...limitMarks(list, at, chart, rebase),
    isNumber(target) ? Plot.ruleY([target], {stroke: palette.plum, strokeWidth: 2,
      strokeDasharray: '9,3,2,3'}) : null,
    Plot.line(all, {x: at, y: (r) => number(r[y]), stroke: spcColours.common, strokeWidth: 1.5}),
    Plot.dot(list, {x: at, y, r: (r) => lookOf(r, point).r, fill: (r) => lookOf(r, point).colour,
      symbol: (r) => lookOf(r, point).symbol, stroke: '#fff', strokeWidth: 1, ...mark}),
  ];
  const kinds = Object.keys(looks).filter((kind) => point && list.some((r) => r[point] === kind));
  const keys = kinds.map((kind) => ({symbol: looks[kind].symbol, colour: looks[kind].colour,
    text: looks[kind].text}));
  const early = trial && last[trial] === 'yes';
  const firmToo = early && list.some((r) => r[trial] !== 'yes' && isNumber(r[hi]));
  const valueOf = (name) => (narrow ? names.find((end) => end.text.startsWith(name)) : null);
  if (mean) keys.push({line: palette.ink, text: valueOf('Mean')?.text || 'Mean'});
  if (lo && firmToo) keys.push({line: palette.ink, dash: '8,4', text: 'Process limits'});
  if (lo && list.some((r) => isNumber(r[lo]))) {
    const limits = narrow && isNumber(last[lo]) && isNumber(last[hi])
      ? ` ${printed(chart, last, lo)} to ${printed(chart, last, hi)}` : '';
    keys.push({line: palette.ink, dash: early ? '2,4' : '8,4',
      text: `${early ? 'Trial limits (few points)' : 'Process limits'}${limits}`});
  }
  if (isNumber(target)) {
    keys.push({line: palette.plum, dash: '9,3,2,3', text: narrow ? `Target ${shown(target)}` : 'Target'});
  }
  if (starts.length > 0) keys.push({line: quiet, dash: '2,2', text: 'Limits start anew'});
  view.options.symbol = {type: 'identity'};
  view.options.r = {type: 'identity'};
  const picture = together(draw(view, marks), keys);
  const own = icons[level ?? ''];
  if (own) picture.prepend(header(own));
  return picture;
}
