// Flows: between columns of states (sankey) and from step to step (flow).

import {sankey as layOut, sankeyJustify} from 'd3-sankey';
import {canvas, free, haloed, isNumber, nothing, palette, printed, records, shorten, svg,
  textWidth, together, unique, widest, words, wrapped} from './paint.js';
import {nonePrinted} from './bars.js';

// "before: low" -> "before" and "low".
function split(name) {
  const at = name.indexOf(': ');
  return at < 0 ? ['', name] : [name.slice(0, at), name.slice(at + 2)];
}

function hasCycle(list, from, to) {
  const next = new Map();
  for (const r of list) {
    const name = String(r[from]);
    if (!next.has(name)) next.set(name, []);
    next.get(name).push(String(r[to]));
  }
  const state = new Map();
  const visit = (name) => {
    if (state.get(name) === 1) return true;
    if (state.get(name) === 2) return false;
    state.set(name, 1);
    const found = (next.get(name) || []).some(visit);
    state.set(name, 2);
    return found;
  };
  return [...next.keys()].some(visit);
}

// A band of even height from node to node, light enough for text on it.
function ribbon({source, target, y0, y1, width}) {
  const [a, b, h] = [source.x1, target.x0, Math.max(1, width) / 2];
  const m = (a + b) / 2;
  return `M${a},${y0 - h}C${m},${y0 - h} ${m},${y1 - h} ${b},${y1 - h}V${y1 + h}` +
    `C${m},${y1 + h} ${m},${y0 + h} ${a},${y0 + h}Z`;
}

export function sankey(chart, rows, level, width) {
  const {from, to, value} = chart.options;
  const list = records(chart, rows, [value]).filter((record) => record[value] > 0);
  if (list.length === 0) return nothing(nonePrinted);
  if (hasCycle(list, from, to)) return nothing('These flows go in a circle: see the table.');
  const names = unique(list.flatMap((r) => [String(r[from]), String(r[to])]));
  const heads = names.some((name) => split(name)[0] !== '');
  const top = heads ? 26 : 6;
  const lineHeight = 16;
  const padding = 2 * lineHeight + 4;
  const counts = names.length;
  const height = Math.max(280, Math.min(620, counts * 34)) + top;
  const columns = unique(names.map((name) => split(name)[0]));
  const align = heads ? (node) => columns.indexOf(split(node.id)[0]) : sankeyJustify;
  const graph = layOut().nodeId((d) => d.id).nodeWidth(14).nodePadding(padding).nodeAlign(align)
    .extent([[2, top + 8], [width - 2, height - 12]])({
      nodes: names.map((id) => ({id})),
      links: list.map((r) => ({source: String(r[from]), target: String(r[to]), value: r[value],
        record: r})),
    });
  const root = canvas(width, height);
  const marks = svg('g', {class: 'mark'});
  for (const link of graph.links) {
    marks.append(svg('path', {d: ribbon(link), fill: '#c8d4df', stroke: palette.blue,
      'stroke-width': 1}));
  }
  root.append(marks);
  nodeNames(root, graph, {width, heads, lineHeight, marks, top, chart, value});
  return root;
}

function nodeNames(root, graph, {width, heads, lineHeight, top, chart, value}) {
  const columns = Math.max(...graph.nodes.map((node) => node.layer)) + 1;
  const gap = (width - 16) / Math.max(1, columns - 1) - 14;
  const last = columns - 1;
  const taken = [];
  const headed = new Set();
  for (const node of graph.nodes) {
    root.append(svg('rect', {x: node.x0, y: node.y0, width: node.x1 - node.x0,
      height: Math.max(1, node.y1 - node.y0), fill: palette.ink}));
    // Each column but the last writes to its right; where names of the last two
    // would meet, each has half of the gap.
    const right = node.layer === last && columns > 1;
    const middle = (node.y0 + node.y1) / 2;
    const facing = graph.nodes.some((other) => node.layer >= last - 1 && other.layer >= last - 1 &&
      other.layer !== node.layer && Math.abs((other.y0 + other.y1) / 2 - middle) < 36);
    const room = facing ? gap / 2 - 6 : gap - 8;
    const lines = wrapped(split(node.id)[1], room, 2);
    const x = right ? node.x0 - 5 : node.x1 + 5;
    lines.forEach((line, i) => root.append(words(x,
      middle + (i - (lines.length - 1) / 2) * lineHeight, line,
      {'text-anchor': right ? 'end' : 'start', ...haloed})));
    const w = widest(lines);
    taken.push({x: right ? x - w / 2 : x + w / 2, y: middle, w, h: lines.length * lineHeight});
    const head = split(node.id)[0];
    if (heads && !headed.has(node.layer)) {
      headed.add(node.layer);
      const inner = node.layer > 0 && node.layer < last;
      const wide = columns > 1 ? (width - 8) / columns - 6 : width;
      root.append(words(right ? width - 2 : inner ? (node.x0 + node.x1) / 2 : 2, top / 2,
        shorten(head, wide, true), {'font-weight': 'bold',
          'text-anchor': right ? 'end' : inner ? 'middle' : 'start'}));
    }
  }
  flowNumbers(root, graph, taken, {width, chart, value});
}

// The numbers of the widest flows, where they touch no name.
function flowNumbers(root, graph, taken, {width, chart, value}) {
  const links = [...graph.links].filter((link) => link.width >= 15)
    .sort((a, b) => b.width - a.width);
  for (const link of links) {
    const text = printed(chart, link.record, value);
    const box = {x: (link.source.x1 + link.target.x0) / 2, y: (link.y0 + link.y1) / 2,
      w: textWidth(text), h: 16};
    if (free([box], taken, width, 1e6).length > 0) {
      root.append(words(box.x, box.y, text, {'text-anchor': 'middle', ...haloed}));
    }
  }
}

// --- directly-follows ------------------------------------------------------------------

// Steps in an order in which most goes on and little goes back: what starts
// first, then by what comes before it most.
function order(names, list, {from, to, value, starts = []}) {
  const left = new Set(names);
  const out = [];
  const take = (name) => { out.push(name); left.delete(name); };
  for (const name of starts) if (left.has(name)) take(name);
  while (left.size > 0) {
    const score = (name) => list.reduce((sum, r) => {
      if (r[from] === r[to]) return sum;
      if (String(r[from]) === name && left.has(String(r[to]))) return sum + r[value];
      if (String(r[to]) === name && left.has(String(r[from]))) return sum - r[value];
      return sum;
    }, 0);
    const ranked = [...left].map((name) => [score(name), name]);
    ranked.sort((a, b) => b[0] - a[0] || names.indexOf(a[1]) - names.indexOf(b[1]));
    take(ranked[0][1]);
  }
  return out;
}

export function flow(chart, rows, level, width) {
  const {from, to, value} = chart.options;
  const list = records(chart, rows, [value]).filter((record) => record[value] > 0);
  if (list.length === 0) return nothing(nonePrinted);
  const names = unique(list.flatMap((r) => [String(r[from]), String(r[to])]));
  const steps = order(names, list, chart.options);
  const gap = 44;
  const height = steps.length * gap + 8;
  const middle = (i) => i * gap + gap / 2 + 4;
  const at = (name) => steps.indexOf(String(name));
  const box = Math.min(widest(steps) + 20, width * 0.44);
  // Room on the left only as far as something goes back.
  const back = list.filter((r) => at(r[from]) >= at(r[to]));
  const rest = width - box;
  const left = back.length === 0 ? 2 : Math.max(46, rest * 0.34);
  const root = canvas(width, height);
  const most = Math.max(...list.map((r) => r[value]));
  const marks = svg('g', {class: 'mark'});
  const arcs = list.map((record) => arc(record, {from, to, value, at, middle, left, box, width,
    most, steps}));
  for (const item of arcs) marks.append(item.element);
  root.append(marks);
  steps.forEach((name, i) => root.append(
    svg('rect', {x: left, y: middle(i) - 15, width: box, height: 30, rx: 3, fill: '#fff',
      stroke: palette.ink, 'stroke-width': 1.5}),
    words(left + box / 2, middle(i), shorten(name, box - 12), {'text-anchor': 'middle'})));
  flowLabels(root, arcs, {chart, value, left, box, steps, middle, width, height});
  const keys = [{line: palette.blue, thick: 4, text: 'Goes on (thicker: more)'}];
  if (back.length > 0) keys.push({line: palette.plum, dash: '6,3', text: 'Goes back or repeats'});
  return together(root, keys);
}

// One arc with its arrow head. Arcs of one step leave and arrive side by side.
function arc(record, {from, to, value, at, middle, left, box, width, most, steps}) {
  const [a, b] = [at(record[from]), at(record[to])];
  const on = b > a;
  const thick = 1.5 + 6 * record[value] / most;
  const colour = on ? palette.blue : palette.plum;
  const room = (on ? width - left - box : left) - 46;
  const unit = Math.min(44, Math.max(0, room) / Math.max(1, steps.length - 2));
  const x0 = on ? left + box : left;
  const side = on ? 1 : -1;
  const bow = 26 + unit * Math.max(0, Math.abs(b - a) - 1);
  const [y1, y2] = a === b ? [middle(a) - 9, middle(a) + 9]
    : [middle(a) + (on ? 6 : -6), middle(b) + (on ? -6 : 6)];
  const x2 = x0 + side * 9;
  const over = x0 + side * bow * 1.3;
  const path = `M${x0},${y1}C${over},${y1} ${over},${y2} ${x2},${y2}`;
  const element = svg('g', {}, svg('path', {d: path, fill: 'none', stroke: colour,
    'stroke-width': thick, 'stroke-opacity': 0.75, 'stroke-dasharray': on ? null : '6,3'}),
  svg('path', {d: `M${x0},${y2}l${side * 11},-5.5v11Z`, fill: colour}));
  return {element, record, x: x0 + side * bow, y: (y1 + y2) / 2, on, thick};
}

// A free place for a text of width `w` near the bow of an arc.
function flowPlace(item, w, taken, width, height) {
  const beside = (item.on ? 1 : -1) * (w / 2 + 4 + item.thick / 2);
  const places = [0, -14, 14, -28, 28].flatMap((dy) => [beside, 0, beside / 2].map((dx) => [dx, dy]));
  return places.map(([dx, dy]) => ({x: Math.min(Math.max(item.x + dx, w / 2 + 1),
    width - w / 2 - 1), y: item.y + dy, w, h: 15}))
    .find((place) => free([place], taken, width, height).length > 0);
}

function flowLabels(root, arcs, {chart, value, left, box, steps, middle, width, height}) {
  const {days} = chart.options;
  const taken = steps.map((name, i) => ({x: left + box / 2, y: middle(i), w: box, h: 30}));
  const sorted = [...arcs].sort((a, b) => b.record[value] - a.record[value]);
  for (const item of sorted) {
    const count = printed(chart, item.record, value);
    const texts = isNumber(item.record[days])
      ? [`${count} \u00b7 ${printed(chart, item.record, days)} d`, count] : [count];
    for (const text of texts) {
      const found = flowPlace(item, textWidth(text), taken, width, height);
      if (!found) continue;
      root.append(words(found.x, found.y, text, {'text-anchor': 'middle', ...haloed,
        fill: item.on ? palette.ink : palette.plum}));
      break;
    }
  }
}
