// Estimates the bytes that Openbravo's caches and orgcache's trees take.

/** The measured shapes of trees. */
export const SHAPES = [
  ["flat", "flat: all below one"],
  ["fan5", "five below each"],
  ["chain", "a chain: each below the one before"],
];

/** Bytes of Openbravo's own classes on OpenJDK 17 at 600 and 6,000 organizations: docs/benchmarks-jvm.md. */
const OPENBRAVO = {
  pre: { flat: [371_253, 3_615_476], fan5: [482_922, 5_431_896], chain: [14_304_684, 1_352_504_344] },
  post: { flat: [147_921, 1_453_611], fan5: [151_591, 1_499_017], chain: [178_162, 1_771_533] },
  head: { flat: [146_944, 1_450_104], fan5: [150_352, 1_492_304], chain: [177_176, 1_761_048] },
};

/** Bytes of a session that refers to Openbravo's shared map. */
const HEAD_SESSION = 28;

/** Bytes of orgcache's trees, from docs/benchmarks-tables.md. */
const ORGCACHE = {
  flat: { 600: 18_000, 6_000: 170_000, 60_000: 1_840_000, 1_000_000: 41_800_000 },
  fan5: { 600: 18_000, 6_000: 170_000, 60_000: 1_840_000, 1_000_000: 41_800_000 },
  chain: { 600: 17_700, 6_000: 167_000, 60_000: 1_810_000, 1_000_000: 40_700_000 },
};

/** Up to here, orgcache's trees number organizations in two bytes; beyond, in four. */
const MOST_IN_TWO_BYTES = 65_535;

/** A power law through the two measured sizes: at most what the original takes for few organizations. */
function ofOpenbravo([small, large], organizations) {
  return Math.round(small * (organizations / 600) ** Math.log10(large / small));
}

/** Straight lines through the measured sizes: at least what a tree takes for few organizations. */
function ofOrgcache(measured, organizations) {
  if (organizations > MOST_IN_TWO_BYTES) return Math.round((measured[1_000_000] * organizations) / 1_000_000);
  const [from, to] = organizations <= 6_000 ? [600, 6_000] : [6_000, 60_000];
  return Math.round(measured[from] + ((measured[to] - measured[from]) * (organizations - from)) / (to - from));
}

/**
 * Bytes for sessions that share a tree.
 *
 * @param {string} shape
 * @param {number} organizations
 * @param {number} sessions
 * @param {number} ofSession bytes about organizations in a session of this server
 */
export function estimate(shape, organizations, sessions, ofSession) {
  const one = (structure) => ofOpenbravo(OPENBRAVO[structure][shape], organizations);
  return {
    orgcache: ofOrgcache(ORGCACHE[shape], organizations) + ofSession * sessions,
    pre: one("pre") * sessions,
    post: one("post") * sessions,
    head: one("head") + HEAD_SESSION * sessions,
  };
}
