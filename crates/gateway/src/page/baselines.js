// What the caches of Openbravo and the trees of orgcache take for so many organizations and sessions.

/** Shapes of trees that were measured. */
export const SHAPES = [
  ["flat", "flat: all below one"],
  ["fan5", "five below each"],
  ["chain", "a chain: each below the one before"],
];

/** The numbers of organizations that were measured. */
const SIZES = [600, 6_000];

/**
 * Bytes at those sizes. Openbravo's are of its own classes on OpenJDK 17, as docs/benchmarks-jvm.md has them; orgcache's are
 * those of docs/benchmarks.md.
 */
const MEASURED = {
  pre: { flat: [371_253, 3_615_476], fan5: [482_922, 5_431_896], chain: [14_304_684, 1_352_504_344] },
  post: { flat: [147_921, 1_453_611], fan5: [151_591, 1_499_017], chain: [178_162, 1_771_533] },
  head: { flat: [146_944, 1_450_104], fan5: [150_352, 1_492_304], chain: [177_176, 1_761_048] },
  orgcache: { flat: [18_000, 170_000], fan5: [18_000, 170_000], chain: [17_700, 167_000] },
};

/** Bytes of a session that refers to Openbravo's shared map. */
const HEAD_SESSION = 28;

/** Bytes of one tree: what was measured, and between and beyond that a power law through the two sizes. */
function ofTree(structure, shape, organizations) {
  const [small, large] = MEASURED[structure][shape];
  const power = Math.log(large / small) / Math.log(SIZES[1] / SIZES[0]);
  return Math.round(small * (organizations / SIZES[0]) ** power);
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
  const one = (structure) => ofTree(structure, shape, organizations);
  return {
    orgcache: one("orgcache") + ofSession * sessions,
    pre: one("pre") * sessions,
    post: one("post") * sessions,
    head: one("head") + HEAD_SESSION * sessions,
  };
}
