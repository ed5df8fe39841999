package org.orgcache;

import java.util.Arrays;

/**
 * The order of a tree: every organization after its parent, every subtree one range, and of the children of
 * an organization the one with the largest subtree first, ties by id.
 *
 * <p>The first child follows its parent at once, so the largest subtrees form heavy chains: runs of
 * consecutive ranks from which every step to another chain at least doubles the subtree. That is why
 * ancestors are at most log2(n) + 1 ranges.
 */
final class Numbering {
    /** The row of each rank. */
    final int[] rowOf;
    /** The rank of each row. */
    final int[] rankOf;

    private final int[] parents;

    /** Orders rows, given the parent row of each, or NONE. No recursion over the depth. */
    Numbering(int[] parents, String[] ids) throws CycleFound {
        int rows = parents.length;
        this.parents = parents;
        rowOf = new int[rows];
        rankOf = new int[rows];
        // The siblings below row r are at starts[r + 1] to starts[r + 2]. The roots are the first group.
        int[] starts = new int[rows + 2];
        for (int parent : parents) {
            starts[parent + 2]++;
        }
        int[] uncounted = Arrays.copyOfRange(starts, 2, rows + 2);
        for (int group = 0; group <= rows; group++) {
            starts[group + 1] += starts[group];
        }
        int[] sizes = new int[rows];
        int[] upwards = countSubtrees(sizes, uncounted);
        long[] siblings = sortSiblings(starts, sizes, ids);
        place(0, siblings, starts[0], starts[1], sizes);
        for (int i = rows - 1; i >= 0; i--) {
            int row = upwards[i];
            place(rankOf[row] + 1, siblings, starts[row + 1], starts[row + 2], sizes);
        }
    }

    /**
     * Counts every subtree from the leaves upwards, given each row's number of children. Children come first.
     */
    private int[] countSubtrees(int[] sizes, int[] uncounted) throws CycleFound {
        int rows = parents.length;
        int[] upwards = new int[rows];
        int done = 0;
        Arrays.fill(sizes, 1);
        for (int start = 0; start < rows; start++) {
            for (int row = start; row >= 0 && uncounted[row] == 0;) {
                uncounted[row] = -1;
                upwards[done++] = row;
                int parent = parents[row];
                if (parent >= 0) {
                    uncounted[parent]--;
                    sizes[parent] += sizes[row];
                }
                row = parent;
            }
        }
        if (done < rows) {
            throw new CycleFound(uncounted);
        }
        return upwards;
    }

    /**
     * All rows by parent; within each group the largest subtree first, ties by id. The row is in the lower
     * half.
     */
    private long[] sortSiblings(int[] starts, int[] sizes, String[] ids) {
        int rows = parents.length;
        int[] next = Arrays.copyOf(starts, rows + 1);
        long[] siblings = new long[rows];
        for (int row = 0; row < rows; row++) {
            siblings[next[parents[row] + 1]++] = (long) (Integer.MAX_VALUE - sizes[row]) << 32 | row;
        }
        for (int group = 0; group <= rows; group++) {
            int end = starts[group + 1];
            if (end - starts[group] < 2) {
                continue;
            }
            Arrays.sort(siblings, starts[group], end);
            for (int from = starts[group]; from < end;) {
                int to = from + 1;
                while (to < end && siblings[to] >>> 32 == siblings[from] >>> 32) {
                    to++;
                }
                sortById(siblings, from, to, ids);
                from = to;
            }
        }
        return siblings;
    }

    /** Sorts by the beginnings of ids, which needs no comparator, and ties by the whole ids. */
    private static void sortById(long[] siblings, int from, int to, String[] ids) {
        if (to - from < 2) {
            return;
        }
        for (int i = from; i < to; i++) {
            int row = (int) siblings[i];
            siblings[i] = (long) Utf8.prefix(ids[row]) << 32 | row;
        }
        Arrays.sort(siblings, from, to);
        for (int start = from; start < to;) {
            int end = start + 1;
            while (end < to && siblings[end] >> 32 == siblings[start] >> 32) {
                end++;
            }
            if (end - start > 1) {
                sortByWholeId(siblings, start, end, ids);
            }
            start = end;
        }
    }

    private static void sortByWholeId(long[] siblings, int from, int to, String[] ids) {
        Integer[] alike = new Integer[to - from];
        for (int i = from; i < to; i++) {
            alike[i - from] = (int) siblings[i];
        }
        Arrays.sort(alike, (one, other) -> Utf8.compare(ids[one], ids[other]));
        for (int i = from; i < to; i++) {
            siblings[i] = alike[i - from];
        }
    }

    /** Gives consecutive ranges, from a rank on, to the subtrees of siblings. */
    private void place(int first, long[] siblings, int from, int to, int[] sizes) {
        int rank = first;
        for (int i = from; i < to; i++) {
            int row = (int) siblings[i];
            rankOf[row] = rank;
            rowOf[rank] = row;
            rank += sizes[row];
        }
    }

    /** The parent of each rank, as a rank. */
    int[] parentRanks() {
        int[] ranks = new int[parents.length];
        for (int rank = 0; rank < ranks.length; rank++) {
            int parent = parents[rowOf[rank]];
            ranks[rank] = parent < 0 ? Column.NONE : rankOf[parent];
        }
        return ranks;
    }

    /** Where each subtree ends, given the parent of each rank, which is less than the rank. */
    static int[] subtreeEnds(int[] parents) {
        int[] ends = new int[parents.length];
        for (int rank = 0; rank < ends.length; rank++) {
            ends[rank] = rank + 1;
        }
        for (int rank = ends.length - 1; rank >= 0; rank--) {
            int parent = parents[rank];
            if (parent >= 0 && ends[parent] < ends[rank]) {
                ends[parent] = ends[rank];
            }
        }
        return ends;
    }

    /** The first rank of each rank's heavy chain. */
    static int[] chainHeads(int[] parents) {
        int[] heads = new int[parents.length];
        int head = 0;
        for (int rank = 0; rank < heads.length; rank++) {
            if (parents[rank] != rank - 1) {
                head = rank;
            }
            heads[rank] = head;
        }
        return heads;
    }

    /** Rows are each other's ancestors. */
    static final class CycleFound extends Exception {
        private static final long serialVersionUID = 1;

        /** Per row, -1 unless it is on a cycle or above one. */
        final int[] uncounted;

        CycleFound(int[] uncounted) {
            super(null, null, false, false);
            this.uncounted = uncounted;
        }
    }
}
