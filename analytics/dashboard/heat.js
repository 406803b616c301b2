// A grid of cells: colour by value, the value in each. Where cells cannot hold
// their text, the columns are set in blocks below one another.

import * as d3 from 'd3';
import {canvas, isNumber, nothing, palette, printed, records, shorten, svg, together, unique,
  widest, words, wrapped} from './paint.js';
import {nonePrinted} from './bars.js';
import {display} from './table.js';

const light = '#eaf0f5';

function luminance(colour) {
  const {r, g, b} = d3.rgb(colour);
  const [x, y, z] = [r, g, b].map((v) => v / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function inkOn(colour) {
  return luminance(colour) > 0.179 ? '#000' : '#fff';
}

// The columns of one block and how their heads are written.
function headOf(names, cell) {
  const lines = names.map((name) => wrapped(name, cell - 6, 3));
  const whole = lines.every((parts, i) => parts.join(' ') === names[i]);
  if (whole || cell >= 64) {
    return {upright: false, lines, height: Math.max(...lines.map((l) => l.length)) * 16 + 6};
  }
  const height = Math.min(widest(names), 150) + 12;
  return {upright: true, height};
}

export function heatmap(chart, rows, level, width) {
  const {x, y, value, text, low_is: lowIs = 'light', domain} = chart.options;
  const all = records(chart, rows);
  const list = all.filter((record) => isNumber(record[value]));
  if (list.length === 0) return nothing(nonePrinted);
  const across = unique(all.map((r) => String(r[x])));
  const down = unique(all.map((r) => String(r[y])));
  const shown = (record) => (text ? String(record[text]) : String(printed(chart, record, value)));
  const known = list.map((r) => r[value]);
  const [low, high] = domain || [Math.min(...known), Math.max(...known)];
  const colour = (v) => {
    const share = high > low ? Math.min(1, Math.max(0, (v - low) / (high - low))) : 0.5;
    return d3.interpolateLab(light, palette.blue)(lowIs === 'dark' ? 1 - share : share);
  };
  const left = Math.min(widest(down) + 12, width * 0.44);
  const need = Math.min(Math.max(26, widest(all.map(shown)) + 10), width - left - 2);
  const per = Math.max(1, Math.min(across.length, Math.floor((width - left - 2) / need)));
  const blocks = Math.ceil(across.length / per);
  const each = Math.ceil(across.length / blocks);
  const cell = Math.min(110, (width - left - 2) / each);
  const byPlace = new Map(all.map((r) => [`${r[x]}\n${r[y]}`, r]));
  const root = canvas(width, 1);
  const marks = svg('g', {class: 'mark'});
  let top = 0;
  for (let b = 0; b < blocks; b += 1) {
    const names = across.slice(b * each, (b + 1) * each);
    const head = headOf(names, cell);
    writeHead(root, names, head, {top, left, cell});
    top += head.height;
    down.forEach((name, i) => {
      const yMiddle = top + i * 28 + 14;
      root.append(words(left - 8, yMiddle, shorten(name, left - 10), {'text-anchor': 'end'}));
      names.forEach((column, n) => {
        const record = byPlace.get(`${column}\n${name}`);
        if (!record) return;
        const place = {x: left + n * cell, y: top + i * 28, cell};
        if (isNumber(record[value])) marks.append(filled(place, colour(record[value]), shown(record)));
        else root.append(hidden(place, String(record[value])));
      });
    });
    top += down.length * 28 + 14;
  }
  root.setAttribute('height', top);
  root.setAttribute('viewBox', `0 0 ${width} ${top}`);
  root.append(marks);
  const decimals = chart.columns[chart.columns.findIndex((c) => c.name === value)].decimals;
  const keys = known.length > 1 && high > low ? [
    {box: colour(low), text: `lowest ${display(low, decimals)}`},
    {box: colour(high), text: `highest ${display(high, decimals)}`}] : [];
  if (list.length < all.length) keys.push({box: '#fff', text: '* not shown, NA not available'});
  return together(root, keys);
}

function writeHead(root, names, head, {top, left, cell}) {
  names.forEach((name, n) => {
    const x = left + n * cell + cell / 2;
    if (!head.upright) {
      head.lines[n].forEach((line, i) => root.append(words(x,
        top + head.height - 12 - (head.lines[n].length - 1 - i) * 16, line,
        {'text-anchor': 'middle'})));
      return;
    }
    const at = `translate(${x},${top + head.height - 6}) rotate(-90)`;
    root.append(words(0, 0, shorten(name, 150), {transform: at}));
  });
}

function filled({x, y, cell}, fill, text) {
  return svg('g', {}, svg('rect', {x: x + 1, y: y + 1, width: cell - 2, height: 26, fill}),
    words(x + cell / 2, y + 14, shorten(text, cell - 4), {'text-anchor': 'middle', fill: inkOn(fill)}));
}

function hidden({x, y, cell}, text) {
  return svg('g', {}, svg('rect', {x: x + 1.5, y: y + 1.5, width: cell - 3, height: 25, fill: '#fff',
    stroke: palette.ink, 'stroke-dasharray': '2,2'}),
  words(x + cell / 2, y + 14, shorten(text, cell - 4), {'text-anchor': 'middle'}));
}
