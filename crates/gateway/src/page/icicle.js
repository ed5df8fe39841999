// The tree as an icicle chart: each organization takes the interval of list places of its subtree.

import { isolate, oncePerFrame } from "/page/dom.js";

const HATCH = 6;
/** The width of a level grows with this power of its number of organizations. */
const SPREAD = 0.75;
/** The least width of a level, if they fit. */
const LEAST = 28;
/** The least box that gets a name. */
const NAME_HEIGHT = 13;
const NAME_WIDTH = 30;
/** Cuts names between characters as a reader sees them: an emoji may be several code points. */
const CHARACTERS = new Intl.Segmenter();

/**
 * Draws {@link Organizations} with their places downwards and their levels to the right. Each legal entity has
 * a colour; organizations that the session may not read are hatched. The pointer highlights a natural tree; a
 * click selects.
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
  #drawSoon = oncePerFrame(() => this.#draw());

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{select: (node: number) => void, pointed: (node: number) => void}} handlers `pointed` gets -1
   * for no organization
   */
  constructor(canvas, handlers) {
    this.#canvas = canvas;
    this.#handlers = handlers;
    canvas.addEventListener("pointermove", (event) => this.#setPointed(this.#nodeAt(event)));
    canvas.addEventListener("pointerleave", () => this.#setPointed(-1));
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

  /** Shows the subtree of an organization in the whole height; with -1 the whole tree. */
  zoom(node) {
    if (!this.#organizations) return;
    this.#from = node < 0 ? 0 : node;
    this.#to = node < 0 ? this.#organizations.size : this.#organizations.end[node];
    this.#layOut();
  }

  /** Whether only a part of the tree is shown. */
  get isZoomed() {
    return this.#organizations !== null && this.#to - this.#from < this.#organizations.size;
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
    this.#lefts = this.#levels(width);
    this.#base = document.createElement("canvas");
    this.#base.width = this.#canvas.width;
    this.#base.height = this.#canvas.height;
    const paint = this.#base.getContext("2d");
    paint.scale(scale, scale);
    this.#paint(paint, this.#from, this.#to, this.#colourOf());
    this.#draw();
  }

  /** The left edges of the visible levels, and the right edge of the last one. */
  #levels(width) {
    const { level } = this.#organizations;
    const first = level[this.#from];
    const counts = [];
    for (let node = this.#from; node < this.#to; node += 1) counts[level[node] - first] = (counts[level[node] - first] ?? 0) + 1;
    const least = Math.min(LEAST, (width / counts.length) * 0.6);
    const shares = counts.map((count) => count ** SPREAD);
    const all = shares.reduce((sum, share) => sum + share, 0);
    const lefts = [0];
    for (const share of shares) lefts.push(lefts.at(-1) + least + (share / all) * (width - least * counts.length));
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
    paint.font = "12px system-ui, sans-serif";
    paint.textBaseline = "middle";
    const names = [];
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
      if (height >= NAME_HEIGHT && width >= NAME_WIDTH) names.push([node, x, y, width, height]);
    }
    paint.fillStyle = hatch;
    paint.fill(hatched);
    paint.strokeStyle = colours.line;
    paint.lineWidth = 1;
    paint.stroke(lines);
    paint.fillStyle = colours.ink;
    for (const [node, x, y, width, height] of names) {
      const text = fitText(paint, this.#organizations.title(node), width - 8);
      // The name of a tall box stays near its top, as in the list.
      if (text) paint.fillText(text, x + 4, y + Math.min(height / 2, 12));
    }
  }

  #box(node, end) {
    const { level } = this.#organizations;
    const step = level[node] - level[this.#from];
    const height = this.#canvas.clientHeight / (this.#to - this.#from);
    const x = this.#lefts[step];
    return [x, (node - this.#from) * height, this.#lefts[step + 1] - x, (end - node) * height];
  }

  /** Draws the base, and highlights the natural tree of the pointed organization, or of the selected one. */
  #draw() {
    if (!this.#base) return;
    const paint = this.#canvas.getContext("2d");
    const scale = this.#canvas.width / this.#canvas.clientWidth;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const lit = this.#pointed >= 0 ? this.#pointed : this.#selected;
    const isShown = (node) => node >= this.#from && node < this.#to;
    if (lit < 0 || !isShown(lit)) {
      paint.drawImage(this.#base, 0, 0);
      return;
    }
    const { end } = this.#organizations;
    paint.globalAlpha = 0.3;
    paint.drawImage(this.#base, 0, 0);
    paint.globalAlpha = 1;
    const natural = new Path2D();
    for (const above of this.#organizations.ancestors(lit).filter(isShown)) natural.rect(...this.#box(above, end[above]));
    const [x, y, width, height] = this.#box(lit, end[lit]);
    natural.rect(x, y, this.#canvas.clientWidth - x, Math.max(height, 1));
    paint.save();
    paint.scale(scale, scale);
    paint.clip(natural);
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    paint.drawImage(this.#base, 0, 0);
    paint.restore();
    paint.save();
    paint.scale(scale, scale);
    paint.strokeStyle = this.#colourOf().mark;
    paint.lineWidth = 2;
    if (isShown(this.#selected)) {
      const [left, top, wide, high] = this.#box(this.#selected, end[this.#selected]);
      paint.strokeRect(left + 1, top + 1, Math.max(wide - 2, 1), Math.max(high - 2, 1));
    }
    paint.lineWidth = 1;
    paint.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 1), Math.max(height - 1, 1));
    paint.restore();
  }

  #setPointed(node) {
    if (node === this.#pointed) return;
    this.#pointed = node;
    this.#handlers.pointed(node);
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
