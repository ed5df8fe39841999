package org.orgcache;

import java.util.Arrays;

/** Texts of the few organizations that have one, each distinct text stored once. */
final class Texts {
    static final Texts NONE = new Texts(new String[0], new int[0], new int[0]);

    // INVARIANT: texts ascend byte for byte and each is used; ranks ascend; a number is the index of a text.
    final String[] texts;
    final int[] ranks;
    final int[] numbers;

    Texts(String[] texts, int[] ranks, int[] numbers) {
        this.texts = texts;
        this.ranks = ranks;
        this.numbers = numbers;
    }

    /** Takes one text per rank, or null. */
    static Texts of(String[] byRank) {
        int count = 0;
        String[] texts = new String[byRank.length];
        for (String text : byRank) {
            if (text != null) {
                texts[count++] = text;
            }
        }
        if (count == 0) {
            return NONE;
        }
        int[] ranks = new int[count];
        int[] numbers = new int[count];
        Arrays.sort(texts, 0, count, Utf8::compare);
        int distinct = 0;
        for (int i = 0; i < count; i++) {
            if (distinct == 0 || !texts[i].equals(texts[distinct - 1])) {
                texts[distinct++] = texts[i];
            }
        }
        texts = Arrays.copyOf(texts, distinct);
        int entry = 0;
        for (int rank = 0; rank < byRank.length; rank++) {
            if (byRank[rank] != null) {
                ranks[entry] = rank;
                numbers[entry++] = Arrays.binarySearch(texts, byRank[rank], Utf8::compare);
            }
        }
        return new Texts(texts, ranks, numbers);
    }

    boolean isEmpty() {
        return ranks.length == 0;
    }

    /** The text of an organization, or null. */
    String get(int rank) {
        int entry = Arrays.binarySearch(ranks, rank);
        return entry < 0 ? null : texts[numbers[entry]];
    }

    boolean has(int rank) {
        return Arrays.binarySearch(ranks, rank) >= 0;
    }

    long heapBytes() {
        if (this == NONE) {
            return 0;
        }
        long bytes = Heap.object(3) + Heap.array(texts.length, 4) + 2 * Heap.array(ranks.length, 4);
        for (String text : texts) {
            bytes += Heap.text(text);
        }
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Texts && Arrays.equals(texts, ((Texts) other).texts)
            && Arrays.equals(ranks, ((Texts) other).ranks) && Arrays.equals(numbers, ((Texts) other).numbers);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(texts) + Arrays.hashCode(ranks);
    }
}
