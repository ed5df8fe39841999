package org.orgcache;

/**
 * Sizes of objects on a 64-bit virtual machine with compressed references, the default below 32 GB of heap.
 */
final class Heap {
    private Heap() {
    }

    /** An object with so many references or ints. */
    static long object(int fields) {
        return align(12 + 4L * fields);
    }

    static long array(int length, int width) {
        return align(16 + (long) length * width);
    }

    /** A text of Latin letters takes a byte each, any other two. */
    static long text(String text) {
        boolean latin = text.chars().allMatch(unit -> unit < 256);
        return object(3) + array(text.length(), latin ? 1 : 2);
    }

    private static long align(long bytes) {
        return (bytes + 7) & ~7;
    }
}
