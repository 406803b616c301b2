// Which picture belongs to which chart, and what is said when rows could not be
// drawn. Nothing needs a pointer: what is drawn is in the table.

import {attrition, bar, column, pyramid, waterfall} from './bars.js';
import {interval, rank, spine} from './dots.js';
import {flow, sankey} from './flows.js';
import {heatmap} from './heat.js';
import {icons, matrix} from './icons.js';
import {isNumber, nothing, records} from './paint.js';
import {calibration, funnel, gain, lorenz, scatter} from './points.js';
import {burnup, fan, lines, multiples, step} from './series.js';
import {stacked} from './stacks.js';
import {xmr} from './xmr.js';

const kinds = {attrition, bar, burnup, calibration, column, fan, flow, funnel, gain, heatmap, icons,
  interval, lines, lorenz, matrix, multiples, pyramid, rank, sankey, scatter, spine, stacked, step,
  waterfall, xmr};

const mostRows = {flow: 40, sankey: 60, heatmap: 3600};

// Names of columns that must be numbers for a row to be drawn; one of a list.
function needs(chart) {
  const o = chart.options;
  switch (chart.type) {
    case 'bar': case 'interval': case 'attrition': return [[o.x]];
    case 'column': case 'lines': case 'xmr': case 'multiples': return [[o.y]];
    case 'funnel': case 'scatter': case 'step': case 'lorenz': case 'gain': return [[o.x], [o.y]];
    case 'stacked': case 'waterfall': case 'sankey': case 'flow': return [[o.value]];
    case 'rank': return [[o.rank]];
    case 'calibration': return [[o.predicted], [o.observed]];
    case 'spine': return [[o.value], [o.low], [o.q1], [o.mid], [o.q3], [o.high]];
    case 'fan': return [[o.actual, o.point]];
    case 'burnup': return [[o.actual, o.outturn]];
    case 'pyramid': return [['share']];
    default: return [];
  }
}

function undrawn(chart, rows) {
  const need = needs(chart);
  return records(chart, rows).filter((record) =>
    !need.every((any) => any.some((name) => isNumber(record[name])))).length;
}

// The picture of `rows`; a chart of another kind has its table only.
export function draw(chart, rows, level, width) {
  const kind = kinds[chart.type];
  const parts = document.createDocumentFragment();
  if (!kind) return parts;
  // The rest is in the table, and the notes say so.
  rows = rows.slice(0, chart.options.draw_first || rows.length);
  if (rows.length > (mostRows[chart.type] || 400)) {
    parts.append(nothing(`${rows.length} rows are too many for a picture: see the table.`));
    return parts;
  }
  try {
    parts.append(kind(chart, rows, level, Math.max(width, 240)));
  } catch (error) {
    // One picture that fails must not take the others with it.
    console.error(`${chart.id}: ${error.message}`);
    parts.append(nothing('This picture could not be drawn: see the table.'));
    return parts;
  }
  const missing = undrawn(chart, rows);
  if (missing > 0 && missing < rows.length) {
    const note = document.createElement('p');
    note.className = 'undrawn';
    note.textContent = `${missing} of ${rows.length} rows have no printed number (* or NA) and ` +
      'are not drawn.';
    parts.append(note);
  }
  return parts;
}
