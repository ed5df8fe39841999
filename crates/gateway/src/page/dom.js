// Functions that create elements, always from text, never from markup, and that format numbers.

/** The element of the page with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 *
 * @param {string} name a tag, with classes after dots: `span.may.may-read`
 * @param {Record<string, unknown>} attributes `on…` are listeners; `undefined`, `null` and `false`
 * are omitted
 * @param {...(Node | string | number | null | undefined)} children
 */
export function element(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const created = document.createElement(tag);
  if (classes.length > 0) created.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) created.addEventListener(key.slice(2), value);
    else created.setAttribute(key, value === true ? "" : String(value));
  }
  created.append(...children.filter((child) => child !== null && child !== undefined).map(asNode));
  return created;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** A name from the database, isolated from the writing direction of its surroundings. */
export function name(text, attributes = {}) {
  return element("bdi", attributes, text);
}

/** The same within a text. */
export const isolate = (text) => `\u2068${text}\u2069`;

/** A number of bytes, with the exact number as a tooltip. */
export function bytesElement(count) {
  return element("span.number", { title: `${formatInteger(count)} bytes` }, formatBytes(count));
}

/**
 * A table with a caption and column heads. With the class `cards`, each row becomes a card on a narrow
 * screen, and each cell shows the title of its column.
 */
export function table(caption, columns, rows, cards = "") {
  const head = columns.map(({ title, number }) =>
    title === "" ? element("td", { role: "cell" }) : element(number ? "th.number" : "th", { scope: "col", role: "columnheader" }, title),
  );
  for (const row of rows) {
    // A card has another display than a row: the roles keep the table for screen readers.
    row.setAttribute("role", "row");
    [...row.cells].forEach((cell, at) => {
      cell.setAttribute("data-label", columns[at].title);
      cell.setAttribute("role", cell.scope === "row" ? "rowheader" : "cell");
    });
  }
  return element(
    cards === "" ? "div.table-scroll" : `div.table-scroll.${cards}`,
    { tabindex: 0, role: "region", "aria-label": caption, "data-focus": caption },
    element(
      "table",
      { role: "table" },
      element("caption.hidden", {}, caption),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
      element("tbody", { role: "rowgroup" }, ...rows),
    ),
  );
}

/** Whether a tree is the current one of its client. */
export function treeState(current) {
  if (current === null || current === undefined) return null;
  return current ? element("span.tag", {}, "current") : element("span.tag.tag-warn", {}, "older");
}

/** Replaces the content of an element; tables keep their scroll position, the control its focus. */
export function replaceQuietly(content, ...children) {
  const scrolled = [...content.querySelectorAll(".table-scroll")].map((region) => region.scrollLeft);
  const focused = content.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  content.replaceChildren(...children.filter(Boolean));
  content.querySelectorAll(".table-scroll").forEach((region, at) => {
    region.scrollLeft = scrolled[at] ?? 0;
  });
  if (focused) content.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** A list; of one longer than `most`, the two ends, and between them how many there are more. */
export function shorten(list, most) {
  if (list.length <= most) return list;
  return [...list.slice(0, most / 2), `${formatInteger(list.length - most)} more`, ...list.slice(-most / 2)];
}

/** Wraps `draw` so that several calls before the next frame draw once. */
export function oncePerFrame(draw) {
  let isWaiting = false;
  return () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      draw();
    });
  };
}

const INTEGER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const TENTHS = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

/** `12345` as `12,345`. */
export const formatInteger = (value) => INTEGER.format(value);

/** A number with its noun: `1 session`, `2 sessions`. */
export const formatCount = (number, noun, plural = `${noun}s`) => `${formatInteger(number)} ${number === 1 ? noun : plural}`;

/** Three significant digits: `0.983`, `12.3`, `12,300`. */
export const formatRounded = (value) => THREE_DIGITS.format(value);

/** One digit after the point: `0.1`, `12.0`. */
export const formatTenths = (value) => TENTHS.format(value);

/** Bytes in decimal units, three significant digits. */
export function formatBytes(count) {
  let value = count;
  let unit = 0;
  // 999.5 would round to 1,000 of the smaller unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  // The unit stays with its number.
  return `${formatRounded(value)}\u00a0${UNITS[unit]}`;
}

/** Seconds in their one or two largest units: `3 h 20 min`. */
export function formatDuration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

const MOMENT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });

/** A moment so many seconds from now, in words; its date and time in the reader's time zone as a tooltip. */
export function timeElement(seconds, text) {
  const moment = new Date(Date.now() + seconds * 1000);
  return element("time", { datetime: moment.toISOString(), title: MOMENT.format(moment) }, text);
}

/** `transactions_allowed` as `transactions allowed`. */
export const formatKey = (key) => key.replaceAll("_", " ");
