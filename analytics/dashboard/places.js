// Puts the figures of a page into two columns that end about alike, in the
// order of the page from above; wide ones go over both. Heights are known in
// the browser only.

const row = 4;  // px, as in style.css
const gap = 20;  // px below a figure
const mostTried = 10;  // figures of which every division is tried

// The column of each figure: one that was placed stays in it, so that nothing
// jumps aside when a table is opened.
let columns = new Map();

export function forgetPlaces() {
  columns = new Map();
}

function rowsOf(figure) {
  return Math.ceil((figure.getBoundingClientRect().height + gap) / row);
}

// A column for each of `heights`: the first of many go where it is shorter, the
// last ones so that the longer column is as short as can be.
function divide(heights) {
  const sure = Math.max(0, heights.length - mostTried);
  const ends = [0, 0];
  const chosen = heights.slice(0, sure).map((height) => {
    const column = ends[0] <= ends[1] ? 0 : 1;
    ends[column] += height;
    return column;
  });
  const rest = heights.slice(sure);
  let best = [];
  let shortest = Infinity;
  for (let division = 0; division < 2 ** rest.length; division += 1) {
    const tried = rest.map((_, i) => (division >> (rest.length - 1 - i)) & 1);
    const sums = [...ends];
    tried.forEach((column, i) => { sums[column] += rest[i]; });
    if (Math.max(...sums) >= shortest) continue;
    shortest = Math.max(...sums);
    best = tried;
  }
  return [...chosen, ...best];
}

// Between two wide figures, from row `top` on. Returns where it ends.
function placeRun(run, top) {
  if (run.some((figure) => !columns.has(figure))) {
    divide(run.map(rowsOf)).forEach((column, i) => columns.set(run[i], column));
  }
  const ends = [top, top];
  for (const figure of run) {
    const column = columns.get(figure);
    const rows = rowsOf(figure);
    figure.style.gridArea = `${ends[column]} / ${column + 1} / span ${rows} / span 1`;
    ends[column] += rows;
  }
  return Math.max(...ends);
}

export function placeFigures(grid) {
  if (grid === null || grid.getClientRects().length === 0) return;
  const figures = [...grid.children];
  if (getComputedStyle(grid).display !== 'grid') {
    for (const figure of figures) figure.style.gridArea = '';
    return;
  }
  let top = 1;
  let run = [];
  for (const figure of figures) {
    if (!figure.classList.contains('wide')) {
      run.push(figure);
      continue;
    }
    top = placeRun(run, top);
    run = [];
    const rows = rowsOf(figure);
    figure.style.gridArea = `${top} / 1 / span ${rows} / span 2`;
    top += rows;
  }
  placeRun(run, top);
}
