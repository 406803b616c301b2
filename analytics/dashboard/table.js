// The data table below a chart and its download. Cells come from the page's
// JSON; text is only ever set as text.

import {spcWords} from './spc_words.js';

const grouped = new Intl.NumberFormat('en-GB', {maximumFractionDigits: 10});

const fixed = new Map();  // formats by number of decimals

function format(decimals) {
  if (decimals === undefined) return grouped;
  if (!fixed.has(decimals)) {
    fixed.set(decimals, new Intl.NumberFormat('en-GB',
      {minimumFractionDigits: decimals, maximumFractionDigits: decimals}));
  }
  return fixed.get(decimals);
}

// A cell as a reader sees it: thousands separated, decimals as printed.
export function display(value, decimals) {
  return typeof value === 'number' ? format(decimals).format(value) : value;
}

export function columnIndex(chart, name) {
  return chart.columns.findIndex((column) => column.name === name);
}

// The rows of the chosen level, or all of them.
export function visibleRows(chart, level) {
  const select = chart.options.select;
  if (!select) return chart.rows;
  const column = columnIndex(chart, select.column);
  return chart.rows.filter((row) => row[column] === level);
}

// How a cell takes its room, as in html_writer.cc.
function cellClass(text, numeric) {
  if (numeric) return 'n';
  if (/[^ ]{25}/.test(text)) return 'b';
  return text.length > 48 ? 't' : '';
}

// As many rows of a table are printed on paper, as in html_writer.cc.
const rowsOnPaper = 12;

// Puts `rows` into the table that the figure was delivered with. Columns
// without any value are in the CSV only.
export function fillTable(figure, chart, rows) {
  const body = figure.querySelector('tbody');
  const cut = figure.querySelector('.cut');
  cut.hidden = rows.length <= rowsOnPaper;
  cut.textContent = `The first ${rowsOnPaper} of ${display(rows.length)} rows. ` +
    'The page on a screen and its CSV have them all.';
  const lines = rows.map((row) => {
    const line = document.createElement('tr');
    row.forEach((value, i) => {
      if (chart.columns[i].listed === false) return;
      const numeric = chart.columns[i].numeric;
      const cell = document.createElement(i === 0 ? 'th' : 'td');
      if (i === 0) cell.scope = 'row';
      cell.textContent = display(spcWords(chart, chart.columns[i].name, value),
        chart.columns[i].decimals);
      cell.className = cellClass(cell.textContent, numeric);
      line.append(cell);
    });
    return line;
  });
  body.replaceChildren(...lines);
}

// A text that begins like a formula gets an apostrophe, so that no spreadsheet
// runs it.
function csvField(value) {
  let text = String(value);
  if (typeof value !== 'number' && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

export function csvText(chart) {
  const lines = [chart.columns.map((column) => csvField(column.name)).join(',')];
  for (const row of chart.rows) lines.push(row.map(csvField).join(','));
  return lines.join('\n') + '\n';
}
