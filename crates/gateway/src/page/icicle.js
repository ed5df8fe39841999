// The tree as an icicle chart: each organization takes the interval of list places of its subtree.

import { isolate, oncePerFrame } from "/page/dom.js";

const FONT = "12px system-ui, sans-serif";
const HATCH = 6;
/** The width of a level grows with this power of its number of organizations. */
const SPREAD = 0.75;
/** The least width of a level, if they fit. */
const LEAST = 28;
/** The height of a line of text, and so the least height of a box that gets a name. */
const LINE = 13;
/** The least width of a box whose name is upright, and the least height for which a level gets this width. */
const UPRIGHT_WIDTH = 18;
const UPRIGHT_HEIGHT = 90;
/** Cuts names between characters as a reader sees them: an emoji may be several code points. */
const CHARACTERS = new Intl.Segmenter();

/**
 * Draws {@link Organizations} with their places downwards and their levels to the right. Each legal entity
 * has a colour; organizations that the session may not read are hatched. The pointer highlights a natural
 * tree, a search what it found; a click selects, and a double click enlarges.
 *
 * INVARIANT: a node's number is its place in the list, so its subtree is the interval up to `end[node]`.
 */
export class Icicle {
  #canvas;
  #handlers;
  #organizations = null;
  #entity = new Int32Array(0);
  #colours = new Map();
  #from = 0;
  #to = 0;
  #lefts = [];
  #base = null;
  #selected = -1;
  #pointed = -1;
  #found = null;
  #names = new Map();
  #drawSoon = oncePerFrame(() => this.#draw());

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{
   *   select: (node: number) => void, zoom: (node: number) => void,
   *   pointed: (node: number, x: number, y: number) => void,
   * }} handlers `pointed` gets -1 for no organization, otherwise also where the pointer is
   */
  constructor(canvas, handlers) {
    this.#canvas = canvas;
    this.#handlers = handlers;
    canvas.addEventListener("pointermove", (event) => this.#setPointed(this.#nodeAt(event), event));
    canvas.addEventListener("pointerleave", (event) => this.#setPointed(-1, event));
    canvas.addEventListener("dblclick", (event) => {
      const node = this.#nodeAt(event);
      if (node >= 0 && this.#organizations.hasChildren(node)) handlers.zoom(node);
    });
    canvas.addEventListener("click", (event) => {
      const node = this.#nodeAt(event);
      if (node >= 0) handlers.select(node);
    });
    new ResizeObserver(() => this.#layOut()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#layOut());
  }

  /** Shows another tree, or none. */
  show(organizations) {
    this.#organizations = organizations;
    this.#selected = -1;
    this.#pointed = -1;
    this.#found = null;
    this.#from = 0;
    this.#to = organizations?.size ?? 0;
    this.#findEntities();
    this.#layOut();
  }

  /** Marks the selected organization and its natural tree. */
  select(node) {
    this.#selected = node;
    this.#drawSoon();
  }

  /** Highlights what a search found; `null` stands for no search. */
  mark(found) {
    this.#found = found;
    this.#drawSoon();
  }

  /** Shows the subtree of an organization in the whole height; with -1 the whole tree. */
  zoom(node) {
    if (!this.#organizations) return;
    this.#from = node < 0 ? 0 : node;
    this.#to = node < 0 ? this.#organizations.size : this.#organizations.end[node];
    this.#layOut();
  }

  /** The organization whose subtree is shown, or -1 for the whole tree. */
  get zoomed() {
    return this.#organizations !== null && this.#to - this.#from < this.#organizations.size ? this.#from : -1;
  }

  /** The legal entity of an organization, or -1. */
  entityOf(node) {
    return this.#entity[node];
  }

  get entities() {
    return this.#colours.size;
  }

  /** Finds each organization's nearest legal entity. Parents come before their children. */
  #findEntities() {
    const { rows, parent, size } = this.#organizations ?? { rows: [], parent: [], size: 0 };
    this.#entity = new Int32Array(size).fill(-1);
    this.#colours = new Map();
    for (let node = 0; node < size; node += 1) {
      const own = rows[node].flags.includes("legal_entity");
      this.#entity[node] = own ? node : parent[node] < 0 ? -1 : this.#entity[parent[node]];
      // The golden angle keeps the hues of neighbours apart.
      if (own) this.#colours.set(node, Math.round((this.#colours.size * 137.508 + 200) % 360));
    }
  }

  #layOut() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    this.#base = null;
    if (!this.#organizations || width === 0 || height === 0) return;
    const scale = Math.min(devicePixelRatio || 1, 2);
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#lefts = this.#levels(width, height);
    this.#base = document.createElement("canvas");
    this.#base.width = this.#canvas.width;
    this.#base.height = this.#canvas.height;
    const paint = this.#base.getContext("2d");
    paint.scale(scale, scale);
    this.#paint(paint, this.#from, this.#to, this.#colourOf());
    this.#draw();
  }

  /** The left edges of the visible levels, and the right edge of the last one. */
  #levels(width, height) {
    const { level, end } = this.#organizations;
    const first = level[this.#from];
    const counts = [];
    const largest = [];
    for (let node = this.#from; node < this.#to; node += 1) {
      const step = level[node] - first;
      counts[step] = (counts[step] ?? 0) + 1;
      largest[step] = Math.max(largest[step] ?? 0, end[node] - node);
    }
    const least = Math.min(LEAST, (width / counts.length) * 0.6);
    const isTall = (step) => (largest[step] / (this.#to - this.#from)) * height >= UPRIGHT_HEIGHT;
    // Half of the width may go to upright names.
    let uprights = Math.floor(width / 2 / UPRIGHT_WIDTH);
    const widths = counts.map((_, step) => (isTall(step) && (uprights -= 1) >= 0 ? Math.max(least, UPRIGHT_WIDTH) : least));
    const rest = Math.max(width - widths.reduce((sum, one) => sum + one, 0), 0);
    const shares = counts.map((count) => count ** SPREAD);
    const all = shares.reduce((sum, share) => sum + share, 0);
    const lefts = [0];
    shares.forEach((share, step) => lefts.push(lefts.at(-1) + widths[step] + (share / all) * rest));
    return lefts;
  }

  #colourOf() {
    const style = getComputedStyle(this.#canvas);
    const [ground, ink] = ["--entity-none", "--text"].map((name) => style.getPropertyValue(name).trim());
    const [saturation, lightness] = ["--entity-saturation", "--entity-lightness"].map((name) => style.getPropertyValue(name).trim());
    return {
      ink,
      line: style.getPropertyValue("--surface").trim(),
      mark: style.getPropertyValue("--accent").trim(),
      fill: (node) => {
        const hue = this.#colours.get(this.#entity[node]);
        return hue === undefined ? ground : `hsl(${hue} ${saturation} ${lightness})`;
      },
    };
  }

  /** Paints the organizations of an interval; of those that share a line of pixels, only the first. */
  #paint(paint, from, to, colours) {
    const { level, end, rows } = this.#organizations;
    const scale = this.#canvas.width / this.#canvas.clientWidth;
    const hatch = hatchPattern(paint, colours.ink);
    const first = level[this.#from];
    const last = [];
    const lines = new Path2D();
    const hatched = new Path2D();
    const boxes = [];
    for (let node = from; node < to; node += 1) {
      const step = level[node] - first;
      const [x, top, width, tall] = this.#box(node, end[node]);
      const line = Math.floor(top * scale);
      if (tall * scale < 1 && last[step] === line) continue;
      last[step] = line;
      // Whole pixels: antialiasing would make thin rectangles pale.
      const y = line / scale;
      const height = Math.max(Math.floor((top + tall) * scale) - line, 1) / scale;
      paint.fillStyle = colours.fill(node);
      paint.fillRect(x, y, width, height);
      if (!rows[node].readable) hatched.rect(x, y, width, height);
      if (height > 3 && width > 3) lines.rect(x + 0.25, y + 0.25, width - 0.5, height - 0.5);
      if (height >= LINE) boxes.push([node, x, y, width, height]);
    }
    paint.fillStyle = hatch;
    paint.fill(hatched);
    paint.strokeStyle = colours.line;
    paint.lineWidth = 1;
    paint.stroke(lines);
    this.#placeNames(paint, boxes, colours);
  }

  /**
   * Places the names of boxes that are high enough, parents before their children. A name may reach over the
   * boxes to the right, unless another name is there. In a high and narrow box it is upright.
   */
  #placeNames(paint, boxes, colours) {
    const row = this.#canvas.clientHeight / (this.#to - this.#from);
    const taken = [];
    this.#names = new Map();
    paint.font = FONT;
    for (const [node, x, y, width, height] of boxes) {
      const title = this.#organizations.title(node);
      const whole = paint.measureText(title).width;
      // With rows as high as a line, the place to the right of a box's own row is empty.
      const isUpright = row < LINE && whole > width - 8 && width >= LINE && height > whole + 8;
      const text = isUpright ? isolate(title) : fitText(paint, title, this.#canvas.clientWidth - x - 8);
      if (text === "") continue;
      // The name of a high box is near its top, as in the list.
      const middle = y + (isUpright ? height / 2 : Math.min(height / 2, row < LINE ? 10 : row / 2, 12));
      const wide = isUpright ? LINE : paint.measureText(text).width;
      const high = isUpright ? whole : LINE;
      const left = isUpright ? x + (width - LINE) / 2 : x + 4;
      const area = [left, middle - high / 2, left + wide, middle + high / 2];
      if (taken.some((other) => overlap(area, other))) continue;
      taken.push(area);
      this.#names.set(node, { text, isUpright, x: isUpright ? x + width / 2 : left, y: middle, ground: colours.fill(node) });
    }
  }

  /** Paints the names on the ground of their boxes: those of highlighted organizations stand out. */
  #paintNames(paint, colours, isLit) {
    paint.font = FONT;
    paint.textBaseline = "middle";
    paint.lineJoin = "round";
    paint.lineWidth = 3;
    for (const [node, { text, isUpright, x, y, ground }] of this.#names) {
      paint.save();
      paint.globalAlpha = isLit(node) ? 1 : 0.4;
      paint.translate(x, y);
      if (isUpright) paint.rotate(-Math.PI / 2);
      paint.textAlign = isUpright ? "center" : "left";
      paint.strokeStyle = ground;
      paint.strokeText(text, 0, 0);
      paint.fillStyle = colours.ink;
      paint.fillText(text, 0, 0);
      paint.restore();
    }
  }

  #box(node, end) {
    const { level } = this.#organizations;
    const step = level[node] - level[this.#from];
    const height = this.#canvas.clientHeight / (this.#to - this.#from);
    const x = this.#lefts[step];
    return [x, (node - this.#from) * height, this.#lefts[step + 1] - x, (end - node) * height];
  }

  /** Draws the base, and highlights what is pointed at, found or selected. */
  #draw() {
    if (!this.#base) return;
    const paint = this.#canvas.getContext("2d");
    const scale = this.#canvas.width / this.#canvas.clientWidth;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const [area, isLit] = this.#lit();
    paint.globalAlpha = area ? 0.3 : 1;
    paint.drawImage(this.#base, 0, 0);
    paint.globalAlpha = 1;
    if (area) {
      paint.save();
      paint.scale(scale, scale);
      paint.clip(area);
      paint.setTransform(1, 0, 0, 1, 0, 0);
      paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
      paint.drawImage(this.#base, 0, 0);
      paint.restore();
    }
    paint.save();
    paint.scale(scale, scale);
    const colours = this.#colourOf();
    this.#paintNames(paint, colours, isLit);
    paint.strokeStyle = colours.mark;
    for (const [node, line] of [[this.#pointed, 1], [this.#selected, 2]]) {
      if (!this.#isShown(node)) continue;
      const [x, y, width, height] = this.#box(node, this.#organizations.end[node]);
      paint.lineWidth = line;
      paint.strokeRect(x + line / 2, y + line / 2, Math.max(width - line, 1), Math.max(height - line, 1));
    }
    if (this.#isShown(this.#selected) && !this.#names.has(this.#selected)) this.#paintLabel(paint, colours);
    paint.restore();
  }

  /** Names the selected organization beside its box, which is too small for its name. */
  #paintLabel(paint, colours) {
    const [x, y, width, height] = this.#box(this.#selected, this.#organizations.end[this.#selected]);
    const { clientWidth, clientHeight } = this.#canvas;
    paint.font = FONT;
    paint.textBaseline = "middle";
    const text = fitText(paint, this.#organizations.title(this.#selected), clientWidth - 24);
    const wide = paint.measureText(text).width + 12;
    const left = Math.max(Math.min(x + width + 6, clientWidth - wide - 2), 2);
    const top = Math.max(Math.min(y + Math.min(height / 2, 12) - 10, clientHeight - 22), 2);
    paint.beginPath();
    paint.roundRect(left, top, wide, 20, 4);
    paint.fillStyle = colours.line;
    paint.fill();
    paint.lineWidth = 1;
    paint.stroke();
    paint.fillStyle = colours.ink;
    paint.fillText(text, left + 6, top + 10);
  }

  #isShown(node) {
    return node >= this.#from && node < this.#to;
  }

  /** The highlighted area and which organizations are in it; no area stands for the whole picture. */
  #lit() {
    const organizations = this.#organizations;
    const area = new Path2D();
    if (this.#found && this.#pointed < 0) {
      const found = new Set(this.#found.matches.filter((node) => this.#isShown(node)));
      const last = new Map();
      for (const node of found) {
        const [x, y, width, height] = this.#box(node, organizations.end[node]);
        // Of those that share a line of pixels, the first is enough.
        if (height < 1 && last.get(x) === Math.floor(y)) continue;
        last.set(x, Math.floor(y));
        area.rect(x, y, width, Math.max(height, 2));
      }
      return [area, (node) => found.has(node)];
    }
    const lit = this.#pointed >= 0 ? this.#pointed : this.#selected;
    if (!this.#isShown(lit)) return [null, () => true];
    for (const above of organizations.ancestors(lit)) {
      if (this.#isShown(above)) area.rect(...this.#box(above, organizations.end[above]));
    }
    const [x, y, , height] = this.#box(lit, organizations.end[lit]);
    area.rect(x, y, this.#canvas.clientWidth - x, Math.max(height, 1));
    return [area, (node) => node === lit || organizations.isAncestor(node, lit) || organizations.isAncestor(lit, node)];
  }

  #setPointed(node, { offsetX, offsetY }) {
    if (node >= 0 || this.#pointed >= 0) this.#handlers.pointed(node, offsetX, offsetY);
    if (node === this.#pointed) return;
    this.#pointed = node;
    this.#drawSoon();
  }

  /** The organization under the pointer, or -1. The place gives a path, the level an organization on it. */
  #nodeAt({ offsetX, offsetY }) {
    if (!this.#base) return -1;
    const { level, parent } = this.#organizations;
    const place = this.#from + Math.floor((offsetY / this.#canvas.clientHeight) * (this.#to - this.#from));
    if (place < this.#from || place >= this.#to) return -1;
    const step = this.#lefts.findIndex((left) => left > offsetX) - 1;
    const wanted = level[this.#from] + step;
    if (step < 0 || level[place] < wanted) return -1;
    let node = place;
    while (level[node] > wanted) node = parent[node];
    return node;
  }
}

/** Whether two areas, each from left and top to right and bottom, share a place. */
function overlap(a, b) {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** Diagonal lines. */
function hatchPattern(paint, ink) {
  const tile = document.createElement("canvas");
  tile.width = HATCH;
  tile.height = HATCH;
  const line = tile.getContext("2d");
  line.strokeStyle = ink;
  line.globalAlpha = 0.45;
  line.lineWidth = 1;
  for (const shift of [-HATCH, 0, HATCH]) {
    line.moveTo(shift, HATCH);
    line.lineTo(shift + HATCH, 0);
  }
  line.stroke();
  return paint.createPattern(tile, "repeat");
}

/** As much of a text as fits, or nothing if that is less than six characters. */
function fitText(paint, text, width) {
  const whole = paint.measureText(text).width;
  if (whole <= width) return isolate(text);
  const characters = Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
  const cut = (length) => isolate(`${characters.slice(0, length).join("")}…`);
  let length = Math.floor((characters.length * width) / whole);
  while (length > 5 && paint.measureText(cut(length)).width > width) length -= 1;
  return length > 5 ? cut(length) : "";
}
