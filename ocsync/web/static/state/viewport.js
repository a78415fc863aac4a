// Which rows of a long list have to exist: those in sight and some beyond each edge.

const BEYOND = 12;

/** From which row to which (not included), for a list that begins at `top` on screen. */
export function rowsInSight({ top, rowHeight, height, count }) {
  const first = Math.floor(-top / rowHeight) - BEYOND;
  const last = Math.ceil((height - top) / rowHeight) + BEYOND;
  const from = Math.max(0, Math.min(first, count));
  return { from, to: Math.max(from, Math.min(last, count)) };
}
