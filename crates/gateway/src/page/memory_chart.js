// Bytes of several structures as a table, with bars on a linear scale.

import { bytesElement, element, formatBytes, formatRounded } from "/page/dom.js";

const STRUCTURES = [
  ["orgcache", "orgcache, here", "one tree for all sessions that share it, fixed at login"],
  ["pre", "Openbravo before 2018", "the natural tree, ancestors and children of every organization, in every session"],
  ["post", "Openbravo from 2018", "one map of organizations in every session"],
  ["head", "Openbravo from 2022", "one map for all sessions, which may change under a running session"],
];

/** @param {Record<string, number>} sizes bytes by structure */
export function memoryChart(sizes) {
  const shown = STRUCTURES.filter(([key]) => sizes[key] > 0);
  const largest = Math.max(...shown.map(([key]) => sizes[key]));
  const step = chooseStep(largest);
  const end = Math.max(largest, 1) * 1.02;
  const marks = Array.from({ length: Math.floor(end / step) + 1 }, (_, count) => count * step);
  const grid = () => marks.map((mark) => placeAt(element("span.grid-line"), mark / end));
  const scale = marks.map((mark) => placeAt(element("span.tick", {}, mark === 0 ? "0" : formatBytes(mark)), mark / end));
  const rows = shown.map(([key, title, note]) => {
    const line = element("span.bar-line", { "data-bar": key });
    line.style.width = `${(sizes[key] / end) * 100}%`;
    const ratio = sizes[key] / Math.max(sizes.orgcache, 1);
    return element(
      `tr.bar-row.bar-${key === "orgcache" ? "ours" : "theirs"}`,
      { "data-structure": key },
      element("th", { scope: "row" }, title, element("span.note", {}, note)),
      element("td.number", {}, bytesElement(sizes[key])),
      element("td.number", {}, key === "orgcache" ? "1 ×" : `${formatRounded(ratio)} ×`),
      element("td.plot", { "aria-hidden": "true" }, element("span.plot-area", {}, ...grid(), line)),
    );
  });
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Structure"),
    element("th.number", { scope: "col" }, "Bytes"),
    element("th.number", { scope: "col" }, "Factor"),
    element("td.plot", { "aria-hidden": "true" }, element("span.plot-area", {}, ...scale)),
  );
  return element(
    "table.chart",
    { id: "memory-chart" },
    element("caption.hidden", {}, "Bytes for the same sessions, with their factor to orgcache"),
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

/** The distance of marks: one, two or five times a power of ten, so that there are at most five. */
function chooseStep(largest) {
  const rough = Math.max(largest, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function placeAt(mark, share) {
  mark.style.insetInlineStart = `${share * 100}%`;
  return mark;
}
