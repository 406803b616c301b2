// Checks a dashboard in Debian's chromium: accessibility, layout, offline use.
// Usage: node check_pages.mjs PAGE.html [--shots DIR]
// Ends with 0 if every check holds; prints each failure as one line.

import {createRequire} from 'node:module';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

import {columnFaults, contrastFaults, controls, layoutFaults, markFaults, placeFaults,
  zeroFaults} from './in_page.mjs';
import {strangeNumbers, unsaidFigures} from './numbers.mjs';

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

// Everything but the data: what stands before the body, the script, the frame.
function shellSize(text) {
  const body = text.indexOf('<body>');
  const slot = text.indexOf('</script>', text.indexOf('id="tally-data"'));
  return Buffer.byteLength(text.slice(0, body)) + Buffer.byteLength(text.slice(slot));
}

// Numbers in titles, summaries and sentences are those of the data.
function checkNumbers() {
  for (const fault of [...strangeNumbers(data), ...unsaidFigures(data)]) check(false, fault);
  checks += 2;
}

// The rows of a chart at the level of its drop-down list.
function rowsAt(chart, level) {
  const select = chart.options.select;
  if (!select) return chart.rows.length;
  const column = chart.columns.findIndex((c) => c.name === select.column);
  return chart.rows.filter((row) => row[column] === (level ?? select.first)).length;
}

// --- the page's own data, read without a browser ------------------------------
const html = readFileSync(file, 'utf8');
const slot = html.match(/id="tally-data">([\s\S]*?)<\/script>/);
check(slot !== null, 'the data slot is there');
const data = JSON.parse(slot[1]);
const shellBytes = shellSize(html);
check(shellBytes <= 700_000, `the shell is ${shellBytes} bytes, above 700,000`);
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

checkNumbers();

const browser = await chromium.launch({
  executablePath: process.env.TALLY_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

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
    const list = charts.map((chart) => ({page: id, chart, rows: rowsAt(chart)}));
    for (const test of [layoutFaults, markFaults, zeroFaults, placeFaults, contrastFaults]) {
      for (const fault of await page.evaluate(test, list)) check(false, `${where}: ${fault}`);
      checks += 1;
    }
    for (const fault of await page.evaluate(columnFaults)) check(false, `${where}: ${fault}`);
    checks += 1;
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
      const expected = rowsAt(chart, last);
      const rows = await figure.locator('tbody tr').count();
      check(rows === expected, `${id}/${chart.id}: table follows the list (${rows}, ${expected})`);
      const one = [{page: id, chart, rows: expected}];
      for (const fault of await page.evaluate(markFaults, one)) check(false, fault);
      for (const fault of await page.evaluate(layoutFaults)) {
        check(false, `${id}/${chart.id} with ${last}: ${fault}`);
      }
    }
  }
  // Tab reaches every control of a page.
  for (const {id} of data.pages) {
    await page.goto(`${pathToFileURL(file)}#${id}`);
    await page.reload();
    const wanted = await page.evaluate(controls);
    await page.evaluate(() => document.body.focus());
    const reached = new Set();
    for (let i = 0; i < wanted + 5; i++) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => [...document.querySelectorAll('*')]
        .indexOf(document.activeElement)));
    }
    reached.delete(await page.evaluate(() => [...document.querySelectorAll('*')]
      .indexOf(document.body)));
    check(reached.size >= wanted, `${id}: tab order reaches ${reached.size} of ${wanted} controls`);
  }
  await context.close();
}

// --- hostile names: nothing runs, and no spreadsheet finds a formula -------------
{
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, offline: true,
    acceptDownloads: true});
  const page = await context.newPage();
  page.on('dialog', (dialog) => { check(false, `a dialog opened: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(String(pathToFileURL(file)));
  check(await page.evaluate(() => document.scripts.length) === 2, 'two script elements, both ours');
  check(await page.evaluate(() => document.querySelectorAll('b, img, iframe').length) === 0,
    'no element came out of a name');
  let tried = 0;
  for (const {id, charts} of data.pages) {
    for (const chart of charts) {
      const risky = chart.rows.some((row) => row.some((c) => typeof c === 'string' && /^[=+@-]/.test(c)));
      if (!risky || tried >= 6) continue;
      tried += 1;
      await page.evaluate((hash) => { location.hash = hash; }, id);
      const figure = page.locator(`[id="chart-${id}-${chart.id}"]`);
      if (chart.type !== 'table') await figure.locator('summary').click();
      const [download] = await Promise.all([page.waitForEvent('download'),
        figure.locator('a.csv').click()]);
      const csv = readFileSync(await download.path(), 'utf8');
      const lines = csv.trimEnd().split('\n');
      check(lines.length > chart.rows.length, `${id}/${chart.id}: every row is in the CSV`);
      check(!/(^|,)"?[=+@]/m.test(csv), `${id}/${chart.id}: a formula in the CSV`);
    }
  }
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
  // Sheets: long tables end early and say so, and a note stands once a page.
  const long = await page.$$eval('details[open]', (all) => all.map((details) => {
    const rows = [...details.querySelectorAll('tbody tr')];
    const printed = rows.filter((tr) => tr.getClientRects().length > 0).length;
    const said = details.querySelector('.cut').getClientRects().length > 0;
    return {rows: rows.length, printed, said};
  }));
  for (const {rows, printed, said} of long) {
    check(printed === Math.min(rows, 12), `print: ${printed} of ${rows} rows of a table`);
    check(said === rows > 12, `print: what is left of ${rows} rows is ${said ? '' : 'not '}said`);
  }
  const again = await page.$$eval('.again', (all) => all.filter((li) =>
    li.getClientRects().length > 0).length);
  check(again === 0, `print: ${again} notes stand twice`);
  const closed = await page.$$eval('.draw', (all) => all.filter((d) => !d.firstElementChild).length);
  check(closed === 0, `print: ${closed} charts without a picture`);
  if (shots) await page.screenshot({path: join(shots, 'print.png'), fullPage: true});
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
console.log(`shell ${shellBytes} bytes`);
console.log(`${checks} checks, ${new Set(failures).size} failed`);
process.exit(failures.length === 0 ? 0 : 1);
