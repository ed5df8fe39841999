// What the page says beside its views: troubles, an older tree, questions, and what happened.

import { byId } from "/page/dom.js";
import { changeList } from "/page/timeline.js";

/** Says whether the session's tree is older than the current one. */
export function stale(isStale) {
  // Set only when it changes: each time is announced.
  if (byId("stale").hidden === isStale) byId("stale").hidden = !isStale;
  if (!isStale) byId("changes").hidden = true;
}

/** Says what is different in the newer tree. */
export function showChanges(changes) {
  const [summary, items] = changeList(changes);
  byId("changes-summary").textContent = summary;
  byId("changes-list").replaceChildren(...items);
  byId("changes").hidden = false;
}

/** Says what goes wrong, and offers to do something about it. */
export function trouble(text, label, action) {
  byId("loading").hidden = true;
  byId("trouble-text").textContent = text;
  byId("trouble-action").textContent = label;
  byId("trouble-action").onclick = action;
  byId("trouble").hidden = false;
}

/** Nothing goes wrong any more. */
export function noTrouble() {
  byId("trouble").hidden = true;
}

/** Tells screen readers what others see happen. */
export function announce(text) {
  byId("announcement").textContent = text;
}

/** Asks a yes-or-no question; closing the dialog in any other way is a no. */
export function confirmed(title, text, yes) {
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
