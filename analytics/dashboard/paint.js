// What all pictures share: colours, text that is measured before it is drawn,
// axes, keys. Nothing here knows a chart type.

import * as d3 from 'd3';
import {columnIndex, display} from './table.js';

// Contrast on white is at least 3:1 for all of them.
export const palette = {
  blue: '#12436D', teal: '#28A197', plum: '#801650', orange: '#F46A25',
  ink: '#3D3D3D', violet: '#A285D1',
};
export const spcColours = {
  common: '#4c6272', improvement: '#005eb8', concern: '#b35300',
  neutral_high: '#801650', neutral_low: '#801650',
};
// A fifth category and more: told apart by words, not by colour.
export const quiet = '#6f777b';
export const halo = {stroke: '#fff', strokeWidth: 4, paintOrder: 'stroke'};
export const font = {fontFamily: 'Arial, Helvetica, sans-serif', fontSize: '13px'};

// At most four categories get one, each with a shape and a dash of its own.
export const styles = [
  {colour: palette.blue, dash: '', symbol: 'circle', ink: '#fff'},
  {colour: palette.orange, dash: '7,4', symbol: 'diamond2', ink: '#000'},
  {colour: palette.teal, dash: '2,3', symbol: 'square2', ink: '#000'},
  {colour: palette.plum, dash: '9,3,2,3', symbol: 'triangle2', ink: '#fff'},
];
const other = {colour: quiet, dash: '1,3', symbol: 'times', ink: '#fff'};
export function styleOf(names, name) {
  const at = names.indexOf(name);
  return at >= 0 && at < styles.length ? styles[at] : other;
}

export function number(value) {
  return typeof value === 'number' ? value : NaN;
}
export function isNumber(value) {
  return typeof value === 'number' && Number.isFinite(value);
}

// Rows as objects by column name; those with a number in each column of `need`.
export function records(chart, rows, need = []) {
  const list = rows.map((row) => {
    const record = {};
    chart.columns.forEach((column, i) => { record[column.name] = row[i]; });
    return record;
  });
  return list.filter((record) => need.every((name) => isNumber(record[name])));
}

export function unique(values) {
  return [...new Set(values)];
}

// --- text ------------------------------------------------------------------------

const pen = document.createElement('canvas').getContext('2d');
const widths = new Map();
export function textWidth(text, bold = false) {
  const key = (bold ? 'b' : 'n') + text;
  if (!widths.has(key)) {
    pen.font = `${bold ? 'bold ' : ''}${font.fontSize} ${font.fontFamily}`;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}
export function widest(texts, bold = false) {
  return texts.reduce((most, text) => Math.max(most, textWidth(String(text), bold)), 0);
}

// What fits into `width`; what is cut is whole in the table.
export function shorten(text, width, bold = false) {
  text = String(text);
  if (textWidth(text, bold) <= width) return text;
  let end = text.length;
  while (end > 1 && textWidth(`${text.slice(0, end)}\u2026`, bold) > width) end -= 1;
  return `${text.slice(0, end).trimEnd()}\u2026`;
}

// Up to `most` lines of at most `width`, the last one cut if need be.
export function wrapped(text, width, most = 2) {
  const lines = [];
  let line = '';
  const words = String(text).split(' ');
  while (words.length > 0) {
    const longer = line === '' ? words[0] : `${line} ${words[0]}`;
    if (textWidth(longer) <= width || line === '') {
      line = longer;
      words.shift();
    } else if (lines.length === most - 1) {
      line = `${line} ${words.join(' ')}`;
      break;
    } else {
      lines.push(line);
      line = '';
    }
  }
  lines.push(line);
  return lines.map((part) => shorten(part, width));
}

// With a level: in the unit of that level, where each has its own.
export function axisTitle(chart, name, level) {
  const own = level === undefined ? undefined : chart.options.units?.[level ?? ''];
  const {title, unit} = chart.columns[columnIndex(chart, name)];
  if (own) return title === 'Value' ? own : `${title}, ${own}`;
  return unit && !title.toLowerCase().includes(unit.toLowerCase()) ? `${title} (${unit})` : title;
}

// The printed form of a record's number.
export function printed(chart, record, name) {
  return display(record[name], chart.columns[columnIndex(chart, name)].decimals);
}

// Moves texts of height `gap` apart between `low` and `high`; the order stays.
export function spread(places, gap, low, high) {
  const order = places.map((y, i) => ({y, i})).sort((a, b) => a.y - b.y);
  let last = low - gap;
  for (const item of order) {
    item.y = Math.max(item.y, last + gap);
    last = item.y;
  }
  last = high + gap;
  for (const item of order.reverse()) {
    item.y = Math.min(item.y, last - gap);
    last = item.y;
  }
  const out = [];
  for (const item of order) out[item.i] = item.y;
  return out;
}

// Those boxes that touch none before them and lie inside; first come, first
// served. A box: {x, y, w, h} with x, y its middle.
export function free(boxes, taken, width, height) {
  return boxes.filter((box) => {
    const inside = box.x - box.w / 2 >= 0 && box.x + box.w / 2 <= width &&
      box.y - box.h / 2 >= 0 && box.y + box.h / 2 <= height;
    const clear = taken.every((t) => Math.abs(t.x - box.x) * 2 >= t.w + box.w + 6 ||
      Math.abs(t.y - box.y) * 2 >= t.h + box.h + 2);
    if (inside && clear) taken.push(box);
    return inside && clear;
  });
}

// --- axes ------------------------------------------------------------------------

export const grouped = (value) => display(value);

// As many round values as have room beside one another.
export function ticksFor([low, high], pixels, format = grouped) {
  for (let count = 8; count > 0; count -= 1) {
    const ticks = d3.ticks(low, high, count);
    if (ticks.length < 2) return ticks;
    const apart = pixels * (ticks[1] - ticks[0]) / (high - low);
    if (widest(ticks.map(format)) + 14 < apart) return ticks;
  }
  return [d3.ticks(low, high, 1)[0]];
}

// From zero where that is asked for, with air above the largest value.
export function domainOf(values, {zero = false, air = 0.06} = {}) {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return [0, 1];
  let low = Math.min(...known);
  let high = Math.max(...known);
  if (zero) { low = Math.min(0, low); high = Math.max(0, high); }
  if (zero && low === high) return [0, 1];  // all are 0: bars of no length, at the left
  const room = (high - low || Math.abs(high) || 1) * air;
  const floor = low >= 0 ? 0 : -Infinity;
  const below = zero && low === 0 ? 0 : Math.max(floor, low - room);
  return [below, zero && high === 0 ? 0 : high + room];
}

// Levels of time: "2026-10", "2026-10-31". Others keep the order of the rows.
const timeText = /^\d{4}-\d{2}(-\d{2})?$/;
export function isTime(levels) {
  return levels.length > 0 && levels.every((level) => timeText.test(level));
}
export function timeOf(level) {
  const [year, month, day] = String(level).split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day || 1));
}
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct',
  'Nov', 'Dec'];
export function timeWords(date) {
  return `${monthNames[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

// The x axis of levels: where each stands, and a Plot scale that says so.
export function levelAxis(levels, pixels, title) {
  const names = unique(levels.map(String));
  const label = title ? shorten(title, pixels) : null;
  const shared = {label, labelAnchor: 'right', labelArrow: 'none', tickSize: 4};
  if (isTime(names)) {
    const dates = names.map(timeOf).sort((a, b) => a - b);
    const days = names.some((name) => name.length > 7);
    const words = (date) => (days ? `${date.getUTCDate()} ${timeWords(date)}` : timeWords(date));
    const every = Math.max(1, Math.ceil(dates.length * (widest(dates.map(words)) + 22) / pixels));
    const ticks = dates.filter((date, i) => (dates.length - 1 - i) % every === 0);
    return {of: timeOf, half: widest(ticks.map(words)) / 2, first: dates[0],
      last: dates[dates.length - 1],
      scale: {...shared, type: 'utc', domain: [dates[0], dates[dates.length - 1]], ticks,
        tickFormat: words}};
  }
  const room = pixels / Math.max(1, names.length);
  const every = Math.max(1, Math.ceil((Math.min(widest(names), 120) + 10) / room));
  const half = Math.min(widest(names), room * every) / 2;
  return {of: (name) => names.indexOf(String(name)), half, first: 0, last: names.length - 1,
    scale: {...shared, type: 'linear', domain: [0, Math.max(1, names.length - 1)],
      ticks: names.map((name, i) => i).filter((i) => i % every === 0),
      tickFormat: (i) => shorten(names[i] || '', room * every - 8)}};
}

// --- elements --------------------------------------------------------------------

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function words(x, y, text, attributes = {}) {
  return svg('text', {x, y, fill: palette.ink, dy: '0.35em', 'text-anchor': 'start', ...attributes},
    String(text));
}
export const haloed = {stroke: '#fff', 'stroke-width': 4, 'paint-order': 'stroke',
  'stroke-linejoin': 'round'};

export function canvas(width, height, ...children) {
  return svg('svg', {width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true',
    'font-family': font.fontFamily, 'font-size': 13}, ...children);
}

// Takes what Plot made: hidden from readers that hear the summary, and its
// marks of rows named as such.
export function finished(plot) {
  plot.setAttribute('aria-hidden', 'true');
  plot.removeAttribute('aria-label');
  for (const group of plot.querySelectorAll('[aria-description="mark"]')) {
    group.classList.add('mark');
    group.removeAttribute('aria-description');
  }
  return plot;
}
export const mark = {ariaDescription: 'mark'};

export function nothing(text) {
  const note = document.createElement('p');
  note.className = 'empty';
  note.textContent = text;
  return note;
}

// A symbol with its outline, around 0,0.
export function symbol(name, size, attributes) {
  const r = size;
  const d = {
    circle: `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`,
    diamond2: `M0,${-1.3 * r}L${1.3 * r},0L0,${1.3 * r}L${-1.3 * r},0Z`,
    square2: `M${-r},${-r}H${r}V${r}H${-r}Z`,
    triangle2: `M0,${-1.2 * r}L${1.2 * r},${r}H${-1.2 * r}Z`,
    triangle_down: `M0,${1.2 * r}L${1.2 * r},${-r}H${-1.2 * r}Z`,
    times: `M${-r},${-r}L${r},${r}M${r},${-r}L${-r},${r}`,
  }[name];
  return svg('path', {d, ...(name === 'times' ? {stroke: attributes.fill, 'stroke-width': 2} : {}),
    ...attributes});
}

export function shapeAt(name, size, x, y, attributes) {
  const shape = symbol(name, size, attributes);
  shape.setAttribute('transform', `translate(${x},${y})`);
  return shape;
}

// The key below a picture. Items: text and one of symbol, line, box.
export function key(items) {
  const list = document.createElement('ul');
  list.className = 'key';
  for (const item of items) {
    const entry = document.createElement('li');
    const sample = svg('svg', {width: 26, height: 14, 'aria-hidden': 'true'});
    if (item.box) {
      sample.append(svg('rect', {x: 3, y: 1, width: 20, height: 12, fill: item.box,
        stroke: palette.ink, 'stroke-width': item.box === '#fff' ? 1 : 0}));
    }
    if (item.line) {
      sample.append(svg('line', {x1: 0, x2: 26, y1: 7, y2: 7, stroke: item.line,
        'stroke-width': item.thick || 2, 'stroke-dasharray': item.dash || null}));
    }
    if (item.upright) {
      sample.append(svg('line', {x1: 13, x2: 13, y1: 0, y2: 14, stroke: item.upright,
        'stroke-width': 3, 'stroke-dasharray': item.dash || null}));
    }
    if (item.symbol) {
      sample.append(shapeAt(item.symbol, 5, 13, 7, {fill: item.colour, stroke: item.stroke || null}));
    }
    entry.append(sample, item.text);
    list.append(entry);
  }
  return list;
}

// A picture with its key.
export function together(picture, keyItems = []) {
  const parts = document.createDocumentFragment();
  parts.append(picture);
  if (keyItems.length > 0) parts.append(key(keyItems));
  return parts;
}
