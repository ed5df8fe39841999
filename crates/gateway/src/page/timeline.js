// Sessions on a line of time, under the tree that each of them is pinned to.

import { duration, element, integer, isolated, name } from "/page/dom.js";

/** Sessions drawn for one tree; more are counted. */
const DRAWN = 24;
/** The shortest time that the line covers, in seconds. */
const SHORTEST = 60;

/**
 * A lane for each tree, the current one first.
 *
 * @param {Array<object>} sessions as `/v1/admin/sessions` lists them
 * @param {Array<object>} trees as `/v1/admin/trees` lists them
 * @param {string} own the id of the session that looks
 */
export function timeline(sessions, trees, own) {
  const span = Math.max(SHORTEST, ...sessions.map((session) => session.age_seconds));
  const byTree = Map.groupBy(sessions, (session) => session.tree);
  const lanes = [...byTree].map(([fingerprint, holders]) => ({
    fingerprint,
    tree: trees.find((tree) => tree.fingerprint === fingerprint),
    // The oldest first: a later session may have a newer tree, never an older one.
    holders: holders.toSorted((a, b) => b.age_seconds - a.age_seconds),
  }));
  const rank = ({ tree }) => (tree?.current ? 0 : 1);
  lanes.sort((a, b) => rank(a) - rank(b) || a.holders.at(-1).age_seconds - b.holders.at(-1).age_seconds);
  const scale = [1, 0.5, 0].map((share) => {
    const tick = element("span.tick", {}, share === 0 ? "now" : `${duration(share * span)} ago`);
    tick.style.insetInlineStart = `${(1 - share) * 100}%`;
    return tick;
  });
  return element(
    "div.timeline",
    { id: "timeline" },
    ...lanes.map((lane) => drawLane(lane, span, own)),
    element("div.timeline-scale", { "aria-hidden": "true" }, element("span.plot-area", {}, ...scale)),
  );
}

function drawLane({ fingerprint, tree, holders }, span, own) {
  const state = tree?.current === true ? element("span.tag", {}, "current") : tree?.current === false ? element("span.tag.tag-warn", {}, "older") : null;
  const facts = [
    `${integer(holders.length)} session${holders.length === 1 ? "" : "s"}`,
    tree ? `${integer(tree.organizations)} organizations` : "on another instance",
    `first sign-in ${duration(holders[0].age_seconds)} ago`,
  ];
  const more = holders.length - DRAWN;
  return element(
    "section.lane",
    { "data-lane": fingerprint, "aria-label": `Tree ${fingerprint.slice(0, 8)}` },
    element(
      "div.lane-head",
      {},
      element("p", {}, element("code", { title: fingerprint }, fingerprint.slice(0, 8)), " ", state),
      element("p.note", {}, facts.join(" · ")),
    ),
    element(
      "div.lane-plot",
      { "aria-hidden": "true" },
      ...holders.slice(0, DRAWN).map((session) => line(session, span, own)),
      more > 0 ? element("span.note", {}, `and ${integer(more)} more`) : null,
    ),
  );
}

/** A session from its sign-in to now; the part since its last use is thin. */
function line(session, span, own) {
  const share = (seconds) => `${(Math.min(seconds, span) / span) * 100}%`;
  const user = isolated(session.username ?? session.user);
  const title = `${user}, signed in ${duration(session.age_seconds)} ago, idle for ${duration(session.idle_seconds)}`;
  const used = element("span.life-used");
  const whole = element(session.id === own ? "span.life.life-own" : "span.life", { title }, used);
  whole.style.width = share(Math.max(session.age_seconds, span / 200));
  used.style.width = `${(1 - Math.min(session.idle_seconds / Math.max(session.age_seconds, 1), 1)) * 100}%`;
  return whole;
}

/** What changed in a tree, as a heading and a list. */
export function changeList({ counts, changes }) {
  const told = [
    [counts.added, "added"],
    [counts.removed, "removed"],
    [counts.moved, "moved"],
    [counts.flags, "with other flags"],
    [counts.other, "with another time zone or calendar"],
  ].filter(([count]) => count > 0);
  const total = told.reduce((sum, [count]) => sum + count, 0);
  const summary = told.map(([count, what]) => `${integer(count)} ${what}`).join(", ");
  const items = changes.map((change) => element("li", { "data-change": change.change }, ...inWords(change)));
  if (total > changes.length) items.push(element("li", {}, `and ${integer(total - changes.length)} more`));
  return [`What changed: ${summary}`, items];
}

function inWords({ change, name: called, from, to, gained, lost }) {
  const it = name(called);
  const place = (parent) => (parent === undefined ? "the top" : name(parent));
  const flags = (list) => list.map((flag) => flag.replaceAll("_", " ")).join(", ");
  switch (change) {
    case "added":
      return [it, " was added below ", place(to)];
    case "removed":
      return [it, " was removed from ", place(from)];
    case "moved":
      return [it, " moved from ", place(from), " to ", place(to)];
    case "flags":
      return [it, gained ? ` is now ${flags(gained)}` : "", gained && lost ? " and" : "", lost ? ` is no longer ${flags(lost)}` : ""];
    default:
      return [it, ` has another ${change.replace("_", " ")}: ${to ?? "none"}`];
  }
}
