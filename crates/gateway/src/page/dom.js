// Building elements. Whatever comes from the database goes in as text, never as markup.

/** The element of the page with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 *
 * @param {string} name a tag, with classes after dots: `span.may.may-read`
 * @param {Record<string, unknown>} attributes `on…` are listeners, `undefined`, `null` and `false` are left out
 * @param {...(Node | string | number | null | undefined)} children
 */
export function element(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length > 0) made.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** A name from the database: isolated, so that its writing direction stays its own. */
export function name(text, attributes = {}) {
  return element("bdi", attributes, text);
}

/** A name within a text: isolated, so that its writing direction stays its own. */
export const isolated = (text) => `\u2068${text}\u2069`;

/** A number of bytes, the exact one as a tooltip. */
export function bytesElement(count) {
  return element("span.number", { title: `${integer(count)} bytes` }, bytes(count));
}

/**
 * A table with a caption and column heads; columns of numbers say so. With `cards`, each row is a card on a narrow screen, and
 * each cell says of which column it is.
 */
export function table(caption, columns, rows, cards = "") {
  const head = columns.map(({ title, number }) =>
    title === "" ? element("td") : element(number ? "th.number" : "th", { scope: "col" }, title),
  );
  for (const row of rows) [...row.cells].forEach((cell, at) => cell.setAttribute("data-label", columns[at].title));
  return element(
    cards === "" ? "div.table-scroll" : `div.table-scroll.${cards}`,
    { tabindex: 0, role: "region", "aria-label": caption, "data-focus": caption },
    element(
      "table",
      {},
      element("caption.hidden", {}, caption),
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows),
    ),
  );
}

/** Replaces what `content` holds, and keeps where its tables are scrolled to and which control has the focus. */
export function replaceQuietly(content, ...children) {
  const scrolled = [...content.querySelectorAll(".table-scroll")].map((region) => region.scrollLeft);
  const focused = content.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  content.replaceChildren(...children.filter(Boolean));
  content.querySelectorAll(".table-scroll").forEach((region, at) => {
    region.scrollLeft = scrolled[at] ?? 0;
  });
  if (focused) content.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

/** Calls `draw` once before the next frame, however often the function that this gives is called until then. */
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
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

/** `12345` as `12,345`. */
export const integer = (value) => INTEGER.format(value);

/** Three significant digits: `0.983`, `12.3`, `12,300`. */
export const rounded = (value) => THREE_DIGITS.format(value);

/** One digit after the point: `0.1`, `12.0`. */
export const tenths = (value) => TENTHS.format(value);

/** Bytes in decimal units, three significant digits. */
export function bytes(count) {
  let value = count;
  let unit = 0;
  // 999.5 would be shown as 1,000 of the smaller unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${rounded(value)} ${UNITS[unit]}`;
}

/** Seconds as the one or two units that matter: `3 h 20 min`. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** `transactions_allowed` as `transactions allowed`. */
export const words = (key) => key.replaceAll("_", " ");
