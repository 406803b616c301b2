// Icons of statistical process control with their words, and pictures made of
// them: one line an indicator, and which indicators are where.

import {canvas, haloed, isNumber, nothing, palette, printed, records, shapeAt, shorten,
  spcColours, svg, widest, words, wrapped} from './paint.js';
import {nonePrinted} from './bars.js';
import {assurances, variations} from './spc_words.js';

const notJudged = ['too_few', 'too_equal', 'unstable'];
export function variationIcon(name, size = 11) {
  const fill = spcColours[name] || spcColours.common;
  if (name === 'improvement') return symbol22('triangle2', fill, size);
  if (name === 'concern') return symbol22('diamond2', fill, size);
  if (name === 'neutral_high') return symbol22('triangle2', fill, size, '#fff');
  if (name === 'neutral_low') return symbol22('triangle_down', fill, size, '#fff');
  const r = size - 1;
  if (notJudged.includes(name)) {
    return svg('g', {}, svg('circle', {r, fill: '#fff', stroke: fill, 'stroke-width': 2,
      'stroke-dasharray': '3,3'}));
  }
  return svg('g', {}, svg('circle', {r, fill: '#fff', stroke: fill, 'stroke-width': 2.5}),
    svg('path', {d: `M${-r * 0.6},0q${r * 0.3},${-r * 0.7} ${r * 0.6},0t${r * 0.6},0`, fill: 'none',
      stroke: fill, 'stroke-width': 2}));
}

function symbol22(name, fill, size, inside) {
  const shape = shapeAt(name, size * 0.72, 0, name.startsWith('triangle') ? 1 : 0,
    {fill: inside || fill, stroke: fill, 'stroke-width': inside ? 3 : 1});
  return svg('g', {}, shape);
}

const letters = {pass: 'P', fail: 'F', inconsistent: '?', no_target: '\u2013'};
const assuranceColours = {pass: spcColours.improvement, fail: spcColours.concern,
  inconsistent: spcColours.common, no_target: '#fff'};

export function assuranceIcon(name) {
  const none = name === 'no_target' || !letters[name];
  return svg('g', {},
    svg('rect', {x: -10, y: -10, width: 20, height: 20, rx: name === 'inconsistent' ? 10 : 3,
      fill: assuranceColours[name] || '#fff', stroke: none ? spcColours.common : null,
      'stroke-width': 2}),
    words(0, 0, letters[name] || '\u2013', {'text-anchor': 'middle', 'font-weight': 'bold',
      fill: none ? palette.ink : '#fff'}));
}

function placed(icon, x, y) {
  icon.setAttribute('transform', `translate(${x},${y})`);
  return icon;
}

// One line an indicator: name, value, icons with words.
export function icons(chart, rows, level, width) {
  const {label, value, lo, hi, unit, variation, assurance} = chart.options;
  const list = records(chart, rows).filter((record) => variations[record[variation]]);
  if (list.length === 0) return nothing(nonePrinted);
  const shown = (record) => {
    if (!value) return '';
    const own = unit && isNumber(record[value]) ? ` ${record[unit]}` : '';
    const text = `${printed(chart, record, value)}${own}`;
    const limits = isNumber(record[lo]) && isNumber(record[hi]);
    return limits ? `${text} (${printed(chart, record, lo)} to ${printed(chart, record, hi)})`
      : text;
  };
  const values = list.map(shown);
  const states = [['variation', (r) => variations[r[variation]], (r) => variationIcon(r[variation])]];
  if (assurance) {
    states.push(['assurance', (r) => assurances[r[assurance]] || assurances.no_target,
      (r) => assuranceIcon(r[assurance])]);
  }
  // One line if there is room for a name, two if the icons fit below name and
  // value, else every part has a line of its own.
  const iconWidth = states.map(([, text]) => widest(list.map(text)) + 38);
  const needed = iconWidth.reduce((sum, w) => sum + w, 0) + widest(values) + 30;
  const nameWidth = width - needed;
  const wide = nameWidth > 150;
  const beside = width - widest(values) - 16;
  const two = !wide && beside > 150 &&
    iconWidth.reduce((sum, w) => sum + w, 0) <= width;
  const lines = wide || two ? [] : values.map((text) => wrapped(text, width - 6, 2));
  const more = 17 * (Math.max(1, ...lines.map((parts) => parts.length)) - 1);
  const step = wide ? 34 : two ? 54 : 46 + more + 28 * states.length;
  const root = canvas(width, list.length * step + 2);
  const marks = svg('g', {class: 'mark'});
  list.forEach((record, i) => {
    const line = svg('g');
    const top = i * step;
    if (i > 0) {
      line.append(svg('line', {x1: 0, x2: width, y1: top, y2: top, stroke: '#c8ced1'}));
    }
    const bold = {'font-weight': 'bold'};
    if (wide) {
      line.append(words(2, top + 17, shorten(record[label], nameWidth - 10, true), bold));
      line.append(words(nameWidth + widest(values), top + 17, values[i], {'text-anchor': 'end'}));
    } else if (two) {
      line.append(words(2, top + 15, shorten(record[label], beside, true), bold));
      line.append(words(width - 2, top + 15, values[i], {'text-anchor': 'end'}));
    } else {
      line.append(words(2, top + 15, shorten(record[label], width - 4, true), bold));
      line.append(...lines[i].map((part, n) => words(2, top + 34 + 17 * n, part)));
    }
    let x = wide ? nameWidth + widest(values) + 34 : 14;
    let y = wide ? top + 17 : two ? top + 38 : top + 60 + more;
    states.forEach(([, text, icon], s) => {
      line.append(placed(icon(record), x, y), words(x + 18, y, text(record)));
      if (wide || two) x += iconWidth[s];
      else y += 28;
    });
    marks.append(line);
  });
  root.append(marks);
  return root;
}

// Which indicators are where: variation down, assurance across.
export function matrix(chart, rows, level, width) {
  const {label, variation, assurance} = chart.options;
  const list = records(chart, rows).filter((record) => variations[record[variation]] &&
    assurances[record[assurance]]);
  if (list.length === 0) return nothing(nonePrinted);
  const down = Object.keys(variations).filter((v) => list.some((r) => r[variation] === v));
  // Every target and its place, but "not to be judged" only where it is said.
  const across = Object.keys(assurances).filter((a) => a !== 'not_judged' ||
    list.some((r) => r[assurance] === a));
  const room = across.reduce((sum, a) =>
    sum + leastCell(list.filter((r) => r[assurance] === a).length), 152);
  const wide = width >= room;
  return wide ? matrixGrid(list, {label, variation, assurance}, down, across, width)
    : matrixList(list, {label, variation, assurance}, down, across, width);
}

// Names one below the other from y on, whole: cut short, many would be alike.
// A name is one mark, however many lines it takes. Returns where they end;
// without `marks` nothing is drawn.
function namesBelow(marks, names, x, y, width) {
  for (const name of names) {
    const mark = svg('g');
    for (const line of wrapped(name, width, 6)) {
      mark.append(words(x, y, line, haloed));
      y += 16;
    }
    if (marks !== null) marks.append(mark);
    y += 4;
  }
  return y;
}

// px: a heading in three lines, or the words of names.
function leastCell(names) {
  return names === 0 ? 84 : 116;
}

function matrixGrid(list, names, down, across, width) {
  const left = 150;
  const inCell = (v, a) => list.filter((r) => r[names.variation] === v &&
    r[names.assurance] === a).map((r) => r[names.label]);
  // What is left of the width goes where most names stand below one another.
  const most = across.map((a) => Math.max(...down.map((v) => inCell(v, a).length)));
  const share = (width - left - 2 - most.reduce((sum, n) => sum + leastCell(n), 0)) /
    most.reduce((sum, n) => sum + n, 0);
  const cells = most.map((n) => leastCell(n) + share * n);
  const starts = cells.map((_, i) => cells.slice(0, i).reduce((sum, w) => sum + w, left));
  const heights = down.map((v) => Math.max(44, ...across.map((a, i) =>
    namesBelow(null, inCell(v, a), 0, 16, cells[i] - 16))));
  const head = 88;
  const root = canvas(width, head + heights.reduce((sum, h) => sum + h, 0) + 2);
  const marks = svg('g', {class: 'mark'});
  across.forEach((a, i) => {
    root.append(placed(assuranceIcon(a), starts[i] + 16, 18),
      ...wrapped(assurances[a], cells[i] - 8, 3).map((line, n) =>
        words(starts[i] + 6, 42 + 16 * n, line)));
  });
  let top = head;
  down.forEach((v, row) => {
    const name = wrapped(variations[v], left - 38, 2);
    root.append(placed(variationIcon(v), 14, top + 22), ...name.map((line, i) =>
      words(32, top + 22 + (i - (name.length - 1) / 2) * 16, line)));
    across.forEach((a, i) => {
      root.append(svg('rect', {x: starts[i], y: top, width: cells[i], height: heights[row],
        fill: '#fff', stroke: '#c8ced1'}));
      namesBelow(marks, inCell(v, a), starts[i] + 8, top + 16, cells[i] - 16);
    });
    top += heights[row];
  });
  root.append(marks);
  return root;
}

function matrixList(list, names, down, across, width) {
  const blocks = [];
  for (const v of down) {
    for (const a of across) {
      const here = list.filter((r) => r[names.variation] === v && r[names.assurance] === a);
      if (here.length > 0) blocks.push([v, a, here]);
    }
  }
  const labels = (here) => here.map((record) => record[names.label]);
  const height = blocks.reduce((sum, [, , here]) =>
    namesBelow(null, labels(here), 0, sum + 68, width - 12) + 6, 0);
  const root = canvas(width, height);
  const marks = svg('g', {class: 'mark'});
  let top = 0;
  for (const [v, a, here] of blocks) {
    root.append(svg('line', {x1: 0, x2: width, y1: top + 1, y2: top + 1, stroke: '#c8ced1'}),
      placed(variationIcon(v), 14, top + 18), words(32, top + 18, variations[v]),
      placed(assuranceIcon(a), 14, top + 44), words(32, top + 44, assurances[a]));
    top = namesBelow(marks, labels(here), 8, top + 68, width - 12) + 6;
  }
  root.append(marks);
  return root;
}
