/**
 * Areas in a rectangle, each as near to a square as it can be (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000). Pure.
 */

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Lays areas out, in their order.
 * @param areas positive, the largest first; their sum fills the rectangle
 */
export function squarify(areas: readonly number[], within: Rectangle): readonly Rectangle[] {
  const total = areas.reduce((sum, area) => sum + area, 0);
  const scale = total === 0 ? 0 : (within.width * within.height) / total;
  const scaled = areas.map((area) => area * scale);
  const placed: Rectangle[] = [];
  let free = within;
  for (let start = 0; start < scaled.length; ) {
    const end = endOfRow(scaled, start, Math.min(free.width, free.height));
    const row = scaled.slice(start, end);
    const { rectangles, rest } = placeRow(row, free);
    placed.push(...rectangles);
    free = rest;
    start = end;
  }
  return placed;
}

/** A row takes one more area as long as that makes its worst one better. */
function endOfRow(areas: readonly number[], start: number, side: number): number {
  let sum = areas[start] ?? 0;
  let worst = worstOf(sum, sum, sum, side);
  const largest = sum;
  for (let end = start + 1; end < areas.length; end++) {
    const area = areas[end] ?? 0;
    const next = worstOf(sum + area, area, largest, side);
    if (next > worst) return end;
    sum += area;
    worst = next;
  }
  return areas.length;
}

/** The worst ratio of sides in a row: that of its smallest or its largest area. */
function worstOf(sum: number, smallest: number, largest: number, side: number): number {
  const square = side * side;
  return Math.max((square * largest) / (sum * sum), (sum * sum) / (square * smallest));
}

/** The row stands along the shorter side. */
function placeRow(row: readonly number[], free: Rectangle) {
  const sum = row.reduce((total, area) => total + area, 0);
  const isUpright = free.width >= free.height;
  const side = isUpright ? free.height : free.width;
  const thickness = side === 0 ? 0 : sum / side;
  let at = 0;
  const rectangles = row.map((area): Rectangle => {
    const length = thickness === 0 ? 0 : area / thickness;
    const from = at;
    at += length;
    return isUpright
      ? { x: free.x, y: free.y + from, width: thickness, height: length }
      : { x: free.x + from, y: free.y, width: length, height: thickness };
  });
  const rest: Rectangle = isUpright
    ? { ...free, x: free.x + thickness, width: Math.max(0, free.width - thickness) }
    : { ...free, y: free.y + thickness, height: Math.max(0, free.height - thickness) };
  return { rectangles, rest };
}
