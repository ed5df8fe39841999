// Sessions on a time line, under the tree that each of them has pinned.

import { element, formatCount, formatDuration, formatInteger, isolate, treeState } from "/page/dom.js";

/** The most sessions drawn for one tree. */
const DRAWN = 24;
/** The time span is a multiple of this, in seconds, so that its half is in whole minutes. */
const STEP = 120;

/**
 * A lane for each tree, the current one first.
 *
 * @param {Array<object>} sessions as `/v1/admin/sessions` lists them
 * @param {Array<object>} trees as `/v1/admin/trees` lists them
 * @param {string} own the id of the page's session
 */
export function timeline(sessions, trees, own) {
  const oldest = Math.max(1, ...sessions.map((session) => session.age_seconds));
  const span = Math.ceil(oldest / STEP) * STEP;
  const byTree = Map.groupBy(sessions, (session) => session.tree);
  const lanes = [...byTree].map(([fingerprint, holders]) => ({
    fingerprint,
    tree: trees.find((tree) => tree.fingerprint === fingerprint),
    // Oldest first.
    holders: holders.toSorted((a, b) => b.age_seconds - a.age_seconds),
  }));
  const rank = ({ tree }) => (tree?.current ? 0 : 1);
  lanes.sort((a, b) => rank(a) - rank(b) || a.holders.at(-1).age_seconds - b.holders.at(-1).age_seconds);
  const scale = [1, 0.5, 0].map((share) => {
    const tick = element("span.tick", {}, share === 0 ? "now" : `${formatDuration(share * span)} ago`);
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
  const facts = [
    formatCount(holders.length, "session"),
    tree ? formatCount(tree.organizations, "organization") : "on another instance",
    `first sign-in ${formatDuration(holders[0].age_seconds)} ago`,
  ];
  const drawn = holders.filter((session, place) => place < DRAWN || session.id === own);
  const more = holders.length - drawn.length;
  return element(
    "section.lane",
    { "data-lane": fingerprint, "aria-label": `Tree ${fingerprint.slice(0, 8)}` },
    element(
      "div.lane-head",
      {},
      element("p", {}, element("code", { title: fingerprint }, fingerprint.slice(0, 8)), " ", treeState(tree?.current)),
      element("p.note", {}, facts.join(" · ")),
    ),
    element(
      "div.lane-plot",
      { "aria-hidden": "true" },
      ...drawn.map((session) => line(session, span, own)),
      more > 0 ? element("span.note", {}, `and ${formatInteger(more)} more`) : null,
    ),
  );
}

/** A session from its sign-in to now: thick until its last use, then thin. */
function line(session, span, own) {
  const share = (seconds) => `${(Math.min(seconds, span) / span) * 100}%`;
  const user = isolate(session.username ?? session.user);
  const title = `${user}, signed in ${formatDuration(session.age_seconds)} ago, idle for ${formatDuration(session.idle_seconds)}`;
  const used = element("span.life-used");
  const whole = element(session.id === own ? "span.life.life-own" : "span.life", { title }, used);
  whole.style.width = share(Math.max(session.age_seconds, span / 200));
  used.style.width = `${(1 - Math.min(session.idle_seconds / Math.max(session.age_seconds, 1), 1)) * 100}%`;
  return whole;
}
