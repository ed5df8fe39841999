package org.orgcache;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Finds the nearest organization of a kind, from a given one upwards (inclusive), without a walk.
 *
 * <p>Over the preorder the answer is a step function: it changes where a subtree of that kind begins, and
 * where it ends. If the steps would take more bytes than one value per organization, the values are stored
 * instead.
 */
final class Nearest {
    private static final Nearest NONE_OF_THE_KIND = new Nearest(null, 0);

    // INVARIANT: with steps, `values` has the strictly ascending start of each step and then the owner of
    // each. Without steps, it has one owner per organization, or is null if no organization is of the kind.
    private final Column values;
    private final int steps;

    private Nearest(Column values, int steps) {
        this.values = values;
        this.steps = steps;
    }

    static Nearest of(int[] ends, IntPredicate kind) {
        int organizations = ends.length;
        int[] owners = new int[organizations];
        int[] open = new int[16];
        int depth = 0;
        int steps = 0;
        int last = Column.NONE;
        for (int rank = 0; rank < organizations; rank++) {
            while (depth > 0 && ends[open[depth - 1]] <= rank) {
                depth--;
            }
            if (kind.test(rank)) {
                if (depth == open.length) {
                    open = Arrays.copyOf(open, 2 * depth);
                }
                open[depth++] = rank;
            }
            owners[rank] = depth == 0 ? Column.NONE : open[depth - 1];
            if (owners[rank] != last) {
                last = owners[rank];
                steps++;
            }
        }
        if (steps == 0) {
            return NONE_OF_THE_KIND;
        }
        if (2 * (long) steps >= organizations) {
            return new Nearest(new Column(organizations, owners), 0);
        }
        int[] values = new int[2 * steps];
        int step = 0;
        last = Column.NONE;
        for (int rank = 0; rank < organizations; rank++) {
            if (owners[rank] != last) {
                last = owners[rank];
                values[step] = rank;
                values[steps + step++] = last;
            }
        }
        return new Nearest(new Column(organizations, values), steps);
    }

    /** The rank of the nearest organization of the kind from a rank upwards (inclusive), or NONE. */
    int from(int rank) {
        if (values == null) {
            return Column.NONE;
        }
        if (steps == 0) {
            return values.rank(rank);
        }
        int step = values.countUpTo(rank, steps) - 1;
        return step < 0 ? Column.NONE : values.rank(steps + step);
    }

    long heapBytes() {
        return values == null ? 0 : Heap.object(2) + values.heapBytes();
    }
}
