// The page: navigation, drop-down lists, drawing. It computes no statistics;
// every number on it was printed by the program that made the page.

import {draw} from './charts.js';
import {forgetPlaces, placeFigures} from './places.js';
import {csvText, fillTable, visibleRows} from './table.js';

const data = JSON.parse(document.getElementById('tally-data').textContent);
document.documentElement.classList.add('scripted');

const views = [];  // one per chart: what is needed to draw it again

function setUpChart(pageId, chart) {
  const figure = document.getElementById(`chart-${pageId}-${chart.id}`);
  const view = {
    chart, figure, level: chart.options.select ? chart.options.select.first : null,
    target: figure.querySelector('.draw'), width: 0,
  };
  const link = figure.querySelector('.csv');
  if (link) {
    // Made when asked for: the file is as large as the data again.
    link.addEventListener('click', () => {
      const blob = new Blob([csvText(chart)], {type: 'text/csv'});
      link.href = URL.createObjectURL(blob);
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
    link.hidden = false;
  }
  const select = figure.querySelector('select');
  if (select) {
    select.addEventListener('change', () => {
      view.level = select.value;
      const words = chart.options.select.descriptions[view.level];
      figure.querySelector('h3').textContent = words.title;
      figure.querySelector('.summary').textContent = words.summary;
      if (view.target) view.target.setAttribute('aria-label', words.summary);
      const body = figure.querySelector('tbody');
      if (body) fillTable(figure, chart, visibleRows(chart, view.level));
      view.width = 0;
      redraw(view);
    });
    figure.querySelector('.picker').hidden = false;
  }
  views.push(view);
}

function redraw(view) {
  if (!view.target) return;
  const width = Math.floor(view.target.getBoundingClientRect().width);
  if (width === 0 || width === view.width) return;
  view.width = width;
  const rows = visibleRows(view.chart, view.level);
  const picture = draw(view.chart, rows, view.level, width);
  view.target.replaceChildren(picture);
}

function redrawAll() {
  for (const view of views) redraw(view);
  for (const grid of document.querySelectorAll('.grid')) placeFigures(grid);
}

function show(id) {
  const pages = [...document.querySelectorAll('.page')];
  const wanted = pages.find((page) => page.id === id) || pages[0];
  for (const page of pages) page.hidden = page !== wanted;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${wanted.id}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  redrawAll();
  return wanted;
}

function followAddress(focus) {
  const id = decodeURIComponent(location.hash.slice(1));
  if (id === 'main') return;
  const page = show(id);
  if (!focus) return;
  const heading = page.querySelector('h2');
  heading.focus({preventScroll: true});
  window.scrollTo(0, 0);
}

for (const page of data.pages) {
  for (const chart of page.charts) setUpChart(page.id, chart);
}
followAddress(false);
window.addEventListener('hashchange', () => followAddress(true));

let pending = 0;
window.addEventListener('resize', () => {
  cancelAnimationFrame(pending);
  forgetPlaces();
  pending = requestAnimationFrame(redrawAll);
});
// A table that is opened, or another level, makes a figure higher.
const heights = new ResizeObserver((changes) => {
  const grids = new Set(changes.map(({target}) => target.parentElement));
  requestAnimationFrame(() => grids.forEach(placeFigures));
});
for (const view of views) heights.observe(view.figure);
// On paper all pages are shown. Pictures are drawn before the sheet is laid
// out, so the class gives figures the width that they will have there.
window.addEventListener('beforeprint', () => {
  document.documentElement.classList.add('paper');
  for (const page of document.querySelectorAll('.page')) page.hidden = false;
  redrawAll();
});
window.addEventListener('afterprint', () => {
  document.documentElement.classList.remove('paper');
  followAddress(false);
});
