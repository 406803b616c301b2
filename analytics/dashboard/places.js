// Puts the figures of a page into two columns that end about alike: each goes
// to the column that is shorter, in the order of the page; wide ones go over
// both. Heights are known in the browser only.

const row = 4;  // px, as in style.css
const gap = 20;  // px below a figure

// The column of each figure: one that was placed stays in it, so that nothing
// jumps aside when a table is opened.
let columns = new Map();

export function forgetPlaces() {
  columns = new Map();
}

export function placeFigures(grid) {
  if (grid === null || grid.getClientRects().length === 0) return;
  const two = getComputedStyle(grid).display === 'grid';
  const ends = [1, 1];
  for (const figure of grid.children) {
    if (!two) {
      figure.style.gridArea = '';
      continue;
    }
    const wide = figure.classList.contains('wide');
    if (!wide && !columns.has(figure)) columns.set(figure, ends[0] <= ends[1] ? 0 : 1);
    const column = wide ? 0 : columns.get(figure);
    const start = wide ? Math.max(...ends) : ends[column];
    const rows = Math.ceil((figure.getBoundingClientRect().height + gap) / row);
    const area = `${start} / ${column + 1} / span ${rows} / span ${wide ? 2 : 1}`;
    if (figure.style.gridArea !== area) figure.style.gridArea = area;
    if (wide) ends.fill(start + rows);
    else ends[column] = start + rows;
  }
}
