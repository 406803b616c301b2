// What runs inside the page: faults that a reader would notice. Each function
// stands alone, because the browser gets its text.

// Text that is small, clipped, covered or out of the page.
export function layoutFaults() {
  const faults = [];
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden';
  };
  if (document.documentElement.scrollWidth > window.innerWidth + 1) {
    faults.push(`sideways scroll: ${document.documentElement.scrollWidth} in ${window.innerWidth}`);
  }
  for (const element of document.querySelectorAll('body *')) {
    if (!shown(element) || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own) continue;
    const style = getComputedStyle(element);
    const svg = element.closest('svg');
    const box = svg && svg.viewBox.baseVal;
    const scale = box && box.width > 0 ? svg.getBoundingClientRect().width / box.width : 1;
    const size = parseFloat(style.fontSize) * scale;
    const text = element.textContent.trim().slice(0, 40);
    if (size < 11.95) faults.push(`text of ${size.toFixed(1)} px: ${text}`);
    if (!svg && style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1) {
      faults.push(`cut text: ${text}`);
    }
  }
  for (const svg of document.querySelectorAll('.draw svg')) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const figure = svg.closest('figure').id;
    const boxes = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim())
      .map((t) => [t.getBoundingClientRect(), t.textContent.trim()]).filter(([b]) => b.width > 0);
    for (const [b, text] of boxes) {
      if (b.left < frame.left - 1.5 || b.right > frame.right + 1.5 || b.top < frame.top - 1.5 ||
          b.bottom > frame.bottom + 1.5) faults.push(`clipped in ${figure}: ${text}`);
    }
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length; j++) {
        const [a, s] = boxes[i];
        const [b, t] = boxes[j];
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (w > 2 && h > 3) faults.push(`overlap in ${figure}: ${s} / ${t}`);
      }
    }
  }
  return faults;
}

// Drawn marks against rows of the table that the specification says are drawn.
export function markFaults(charts) {
  const need = {
    bar: [['x']], interval: [['x']], attrition: [['x']], column: [['y']], lines: [['y']],
    xmr: [['y']], multiples: [['y']], funnel: [['x'], ['y']], scatter: [['x'], ['y']],
    step: [['x'], ['y']], lorenz: [['x'], ['y']], gain: [['x'], ['y']], stacked: [['value']],
    waterfall: [['value']], heatmap: [['value']], sankey: [['value']], flow: [['value']],
    rank: [['rank']], calibration: [['predicted'], ['observed']],
    spine: [['value'], ['low'], ['q1'], ['mid'], ['q3'], ['high']], fan: [['actual', 'point']],
    burnup: [['actual', 'outturn']], pyramid: [['share']], icons: [], matrix: [], table: [],
  };
  const faults = [];
  for (const {page, chart, rows} of charts) {
    const figure = document.getElementById(`chart-${page}-${chart.id}`);
    const say = (text) => faults.push(`${figure.id}: ${text}`);
    const body = figure.querySelector('tbody');
    if (body.rows.length !== rows) say(`${body.rows.length} table rows, ${rows} rows of data`);
    if (!(chart.type in need)) say(`no such type: ${chart.type}`);
    if (chart.type === 'table') continue;
    const target = figure.querySelector('.draw');
    const marks = target.querySelectorAll('.mark > *').length;
    if (target.querySelector('.empty')) {
      if (marks > 0) say('says that nothing is drawn, and draws');
      continue;
    }
    const listed = chart.columns.filter((column) => column.listed !== false);
    const index = (name) => listed.findIndex((column) => column.name === name);
    const cell = (row, name) => (index(name) < 0 ? '' : row.cells[index(name)].textContent);
    const numeric = (row, name) => cell(row, name) !== '' &&
      Number.isFinite(Number(cell(row, name).replaceAll(',', '')));
    const picked = [...body.rows].slice(0, chart.options.draw_first || body.rows.length);
    const drawn = picked.filter((row) => {
      if (chart.type === 'pyramid' && !['male', 'female'].includes(cell(row, 'sex'))) return false;
      const flow = chart.type === 'sankey' || chart.type === 'flow';
      if (flow && cell(row, chart.options.value) === '0') return false;
      return need[chart.type].every((any) => any.some((option) =>
        numeric(row, chart.type === 'pyramid' ? option : chart.options[option])));
    });
    if (drawn.length === 0) say('an empty picture that does not say so');
    if (marks !== drawn.length) say(`${drawn.length} rows with a number, ${marks} marks`);
  }
  return faults;
}

// Figures side by side: none lies on another, and no column ends more than the
// height of its last figure and the gap below the other one.
export function columnFaults() {
  const faults = [];
  const boxes = [...document.querySelectorAll('.grid > figure')]
    .filter((figure) => figure.getClientRects().length > 0)
    .map((figure) => ({id: figure.id, wide: figure.classList.contains('wide'),
      box: figure.getBoundingClientRect()}));
  for (let i = 0; i < boxes.length; i++) {
    for (let j = i + 1; j < boxes.length; j++) {
      const [a, b] = [boxes[i].box, boxes[j].box];
      const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (w > 1 && h > 1) faults.push(`${boxes[i].id} lies on ${boxes[j].id}`);
    }
  }
  if (window.innerWidth < 1056) return faults;
  let run = [];
  const close = () => {
    const ends = new Map();  // the last figure of each column
    for (const {box} of run) {
      const left = Math.round(box.left);
      if (!ends.has(left) || ends.get(left).bottom < box.bottom) ends.set(left, box);
    }
    const [a, b] = [...ends.values()].sort((x, y) => x.bottom - y.bottom);
    if (b !== undefined && b.bottom - a.bottom > b.height + 28) {
      faults.push(`columns end ${Math.round(b.bottom - a.bottom)} px apart`);
    }
    if (run.length === 1) faults.push(`${run[0].id} stands beside nothing`);
    run = [];
  };
  for (const figure of boxes) {
    if (figure.wide) close();
    else run.push(figure);
  }
  close();
  return faults;
}

// There is no place between two places.
export function placeFaults() {
  const faults = [];
  for (const figure of document.querySelectorAll('figure[data-type="rank"]')) {
    for (const text of figure.querySelectorAll('.draw svg text')) {
      if (/^\d+\.\d+$/.test(text.textContent)) faults.push(`${figure.id}: place ${text.textContent}`);
    }
  }
  return faults;
}

// Bars begin at zero.
export function zeroFaults() {
  const faults = [];
  const number = (element, name) => Number(element.getAttribute(name));
  for (const figure of document.querySelectorAll('figure[data-type]')) {
    const type = figure.dataset.type;
    const bars = ['bar', 'column', 'attrition', 'pyramid', 'stacked', 'waterfall'].includes(type);
    const svg = figure.querySelector('.draw svg[data-zero], .draw svg[data-zero-y]');
    if (!bars || figure.getClientRects().length === 0) continue;
    if (figure.querySelector('.draw .empty')) continue;
    if (!svg) { faults.push(`${figure.id}: bars without a zero line`); continue; }
    const upright = svg.dataset.zeroY !== undefined;
    const zero = Number(upright ? svg.dataset.zeroY : svg.dataset.zero);
    const edges = (rect) => (upright ? [number(rect, 'y'), number(rect, 'y') + number(rect, 'height')]
      : [number(rect, 'x'), number(rect, 'x') + number(rect, 'width')]);
    const starts = (rect) => edges(rect).some((edge) => Math.abs(edge - zero) <= 1.6);
    const rects = [...svg.querySelectorAll('.mark rect')];
    const lines = new Map();  // bars that are cut into parts, by where they stand
    for (const rect of rects) {
      const at = Math.round(number(rect, upright ? 'x' : 'y'));
      lines.set(at, (lines.get(at) || false) || starts(rect));
    }
    const cut = type === 'stacked';
    const wrong = type === 'waterfall' ? rects.filter((r) => r.dataset.total && !starts(r)).length
      : cut ? [...lines.values()].filter((ok) => !ok).length
        : rects.filter((rect) => !starts(rect)).length;
    if (rects.length === 0 || wrong > 0) faults.push(`${figure.id}: ${wrong} bars not from zero`);
  }
  return faults;
}

// Contrast by numbers of what axe leaves open: 3:1 for marks, 4.5:1 for text.
export function contrastFaults() {
  const faults = [];
  const luminance = (colour) => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const white = 'rgb(255, 255, 255)';
  const solid = (colour) => colour && colour.startsWith('rgb(');
  for (const svg of document.querySelectorAll('.draw > svg, .draw .small-ones svg')) {
    const figure = svg.closest('figure');
    if (svg.getClientRects().length === 0) continue;
    const rects = [...svg.querySelectorAll('rect')].map((rect) =>
      [rect.getBoundingClientRect(), getComputedStyle(rect).fill]).filter(([, fill]) => solid(fill));
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const style = getComputedStyle(text);
      const below = rects.filter(([r]) => r.left <= x && r.right >= x && r.top <= y && r.bottom >= y);
      const haloed = style.stroke === white;
      const ground = haloed || below.length === 0 ? white : below[below.length - 1][1];
      const ratio = contrast(style.fill, ground);
      if (ratio < 4.5) {
        faults.push(`${figure.id}: text ${text.textContent} has ${ratio.toFixed(2)}`);
      }
    }
    if (figure.dataset.type === 'heatmap') continue;  // every cell has its text
    for (const shape of svg.querySelectorAll('.mark path, .mark circle, .mark rect')) {
      const style = getComputedStyle(shape);
      const fills = [style.fill, style.stroke].filter(solid).filter((colour) => colour !== white);
      const best = Math.max(0, ...fills.map((colour) => contrast(colour, white)));
      if (best < 3) faults.push(`${figure.id}: a mark has ${best.toFixed(2)}`);
    }
  }
  return faults;
}

// Where Tab can go.
export function controls() {
  const wanted = 'a[href], select, summary, [tabindex="0"]';
  return [...document.querySelectorAll(wanted)].filter((element) =>
    element.getClientRects().length > 0 && element.getBoundingClientRect().width > 0 &&
    (element.tagName === 'SUMMARY' || !element.closest('details:not([open])'))).length;
}
