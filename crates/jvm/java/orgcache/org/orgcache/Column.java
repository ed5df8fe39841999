package org.orgcache;

import java.util.Arrays;

/** One integer per place: 2 bytes each if every value fits, else 4. */
final class Column {
    /** Stands for "none" in either width. */
    static final int NONE = -1;
    /** The most organizations that 16 bits can number. */
    static final int NARROW_MAX = 65_535;

    private static final char NARROW_NONE = 0xffff;

    // One of the two is null. A well-predicted branch costs less than a virtual call.
    private final char[] narrow;
    private final int[] wide;

    /** Stores the values of a tree of the given size: ranks, the size itself, or NONE. */
    Column(int organizations, int[] values, int length) {
        if (organizations > NARROW_MAX) {
            narrow = null;
            wide = Arrays.copyOf(values, length);
        } else {
            narrow = new char[length];
            wide = null;
            for (int i = 0; i < length; i++) {
                narrow[i] = (char) values[i];
            }
        }
    }

    Column(int organizations, int[] values) {
        this(organizations, values, values.length);
    }

    /** The value at a place, in a column without NONE. */
    int get(int place) {
        return narrow != null ? narrow[place] : wide[place];
    }

    /** The value at a place, or NONE. */
    int rank(int place) {
        if (narrow == null) {
            return wide[place];
        }
        char value = narrow[place];
        return value == NARROW_NONE ? NONE : value;
    }

    /** How many of the first values, which must ascend, are at most a limit. */
    int countUpTo(int limit, int count) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (get(middle) <= limit) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    long heapBytes() {
        return Heap.object(2) + (narrow != null ? Heap.array(narrow.length, 2) : Heap.array(wide.length, 4));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Column && Arrays.equals(narrow, ((Column) other).narrow)
            && Arrays.equals(wide, ((Column) other).wide);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(narrow) + Arrays.hashCode(wide);
    }
}
