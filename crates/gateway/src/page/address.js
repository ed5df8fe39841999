// The part of the address after the `#`: which view the page shows, and what the user chose there.
//
// Browsers never send it to a server. It holds no secrets, and each value is checked before use.

/** Milliseconds between two changes that are no steps: Safari refuses more than 100 in 10 seconds. */
const PAUSE = 150;
/** The longest text that is taken from an address. */
const LONGEST = 200;

/** What the address says: `#view/id/id?choice=value`. */
export function readAddress() {
  const [path, ...rest] = location.hash.slice(1).split("?");
  const [view, ...ids] = path.split("/").map(decode);
  return { view, ids, choices: new Choices(rest.join("?")) };
}

/** The address of a view. Choices that are `undefined` or empty are omitted. */
export function formatAddress(view, ids, choices) {
  const query = new URLSearchParams(Object.entries(choices).filter(([, value]) => (value ?? "") !== ""));
  const path = [view, ...ids.map(encodeURIComponent)].join("/").replace(/\/+$/, "");
  return query.size === 0 ? `#${path}` : `#${path}?${query}`;
}

/** The part of the address that this page wrote last. */
let written = location.hash;
/** A change that is not written yet. */
let pending = null;
let timer = 0;

/** Replaces the address at once. */
export function replaceAddress(address) {
  pending = null;
  if (address !== location.hash) history.replaceState(null, "", address);
  written = location.hash;
}

/**
 * Notes in the address what the user changed. A step is one that the Back button undoes; other changes may
 * come with each key, and are written a few times in a second.
 */
export function changeAddress(address, isStep) {
  if (!isStep) pending = address;
  if (isStep || timer === 0) flush();
  if (!isStep) return;
  if (address !== location.hash) history.pushState(null, "", address);
  written = location.hash;
}

function flush() {
  clearTimeout(timer);
  timer = 0;
  // The user may have gone elsewhere meanwhile.
  if (pending === null || location.hash !== written) return;
  replaceAddress(pending);
  timer = setTimeout(flush, PAUSE);
}

// A click may lead elsewhere; then it is too late to write what was there.
addEventListener("click", flush, true);

/** The choices of an address, which may hold anything. */
class Choices {
  #query;
  #refused = [];

  constructor(query) {
    this.#query = new URLSearchParams(query);
  }

  get isEmpty() {
    return this.#query.size === 0;
  }

  has(key) {
    return this.#query.has(key);
  }

  /** A text, cut if it is very long. */
  text(key) {
    return (this.#query.get(key) ?? "").slice(0, LONGEST);
  }

  /** The value if it is acceptable, otherwise `undefined`; a value that is not is reported as refused. */
  accept(key, isAcceptable) {
    const value = this.#query.get(key);
    if (value === null || isAcceptable(value)) return value ?? undefined;
    this.refuse(key, value);
    return undefined;
  }

  refuse(key, value) {
    this.#refused.push([key, value.slice(0, 40)]);
  }

  /** Pairs of a key and the value that does not apply. */
  get refused() {
    return this.#refused;
  }
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
