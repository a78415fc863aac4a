// How full a space is. Without a total nothing limits it.

const NEARING = 0.9;

/** How many more bytes a space takes. */
export function left({ used, total }) {
  return total ? Math.max(0, total - used) : Infinity;
}

/** Whether so many bytes more can be in a space. */
export function fits(space, bytes) {
  return bytes <= left(space);
}

/** "free", "nearing" or "full". */
export function level(space) {
  if (left(space) === 0) return "full";
  return space.total && space.used >= NEARING * space.total ? "nearing" : "free";
}
