// Checks a dashboard in Debian's chromium: accessibility, layout, offline use.
// Usage: node check_pages.mjs PAGE.html [--shots DIR]
// Ends with 0 if every check holds; prints each failure as one line.

import {createRequire} from 'node:module';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const thirdParty = join(root, 'build/third-party');
const require = createRequire(import.meta.url);
const {chromium} = require(join(thirdParty, 'playwright/index.js'));
const axeSource = readFileSync(join(thirdParty, 'axe/axe.min.js'), 'utf8');

const file = resolve(process.argv[2] ?? '');
const shots = process.argv[3] === '--shots' ? resolve(process.argv[4]) : null;
if (!process.argv[2] || !existsSync(file)) {
  console.error('usage: node check_pages.mjs PAGE.html [--shots DIR]');
  process.exit(2);
}
if (shots) mkdirSync(shots, {recursive: true});

const widths = [320, 768, 1280];
const failures = [];
let checks = 0;
function check(ok, what) {
  checks += 1;
  if (!ok) failures.push(what);
}

// --- the page's own data, read without a browser ------------------------------
const html = readFileSync(file, 'utf8');
const slot = html.match(/id="tally-data">([\s\S]*?)<\/script>/);
check(slot !== null, 'the data slot is there');
const data = JSON.parse(slot[1]);
check(Buffer.byteLength(html) <= 700_000 + 4_000_000, 'the file is not huge');
check(!slot[1].includes('<'), 'no < in the slot');
for (const page of data.pages) {
  check(page.sentences.length === 3, `${page.id}: three sentences`);
  for (const chart of page.charts) {
    check(chart.title && chart.summary, `${page.id}/${chart.id}: title and summary`);
    for (const row of chart.rows) {
      check(row.length === chart.columns.length, `${page.id}/${chart.id}: row width`);
      for (const [i, cell] of row.entries()) {
        const ok = chart.columns[i].numeric
          ? typeof cell === 'number' || cell === '*' || cell === 'NA'
          : typeof cell === 'string';
        check(ok, `${page.id}/${chart.id}: cell type in ${chart.columns[i].name}`);
      }
    }
  }
}

// --- palette: 3:1 on white for marks, by numbers -------------------------------
function luminance(hex) {
  const parts = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
for (const colour of ['#12436D', '#28A197', '#801650', '#F46A25', '#3D3D3D', '#A285D1']) {
  check(1.05 / (luminance(colour) + 0.05) >= 3, `contrast of ${colour}`);
}

const browser = await chromium.launch({
  executablePath: process.env.TALLY_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

// Runs in the page: what a reader would notice.
function layoutFaults() {
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
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 12) faults.push(`text of ${size} px: ${element.textContent.trim().slice(0, 40)}`);
  }
  for (const svg of document.querySelectorAll('.draw svg')) {
    if (!shown(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].filter((t) => t.textContent.trim());
    const boxes = texts.map((t) => [t.getBoundingClientRect(), t.textContent.trim()])
      .filter(([b]) => b.width > 0);
    for (const [box, text] of boxes) {
      if (box.left < frame.left - 1.5 || box.right > frame.right + 1.5 ||
          box.top < frame.top - 1.5 || box.bottom > frame.bottom + 1.5) {
        faults.push(`clipped in ${svg.closest('figure').id}: ${text}`);
      }
    }
    for (let i = 0; i < boxes.length; i++) {
      for (let j = i + 1; j < boxes.length; j++) {
        const [a, s] = boxes[i];
        const [b, t] = boxes[j];
        const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (w > 2 && h > 3) faults.push(`overlap in ${svg.closest('figure').id}: ${s} / ${t}`);
      }
    }
  }
  return faults;
}

// Drawn marks against rows of the table that could be drawn.
function markFaults(charts) {
  const faults = [];
  for (const {page, chart} of charts) {
    const figure = document.getElementById(`chart-${page}-${chart.id}`);
    if (!figure || !figure.querySelector('.draw svg')) continue;
    const body = figure.querySelector('tbody');
    const index = (name) => chart.columns.findIndex((c) => c.name === name);
    const value = chart.type === 'pyramid' ? 'share'
      : chart.type === 'funnel' || chart.type === 'column' ? chart.options.y : chart.options.x;
    const rows = [...body.rows].filter((row) => {
      if (chart.type === 'pyramid') {
        const sex = row.cells[index('sex')].textContent;
        if (sex !== 'male' && sex !== 'female') return false;
      }
      const numeric = (name) => Number.isFinite(Number(
        row.cells[index(name)].textContent.replaceAll(',', '')));
      if (chart.type === 'funnel' && !numeric(chart.options.x)) return false;
      return numeric(value);
    });
    const selector = {bar: 'g[aria-label="bar"] rect', column: 'g[aria-label="bar"] rect',
      pyramid: 'g[aria-label="bar"] rect', interval: 'g[aria-label="dot"] circle',
      funnel: 'g[aria-label="dot"] circle, g[aria-label="dot"] path'}[chart.type];
    const marks = figure.querySelectorAll(selector).length;
    if (marks !== rows.length) {
      faults.push(`${figure.id}: ${rows.length} rows with a number, ${marks} marks`);
    }
  }
  return faults;
}

async function runAxe(page, where) {
  const result = await page.evaluate(async (source) => {
    if (!window.axe) (0, eval)(source);
    return window.axe.run(document, {runOnly: {type: 'tag',
      values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}});
  }, axeSource);
  for (const violation of result.violations) {
    failures.push(`${where}: axe ${violation.id}: ${violation.nodes[0].html.slice(0, 120)}`);
  }
  checks += 1;
}

for (const width of widths) {
  // The page's policy forbids eval; axe is let in by the test alone.
  const context = await browser.newContext({viewport: {width, height: 900}, bypassCSP: true,
    locale: 'en-GB', offline: true});
  const page = await context.newPage();
  const requests = [];
  page.on('request', (request) => {
    if (!request.url().startsWith('file:') && !request.url().startsWith('blob:')) {
      requests.push(request.url());
    }
  });
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(`${width}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => failures.push(`${width}: script: ${error.message}`));
  for (const {id, charts} of data.pages) {
    const where = `${id} at ${width}`;
    await page.goto(`${pathToFileURL(file)}#${id}`);
    await page.reload();
    await page.waitForFunction((wanted) => !document.getElementById(wanted).hidden, id);
    const visible = await page.$$eval('.page', (all) => all.filter((p) => !p.hidden).map((p) => p.id));
    check(visible.length === 1 && visible[0] === id, `${where}: one page is shown`);
    for (const fault of await page.evaluate(layoutFaults)) check(false, `${where}: ${fault}`);
    const list = charts.map((chart) => ({page: id, chart}));
    for (const fault of await page.evaluate(markFaults, list)) check(false, `${where}: ${fault}`);
    checks += 2;
    await runAxe(page, where);
    if (shots) await page.screenshot({path: join(shots, `${id}-${width}.png`), fullPage: true});
  }
  check(requests.length === 0, `${width}: outside requests: ${requests.join(' ')}`);
  await context.close();
}

// --- with the policy in force: the script runs, drop-down lists work ----------
{
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, offline: true});
  const page = await context.newPage();
  page.on('pageerror', (error) => failures.push(`policy: script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(`policy: console: ${message.text()}`);
  });
  await page.goto(String(pathToFileURL(file)));
  check(await page.evaluate(() => document.documentElement.classList.contains('scripted')),
    'the script runs under its own policy');
  for (const {id, charts} of data.pages) {
    await page.evaluate((hash) => { location.hash = hash; }, id);
    await page.waitForFunction((wanted) => !document.getElementById(wanted).hidden, id);
    for (const chart of charts) {
      const select = chart.options.select;
      if (!select) continue;
      const figure = page.locator(`[id="chart-${id}-${chart.id}"]`);
      const levels = Object.keys(select.descriptions);
      const last = levels[levels.length - 1];
      await figure.locator('select').selectOption(last);
      const title = await figure.locator('h3').textContent();
      check(title === select.descriptions[last].title, `${id}/${chart.id}: title follows the list`);
      const column = chart.columns.findIndex((c) => c.name === select.column);
      const expected = chart.rows.filter((row) => row[column] === last).length;
      const rows = await figure.locator('tbody tr').count();
      check(rows === expected, `${id}/${chart.id}: table follows the list (${rows}, ${expected})`);
      for (const fault of await page.evaluate(markFaults, [{page: id, chart}])) check(false, fault);
      for (const fault of await page.evaluate(layoutFaults)) {
        check(false, `${id}/${chart.id} with ${last}: ${fault}`);
      }
    }
  }
  // Tab reaches every control of a page.
  await page.goto(String(pathToFileURL(file)));
  const wanted = await page.$$eval('a, select, summary, [tabindex="0"]', (all) => all.filter((e) =>
    e.getClientRects().length > 0 && e.getBoundingClientRect().width > 0 &&
    (e.tagName === 'SUMMARY' || !e.closest('details:not([open])'))).length);
  const reached = new Set();
  for (let i = 0; i < wanted + 20; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => {
      const all = [...document.querySelectorAll('a, select, summary, [tabindex="0"]')];
      return all.indexOf(document.activeElement);
    }));
  }
  reached.delete(-1);
  check(reached.size >= wanted, `tab order reaches ${reached.size} of ${wanted} controls`);
  await context.close();
}

// --- on paper ------------------------------------------------------------------
{
  const context = await browser.newContext({viewport: {width: 794, height: 1123}, bypassCSP: true,
    offline: true});
  const page = await context.newPage();
  await page.goto(String(pathToFileURL(file)));
  await page.emulateMedia({media: 'print'});
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  const shown = await page.$$eval('.page', (all) => all.filter((p) =>
    p.getBoundingClientRect().height > 0).length);
  check(shown === data.pages.length, `print shows ${shown} of ${data.pages.length} pages`);
  for (const fault of await page.evaluate(layoutFaults)) check(false, `print: ${fault}`);
  await runAxe(page, 'print');
  await context.close();
}

// --- without script: every page and table is there -----------------------------
{
  const context = await browser.newContext({javaScriptEnabled: false, offline: true});
  const page = await context.newPage();
  await page.goto(String(pathToFileURL(file)));
  const tables = await page.locator('table').count();
  const charts = data.pages.reduce((sum, p) => sum + p.charts.length, 0);
  check(tables === charts, `without script ${tables} of ${charts} tables`);
  await context.close();
}

await browser.close();
for (const failure of [...new Set(failures)]) console.log(`FAIL ${failure}`);
console.log(`${checks} checks, ${new Set(failures).size} failed`);
process.exit(failures.length === 0 ? 0 : 1);
