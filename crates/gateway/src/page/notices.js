// The notices above the views, the dialog, and announcements to screen readers.

import { byId, element, formatInteger, formatKey, name } from "/page/dom.js";

/** Shows or hides the notice that the session's tree is older than the current one. */
export function setStale(isStale) {
  // Screen readers announce each change of the attribute.
  if (byId("stale").hidden === isStale) byId("stale").hidden = !isStale;
  if (!isStale) byId("changes").hidden = true;
}

/** Shows what changed between the pinned tree and the current one. */
export function showChanges(changes) {
  const [summary, items] = changeList(changes);
  byId("changes-summary").textContent = summary;
  byId("changes-list").replaceChildren(...items);
  byId("changes").hidden = false;
}

/** Shows a problem and a button that does something about it. */
export function showTrouble(text, label, action) {
  byId("loading").hidden = true;
  byId("trouble-text").textContent = text;
  byId("trouble-action").textContent = label;
  byId("trouble-action").onclick = action;
  byId("trouble").hidden = false;
}

/** Hides the problem. */
export function hideTrouble() {
  byId("trouble").hidden = true;
}

/** Tells screen readers what is visible. */
export function announce(text) {
  byId("announcement").textContent = text;
}

/** Asks a yes-or-no question; closing the dialog in any other way is a no. */
export function askToConfirm(title, text, yes) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** What changed in a tree, as a heading and a list. */
function changeList({ counts, changes }) {
  const kinds = [
    [counts.added, "added"],
    [counts.removed, "removed"],
    [counts.moved, "moved"],
    [counts.flags, "with other flags"],
    [counts.other, "with another time zone or calendar"],
  ].filter(([count]) => count > 0);
  const total = kinds.reduce((sum, [count]) => sum + count, 0);
  const summary = kinds.map(([count, what]) => `${formatInteger(count)} ${what}`).join(", ");
  const items = changes.map((change) => element("li", { "data-change": change.change }, ...describeChange(change)));
  if (total > changes.length) items.push(element("li", {}, `and ${formatInteger(total - changes.length)} more`));
  return [`What changed: ${summary}`, items];
}

function describeChange({ change, name: called, from, to, gained, lost }) {
  const it = name(called);
  const place = (parent) => (parent === undefined ? "the top" : name(parent));
  const flags = (list) => list.map(formatKey).join(", ");
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
      return [it, ` has another ${formatKey(change)}: ${to ?? "none"}`];
  }
}
