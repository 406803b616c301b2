// Numbers in titles, summaries and sentences: each must be a number of the
// data, of an option, of a name, or a count of rows.

const pattern = /\d[\d,]*(?:\.\d+)?/g;

function numbersOf(text) {
  return (String(text).match(pattern) || []).map((n) => Number(n.replaceAll(',', '')));
}

// A number of an option, such as an average, may be written with fewer decimals
// and, as texts are read here, without its sign.
function rounds(exact, text) {
  const point = text.indexOf('.');
  const decimals = point < 0 ? 0 : text.length - point - 1;
  return Math.abs(Math.abs(exact) - Number(text.replaceAll(',', ''))) <= 0.5 * 10 ** -decimals + 1e-9;
}

function optionNumbers(value, out = []) {
  if (typeof value === 'number') out.push(value);
  else if (value && typeof value === 'object') {
    for (const item of Object.values(value)) optionNumbers(item, out);
  }
  return out;
}

// Levels of confidence and scales, of which every text may speak.
const words = [80, 95, 99.8, 100, 1000, 10000, 100000];

function addAll(value, known) {
  if (typeof value === 'number') {
    known.add(value);
    known.add(Math.abs(value));
  } else if (typeof value === 'string') {
    for (const n of numbersOf(value)) known.add(n);
  } else if (Array.isArray(value)) {
    for (const item of value) addAll(item, known);
  } else if (value && typeof value === 'object') {
    for (const [name, item] of Object.entries(value)) {
      addAll(name, known);
      if (name !== 'descriptions') addAll(item, known);
    }
  }
}

// Every number that texts about `chart` may name.
function knownTo(chart) {
  const known = new Set(words);
  addAll(chart.rows, known);
  addAll(chart.options, known);
  addAll(chart.columns.map((column) => column.title), known);
  // Ages and spans of the definition: "65 and over".
  addAll([chart.unit, chart.denominator, chart.id, chart.method, chart.notes], known);
  return known;
}

// "aged 0 to 15 and 65 and over": a definition, not a figure.
const ages = /\baged \d+(?: to \d+)?(?: and \d+)?(?: and over)?/g;

function strange(text, known, most, exact = []) {
  return (String(text).replace(ages, ' ').match(pattern) || []).filter((written) => {
    const n = Number(written.replaceAll(',', ''));
    if (known.has(n) || (Number.isInteger(n) && n <= most)) return false;
    return !exact.some((value) => rounds(value, written));
  });
}

export function strangeNumbers(data) {
  const faults = [];
  const everything = new Set(words);
  addAll([data.release, data.project, data.generated, data.data_date, data.profile,
    data.peer_group], everything);
  let most = 0;
  for (const page of data.pages) {
    for (const chart of page.charts) {
      const known = knownTo(chart);
      for (const n of known) everything.add(n);
      most = Math.max(most, chart.rows.length);
      const exact = optionNumbers(chart.options);
      const texts = [chart.title, chart.summary];
      const select = chart.options.select;
      if (select) {
        for (const entry of Object.values(select.descriptions)) texts.push(entry.title, entry.summary);
      }
      for (const text of texts) {
        const found = strange(text, known, chart.rows.length, exact);
        if (found.length > 0) {
          faults.push(`${page.id}/${chart.id}: ${found.join(', ')} is not in the data: ${text}`);
        }
      }
    }
  }
  for (const page of data.pages) {
    for (const sentence of page.sentences) {
      const found = strange(sentence, everything, most);
      if (found.length > 0) {
        faults.push(`${page.id}: ${found.join(', ')} is not in the data: ${sentence}`);
      }
    }
  }
  return faults;
}

// A `*` or NA where a sentence should name a figure, and ids that two charts of
// a page share: both lists are empty on a page that can be read aloud.
// "1 to 7 as *" explains the sign.
const hidden = /(^|(?<!\bas)\s|\()(\*|NA)(?=[\s,.;:%)]|$)/;

export function unsaidFigures(data) {
  const faults = [];
  for (const page of data.pages) {
    const texts = page.sentences.map((text) => [page.id, text]);
    const ids = new Set();
    for (const chart of page.charts) {
      const name = `${page.id}/${chart.id}`;
      if (ids.has(chart.id)) faults.push(`${name}: two charts have this id`);
      ids.add(chart.id);
      texts.push([name, chart.title], [name, chart.summary]);
      const select = chart.options.select;
      for (const entry of select ? Object.values(select.descriptions) : []) {
        texts.push([name, entry.title], [name, entry.summary]);
      }
    }
    for (const [name, text] of texts) {
      if (hidden.test(text)) faults.push(`${name}: a hidden figure is named: ${text}`);
    }
  }
  return faults;
}
