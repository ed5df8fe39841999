// What the sessions take in memory, beside what Openbravo's structures would take for the same.

import { get, look } from "/page/api.js";
import { bytes, bytesElement, element, integer, replaceQuietly, rounded, table, words } from "/page/dom.js";

/** Structures of Openbravo, in the order in which they were in use. */
const OPENBRAVO = [
  ["pre", "Openbravo before 2018", "natural tree, ancestors and children of every organization, in every session"],
  ["orgtree", "Openbravo's OrgTree", "the older cache of the same facts, kept beside the other until 2018"],
  ["post", "Openbravo from 2018", "one map of organizations in every session"],
  ["head", "Openbravo from 2022", "one map for all, which may change under a running session"],
];

const SCALE = "Bars are on a logarithmic scale: each line is ten times the one before.";
const OURS = "one tree for all sessions that share it, fixed at login";

/** The view of memory and caches. */
export class Memory {
  #content;
  #page;
  #round = 0;

  /**
   * @param {HTMLElement} content
   * @param {{session: () => object, isAdmin: () => boolean, onError: Function}} page
   */
  constructor(content, page) {
    this.#content = content;
    this.#page = page;
  }

  clear() {
    this.#round += 1;
    this.#content.replaceChildren();
  }

  /** Asks again for all figures: because somebody wants to see them, or `byItself`. */
  async load(byItself = false) {
    const ask = byItself ? look : get;
    this.#round += 1;
    const round = this.#round;
    try {
      const [own, statistics] = await Promise.all([
        ask("/v1/session/footprint"),
        this.#page.isAdmin() ? ask("/v1/admin/statistics") : null,
      ]);
      if (round !== this.#round) return;
      const parts = statistics ? [...comparison(statistics), ...rates(statistics)] : [];
      replaceQuietly(this.#content, ...parts, ...ownSession(own, this.#page.session()));
    } catch (error) {
      if (round === this.#round) this.#page.onError(error);
    }
  }
}

function comparison(statistics) {
  const total = totalOf(statistics.footprint);
  const others = statistics.openbravo_would_take ?? {};
  const bars = [
    { key: "orgcache", title: "orgcache, this process", note: OURS, bytes: total },
    ...OPENBRAVO.map(([key, title, note]) => ({ key, title, note, bytes: others[key] ?? 0 })),
  ].filter((bar) => bar.bytes > 0);
  return [
    element("p.lead", {}, `${sessionCount(statistics.sessions)}. ${SCALE}`),
    chart(bars, total),
  ];
}

function sessionCount(sessions) {
  return sessions === 1 ? "One live session" : `${integer(sessions)} live sessions`;
}

/** The whole of a footprint that the server did not add up itself. */
function totalOf(footprint) {
  return footprint.total ?? Object.values(footprint).reduce((sum, part) => sum + part, 0);
}

/** Bars on a logarithmic scale from a power of ten to a power of ten, in a table that reads without them. */
function chart(bars, base) {
  const sizes = bars.map((bar) => Math.max(bar.bytes, 1));
  const low = Math.floor(Math.log10(Math.min(...sizes)));
  // One power more where the largest would fill the scale: its bar has to end before the edge.
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...sizes) * 1.01)));
  const share = (power) => (power - low) / (high - low);
  const powers = Array.from({ length: high - low + 1 }, (_, step) => low + step);
  const grid = () => powers.map((power) => placed(element("span.grid-line"), share(power)));
  // Every label would be too many for a wide range on a narrow screen.
  const every = Math.ceil(powers.length / 8);
  const scale = powers
    .filter((_, step) => step % every === 0)
    .map((power) => placed(element("span.tick", {}, bytes(10 ** power)), share(power)));
  const rows = bars.map((bar) => {
    const ratio = bar.bytes / Math.max(base, 1);
    const length = Math.max(share(Math.log10(Math.max(bar.bytes, 1))), 0.005);
    const line = element("span.bar-line", { "data-bar": bar.key });
    line.style.width = `${length * 100}%`;
    return element(
      `tr.bar-row.bar-${bar.key === "orgcache" ? "ours" : "theirs"}`,
      {},
      element("th", { scope: "row" }, bar.title, element("span.note", {}, bar.note)),
      element("td.number", {}, bytesElement(bar.bytes)),
      element("td.number", {}, bar.key === "orgcache" ? "1 ×" : `${rounded(ratio)} ×`),
      element("td.plot", { "aria-hidden": "true" }, element("span.plot-area", {}, ...grid(), line)),
    );
  });
  return element(
    "table.chart",
    { id: "memory-chart" },
    element("caption.hidden", {}, "Bytes for the same sessions"),
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "col" }, "Structure"),
        element("th.number", { scope: "col" }, "Bytes"),
        element("th.number", { scope: "col" }, "Ratio"),
        element("td.plot", { "aria-hidden": "true" }, element("span.plot-area", {}, ...scale)),
      ),
    ),
    element("tbody", {}, ...rows),
  );
}

function placed(made, share) {
  made.style.insetInlineStart = `${share * 100}%`;
  return made;
}

function rates(statistics) {
  const { pool, lookups, compression, footprint, automatic_roles: automatic } = statistics;
  const trees = pool.hits + pool.joined + pool.loads;
  const cards = [
    rate("Requests answered from memory", lookups.hits, lookups.hits + lookups.store_reads, "looked up"),
    rate("Logins that shared a tree", pool.hits + pool.joined + pool.already_held, trees, "logins"),
    rate("Logins that read no tree", pool.hits + pool.joined, trees, "logins"),
    saved(compression),
  ];
  const lists = [
    figureList("In memory", footprint, bytesElement),
    figureList("Trees for logins", pool, integer),
    figureList("Tokens", lookups, integer),
  ];
  return [
    element("h2", {}, "Caches"),
    element("div.cards", {}, ...cards),
    element("div.cards", {}, ...lists),
    ...(automatic ? automaticRoles(automatic) : []),
  ];
}

/** Which organizations automatic roles get at a login, and why. */
function automaticRoles({ rule, reason }) {
  const meaning =
    rule === "all"
      ? "all organizations of their client, less those that an inactive access row denies"
      : "the organizations of their access rows, and no others";
  return [
    element("h2", {}, "Automatic roles"),
    element("p.muted", { id: "automatic-roles" }, `They get ${meaning}: ${reason}.`),
  ];
}

function rate(title, part, whole, what) {
  return card(title, whole === 0 ? null : part / whole, `${integer(part)} of ${integer(whole)} ${what}`);
}

function saved({ bytes_in: given, bytes_out: sent }) {
  return card("Saved by compression", given === 0 ? null : 1 - sent / given, `${bytes(given)} became ${bytes(sent)}`);
}

/** A share as a number and as a bar. */
function card(title, share, note) {
  const filled = element("span.rate-filled");
  filled.style.width = `${(share ?? 0) * 100}%`;
  return element(
    "div.card",
    {},
    element("h3", {}, title),
    element("p.figure", {}, share === null ? "–" : `${rounded(share * 100)} %`),
    element("span.rate", { "aria-hidden": "true" }, filled),
    element("p.muted", {}, note),
  );
}

function figureList(title, figures, show) {
  const pairs = Object.entries(figures)
    .filter(([, value]) => typeof value === "number")
    .flatMap(([key, value]) => [element("dt", {}, words(key)), element("dd.number", {}, show(value))]);
  return element("div.card", {}, element("h3", {}, title), element("dl.facts", {}, ...pairs));
}

function ownSession(footprint, session) {
  const rows = [
    ["own", "this session alone"],
    ["organizations", "of that, the part that is about organizations"],
    ["access", "readable and writable organizations, shared with sessions of equal access"],
    ["tree", "the tree it is pinned to, shared with every session that has the same"],
  ]
    .filter(([key]) => key in footprint)
    .map(([key, meaning]) => [
      element("th", { scope: "row" }, words(key)),
      element("td.prose", {}, meaning),
      element("td.number", {}, bytesElement(footprint[key])),
    ])
    .map((cells) => element("tr", {}, ...cells));
  const columns = [{ title: "Part" }, { title: "What it is" }, { title: "Bytes", number: true }];
  const [read, write, all] = [session.readable, session.writable, session.organizations].map(integer);
  return [
    element("h2", {}, "This session"),
    element("p.muted", {}, `May read ${read} and write ${write} of ${all} organizations.`),
    table("Bytes of this session", columns, rows),
  ];
}
