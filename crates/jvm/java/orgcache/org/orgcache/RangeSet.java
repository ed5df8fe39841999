package org.orgcache;

import java.io.Serializable;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.NoSuchElementException;
import java.util.Set;

/**
 * Organizations as ranges of ranks, for a caller who owns the set: the first change turns it into a {@link
 * LinkedHashSet}, which keeps tree order. Many threads may read it as long as none changes it, as with that
 * class. It is serialized as that class.
 */
final class RangeSet extends AbstractSet<String> implements Serializable {
    private static final long serialVersionUID = 1;

    private final transient OrgStructure tree;
    /** Starts and ends, ascending; no range is empty. */
    private final transient int[] ranges;
    /** The set after the first change, or null before it. */
    private transient Set<String> own;

    /** Takes ascending pairs of start and end. Only the last pair may be empty. */
    RangeSet(OrgStructure tree, int... ranges) {
        this.tree = tree;
        int last = ranges.length - 2;
        if (last >= 0 && ranges[last] == ranges[last + 1]) {
            int[] shorter = new int[last];
            System.arraycopy(ranges, 0, shorter, 0, last);
            this.ranges = shorter;
        } else {
            this.ranges = ranges;
        }
    }

    @Override
    public int size() {
        if (own != null) {
            return own.size();
        }
        int size = 0;
        for (int i = 0; i < ranges.length; i += 2) {
            size += ranges[i + 1] - ranges[i];
        }
        return size;
    }

    @Override
    public boolean isEmpty() {
        return own != null ? own.isEmpty() : ranges.length == 0;
    }

    @Override
    public boolean contains(Object id) {
        if (own != null) {
            return own.contains(id);
        }
        int rank = id instanceof String ? tree.indexOf((String) id) : Column.NONE;
        for (int i = 0; i < ranges.length; i += 2) {
            if (rank >= ranges[i] && rank < ranges[i + 1]) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Iterator<String> iterator() {
        return own != null ? own.iterator() : new Elements();
    }

    @Override
    public boolean add(String id) {
        return !contains(id) && own().add(id);
    }

    @Override
    public boolean addAll(Collection<? extends String> ids) {
        boolean changed = false;
        for (String id : ids) {
            changed |= add(id);
        }
        return changed;
    }

    @Override
    public boolean remove(Object id) {
        return contains(id) && own().remove(id);
    }

    @Override
    public void clear() {
        if (own != null) {
            own.clear();
        } else if (ranges.length > 0) {
            own = new LinkedHashSet<>();
        }
    }

    private Set<String> own() {
        if (own == null) {
            own = copy();
        }
        return own;
    }

    private Set<String> copy() {
        Set<String> copy = new LinkedHashSet<>((int) (size() / 0.75f) + 1);
        for (String id : this) {
            copy.add(id);
        }
        return copy;
    }

    private Object writeReplace() {
        return own != null ? own : copy();
    }

    /**
     * Iterates over the ranges. The first removal converts the set; after that it iterates over the new set.
     */
    private final class Elements implements Iterator<String> {
        private int range;
        private int next = ranges.length == 0 ? 0 : ranges[0];
        private int given;
        private Iterator<String> rest;

        @Override
        public boolean hasNext() {
            return rest != null ? rest.hasNext() : range < ranges.length;
        }

        @Override
        public String next() {
            if (rest != null) {
                return rest.next();
            }
            checkUnchanged();
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            String id = tree.id(next++);
            given++;
            if (next == ranges[range + 1]) {
                range += 2;
                next = range < ranges.length ? ranges[range] : 0;
            }
            return id;
        }

        @Override
        public void remove() {
            if (rest == null) {
                if (given == 0) {
                    throw new IllegalStateException();
                }
                checkUnchanged();
                Iterator<String> copy = own().iterator();
                for (int i = 0; i < given; i++) {
                    copy.next();
                }
                rest = copy;
            }
            rest.remove();
        }

        private void checkUnchanged() {
            if (own != null) {
                throw new ConcurrentModificationException();
            }
        }
    }
}
