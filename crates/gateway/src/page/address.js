// The part of the address after the `#`: which view the page shows, and what the user chose there.
//
// Browsers never send it to a server. It holds nothing secret, and whatever it says is checked before use.

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

/** Changes the address to that of what is shown. A step is one that the Back button undoes. */
export function writeAddress(address, isStep) {
  if (address === location.hash) return;
  if (isStep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

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
