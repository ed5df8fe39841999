package org.orgcache;

/**
 * Sizes of objects on a 64-bit virtual machine with compressed references, the default below 32 GB of heap.
 */
final class Heap {
    private Heap() {
    }

    /** The size of an object with the given number of references or ints. */
    static long object(int fields) {
        return align(12 + 4L * fields);
    }

    static long array(int length, int width) {
        return align(16 + (long) length * width);
    }

    /** The size of a text: one byte per Latin-1 character, or two per character of any other text. */
    static long text(String text) {
        boolean latin = text.chars().allMatch(unit -> unit < 256);
        return object(3) + array(text.length(), latin ? 1 : 2);
    }

    private static long align(long bytes) {
        return (bytes + 7) & ~7;
    }
}
