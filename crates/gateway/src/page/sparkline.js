// A line chart of a few numbers.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 280;
const HEIGHT = 48;

/** A line through numbers, with a label for screen readers. */
export function sparkline(numbers, label) {
  const most = Math.max(...numbers, 1);
  const at = (number, place) => [
    (place / Math.max(numbers.length - 1, 1)) * WIDTH,
    HEIGHT - 4 - (number / most) * (HEIGHT - 12),
  ];
  const points = numbers.map(at);
  const line = points.map((point) => point.map((one) => one.toFixed(1)).join(",")).join(" ");
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sparkline", preserveAspectRatio: "none", role: "img", "aria-label": `${label}: ${numbers.join(", ")}` },
    svg("polygon", { class: "sparkline-area", points: `0,${HEIGHT - 4} ${line} ${WIDTH},${HEIGHT - 4}` }),
    svg("polyline", { class: "sparkline-line", points: line }),
  );
}

function svg(name, attributes, ...children) {
  const created = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, String(value));
  created.append(...children);
  return created;
}
