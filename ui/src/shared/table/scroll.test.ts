import { describe, expect, it } from "vitest";
import { drawnAt, scaleOf } from "./scroll";

describe("scrolling through more rows than a browser draws", () => {
  it("is one to one where they all fit", () => {
    expect(scaleOf(30_000, 15_000_000, 600)).toBe(1);
    expect(drawnAt(1200, 900, 1)).toBe(1200);
  });

  it("reaches the first and the last row at the ends of the scrollbar", () => {
    const [height, drawn, viewport] = [300_000_000, 15_000_000, 600];
    const scale = scaleOf(height, drawn, viewport);
    const end = height - viewport;
    expect((drawn - viewport) * scale).toBeCloseTo(end, 3);
    // The last row ends where the drawn element ends.
    expect(drawnAt(height - 30, end, scale)).toBeCloseTo(drawn - 30, 3);
    expect(drawnAt(0, 0, scale)).toBe(0);
  });

  it("keeps the distance of rows from the top of the window", () => {
    const scale = scaleOf(100_000_000, 15_000_000, 600);
    const offset = 42_000_000;
    expect(drawnAt(offset + 90, offset, scale) - offset / scale).toBeCloseTo(90, 6);
  });
});
