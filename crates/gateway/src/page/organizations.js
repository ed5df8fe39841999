// The session's pinned tree.

/**
 * The organizations of one tree, numbered in preorder of their display: a subtree is a range of numbers.
 *
 * The tree is immutable, so ancestors and descendants computed here are those that the server would name.
 */
export class Organizations {
  /** @param {Array<{id: string, parent: string | null}>} rows siblings in display order */
  constructor(rows) {
    const childrenOf = siblings(rows);
    const size = rows.length;
    this.rows = [];
    this.parent = new Int32Array(size);
    this.level = new Int32Array(size);
    this.end = new Int32Array(size);
    this.position = new Int32Array(size);
    this.siblings = new Int32Array(size);
    this.byId = new Map();
    this.#number(childrenOf);
    this.folded = this.rows.map((row) => ({
      name: fold(row.name),
      key: fold(row.search_key ?? ""),
      id: fold(row.id),
    }));
  }

  /** Numbers in preorder, without recursion: a tree may be a chain of any length. */
  #number(childrenOf) {
    const stack = [{ list: childrenOf.get(null) ?? [], next: 0, parent: -1 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next === top.list.length) {
        stack.pop();
        if (top.parent >= 0) this.end[top.parent] = this.rows.length;
        continue;
      }
      const row = top.list[top.next];
      const node = this.rows.length;
      top.next += 1;
      this.rows.push(row);
      this.byId.set(row.id, node);
      this.parent[node] = top.parent;
      this.level[node] = stack.length;
      this.position[node] = top.next;
      this.siblings[node] = top.list.length;
      stack.push({ list: childrenOf.get(row.id) ?? [], next: 0, parent: node });
    }
  }

  get size() {
    return this.rows.length;
  }

  /** The name of an organization, or its id if the name is blank. */
  title(node) {
    const { name, id } = this.rows[node];
    return name?.trim() ? name : id;
  }

  /** The name of the organization with this id, which the tree need not have. */
  titleOf(id) {
    const node = this.byId.get(id);
    return node === undefined ? id : this.title(node);
  }

  hasChildren(node) {
    return this.end[node] > node + 1;
  }

  isAncestor(upper, lower) {
    return upper < lower && lower < this.end[upper];
  }

  /** The ancestors, from the root downwards. */
  ancestors(node) {
    const path = [];
    for (let at = this.parent[node]; at >= 0; at = this.parent[at]) path.push(at);
    return path.reverse();
  }

  /** The organizations to list if those in `open` are expanded and only those in `keep` match the search. */
  visible(open, keep) {
    const shown = [];
    for (let node = 0; node < this.size; ) {
      const kept = !keep || keep[node] === 1;
      if (kept) shown.push(node);
      node = kept && open[node] === 1 ? node + 1 : this.end[node];
    }
    return shown;
  }

  /** Marks the organizations to expand at first: as many whole levels as fit into `rows` rows. */
  firstExpansion(rows) {
    const ofLevel = [];
    for (const level of this.level) ofLevel[level] = (ofLevel[level] ?? 0) + 1;
    let deepest = 2;
    let shown = (ofLevel[1] ?? 0) + (ofLevel[2] ?? 0);
    while (deepest + 1 < ofLevel.length && shown + ofLevel[deepest + 1] <= rows) {
      deepest += 1;
      shown += ofLevel[deepest];
    }
    return Uint8Array.from(this.level, (level) => (level < deepest ? 1 : 0));
  }

  /** The organizations whose name, search key or id contains `text`; `keep` marks their ancestors too. */
  search(text) {
    const wanted = fold(text);
    const keep = new Uint8Array(this.size);
    const matches = [];
    for (let node = 0; node < this.size; node += 1) {
      const { name, key, id } = this.folded[node];
      if (!name.includes(wanted) && !key.includes(wanted) && !id.includes(wanted)) continue;
      matches.push(node);
      for (let at = node; at >= 0 && keep[at] === 0; at = this.parent[at]) keep[at] = 1;
    }
    return { wanted, keep, matches };
  }
}

/** Rows by parent. A row whose parent is missing is a root. */
function siblings(rows) {
  const ids = new Set(rows.map((row) => row.id));
  const childrenOf = new Map();
  for (const row of rows) {
    const parent = ids.has(row.parent) ? row.parent : null;
    if (!childrenOf.has(parent)) childrenOf.set(parent, []);
    childrenOf.get(parent).push(row);
  }
  return childrenOf;
}

/** Without case and accents, so that `munchen` finds `München`. */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
