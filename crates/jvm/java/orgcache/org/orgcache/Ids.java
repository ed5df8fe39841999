package org.orgcache;

import java.util.Arrays;

/** The ids of a tree by rank, and the lookup from an id to its rank. */
final class Ids {
    /** The average number of probes per id beyond which ids are treated as chosen to collide. */
    private static final int PATIENCE = 16;

    private final byte[] packed;
    // Texts that are not packed digits, and every id that was requested. A race may create two equal texts.
    private final String[] texts;
    private final Index index;

    /**
     * Takes ids by rank: 16 bytes of packed digits each, or a text if it has one.
     *
     * @throws DuplicateFound with the smallest id that occurs twice
     */
    Ids(byte[] packed, String[] texts) throws DuplicateFound {
        this.packed = packed;
        this.texts = texts;
        Index table = Table.of(this);
        index = table != null ? table : Sorted.of(this);
    }

    private Ids(byte[] packed, String[] texts, Index index) {
        this.packed = packed;
        this.texts = texts;
        this.index = index;
    }

    /**
     * Takes ids by row.
     *
     * @throws DuplicateFound with the smallest id that occurs twice
     */
    static Ids of(String[] ids) throws DuplicateFound {
        // While all texts exist, their own hash codes and comparisons are used.
        return new Ids(new byte[0], ids);
    }

    /** The same ids in another order, packed if possible. */
    Ids reorder(int[] rowOf, int[] rankOf) {
        byte[] packed = new byte[Math.multiplyExact(Hex.BYTES, texts.length)];
        String[] texts = new String[rowOf.length];
        for (int rank = 0; rank < rowOf.length; rank++) {
            String id = this.texts[rowOf[rank]];
            if (!Hex.pack(id, packed, Hex.BYTES * rank)) {
                Arrays.fill(packed, Hex.BYTES * rank, Hex.BYTES * (rank + 1), (byte) 0);
                texts[rank] = id;
            }
        }
        return new Ids(packed, texts, index.renumber(rankOf));
    }

    int count() {
        return texts.length;
    }

    String get(int rank) {
        String id = texts[rank];
        if (id == null) {
            id = Hex.unpack(packed, Hex.BYTES * rank);
            texts[rank] = id;
        }
        return id;
    }

    /** The rank of an id, which must not be null, or NONE. */
    int rankOf(String id) {
        return index.find(this, id);
    }

    byte[] packed() {
        return packed;
    }

    /** Does the id at a rank consist of packed digits? */
    boolean isPacked(int rank) {
        return texts[rank] == null || Hex.isPackable(texts[rank]);
    }

    private boolean is(int rank, String id) {
        String text = texts[rank];
        return text != null ? text.equals(id) : Hex.matches(packed, Hex.BYTES * rank, id);
    }

    private int hash(int rank) {
        String text = texts[rank];
        return text != null ? text.hashCode() : Hex.hash(packed, Hex.BYTES * rank);
    }

    private boolean same(int one, int other) {
        if (texts[one] != null || texts[other] != null) {
            return get(one).equals(get(other));
        }
        int a = Hex.BYTES * one;
        int b = Hex.BYTES * other;
        return Arrays.equals(packed, a, a + Hex.BYTES, packed, b, b + Hex.BYTES);
    }

    long heapBytes() {
        long bytes = Heap.object(3) + Heap.array(packed.length, 1) + Heap.array(texts.length, 4) + index.heapBytes();
        for (String text : texts) {
            bytes += text == null ? 0 : Heap.text(text);
        }
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Ids) || !Arrays.equals(packed, ((Ids) other).packed)) {
            return false;
        }
        Ids ids = (Ids) other;
        for (int rank = 0; rank < texts.length; rank++) {
            // Equal bytes that are not all zero are equal digits.
            if ((texts[rank] != null || ids.texts[rank] != null) && !get(rank).equals(ids.get(rank))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(packed);
    }

    /** Finds the rank of an id. */
    private interface Index {
        int find(Ids ids, String id);

        /** A copy with the new rank of each old one, at the same places. */
        Index renumber(int[] newRank);

        long heapBytes();
    }

    /** Ranks hashed by {@link String#hashCode}, which a text caches. */
    private static final class Table implements Index {
        // Rank + 1, so that 0 marks a free place. One of the two arrays is null.
        private final char[] narrow;
        private final int[] wide;
        private final int mask;

        private Table(int places, boolean isNarrow) {
            narrow = isNarrow ? new char[places] : null;
            wide = isNarrow ? null : new int[places];
            mask = places - 1;
        }

        @Override
        public Index renumber(int[] newRank) {
            Table table = new Table(mask + 1, narrow != null);
            for (int place = 0; place <= mask; place++) {
                if (rank(place) >= 0) {
                    table.put(place, newRank[rank(place)]);
                }
            }
            return table;
        }

        /**
         * The table, or null if too many ids collide: a lookup would then scan them.
         */
        static Table of(Ids ids) throws DuplicateFound {
            int count = ids.count();
            int places = Integer.highestOneBit(Math.max(2, (int) (count * 4L / 3))) << 1;
            Table table = new Table(places, count <= Column.NARROW_MAX);
            String duplicate = null;
            long probes = 0;
            for (int rank = 0; rank < count; rank++) {
                int place = spread(ids.hash(rank)) & table.mask;
                for (; table.rank(place) >= 0; place = place + 1 & table.mask) {
                    if (ids.same(table.rank(place), rank)) {
                        String id = ids.get(rank);
                        duplicate = duplicate == null || Utf8.compare(id, duplicate) < 0 ? id : duplicate;
                        break;
                    }
                    if (++probes > (long) PATIENCE * count) {
                        return null;
                    }
                }
                table.put(place, rank);
            }
            if (duplicate != null) {
                throw new DuplicateFound(duplicate);
            }
            return table;
        }

        @Override
        public int find(Ids ids, String id) {
            for (int place = spread(id.hashCode()) & mask;; place = place + 1 & mask) {
                int rank = rank(place);
                if (rank < 0 || ids.is(rank, id)) {
                    return rank;
                }
            }
        }

        private int rank(int place) {
            return (narrow != null ? narrow[place] : wide[place]) - 1;
        }

        private void put(int place, int rank) {
            if (narrow != null) {
                narrow[place] = (char) (rank + 1);
            } else {
                wide[place] = rank + 1;
            }
        }

        private static int spread(int hash) {
            return hash ^ hash >>> 16;
        }

        @Override
        public long heapBytes() {
            return Heap.object(3) + (narrow != null ? Heap.array(narrow.length, 2) : Heap.array(wide.length, 4));
        }
    }

    /** Ranks sorted by id, for ids that were chosen to collide. */
    private static final class Sorted implements Index {
        private final int[] ranks;

        private Sorted(int[] ranks) {
            this.ranks = ranks;
        }

        static Sorted of(Ids ids) throws DuplicateFound {
            Integer[] sorted = new Integer[ids.count()];
            Arrays.setAll(sorted, rank -> rank);
            Arrays.sort(sorted, (one, other) -> Utf8.compare(ids.get(one), ids.get(other)));
            for (int i = 1; i < sorted.length; i++) {
                if (ids.same(sorted[i - 1], sorted[i])) {
                    throw new DuplicateFound(ids.get(sorted[i]));
                }
            }
            return new Sorted(Arrays.stream(sorted).mapToInt(Integer::intValue).toArray());
        }

        @Override
        public Index renumber(int[] newRank) {
            return new Sorted(Arrays.stream(ranks).map(rank -> newRank[rank]).toArray());
        }

        @Override
        public int find(Ids ids, String id) {
            int low = 0;
            int high = ranks.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                int order = Utf8.compare(ids.get(ranks[middle]), id);
                if (order == 0) {
                    return ranks[middle];
                }
                if (order < 0) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return Column.NONE;
        }

        @Override
        public long heapBytes() {
            return Heap.object(1) + Heap.array(ranks.length, 4);
        }
    }

    /** Two organizations have the same id. */
    static final class DuplicateFound extends Exception {
        private static final long serialVersionUID = 1;

        /** The smallest such id. */
        final String id;

        DuplicateFound(String id) {
            super(null, null, false, false);
            this.id = id;
        }
    }
}
