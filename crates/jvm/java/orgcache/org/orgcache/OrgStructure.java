package org.orgcache;

import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One client's organization tree with its flags: immutable, and small enough to be pinned by every session.
 *
 * <p>Organizations are numbered in preorder, heaviest child first, ties by id. A subtree is then a range of
 * indices, and the ancestors of any organization are at most log2(n) + 1 ranges: whether one organization is
 * in the natural tree of another is two comparisons, in a flat tree as in a chain.
 *
 * <p>An index is valid only in the tree that returned it. An index out of range, such as the -1 that {@link
 * #indexOf} returns for an unknown id, is treated as an organization that is not in the tree: no parent, no
 * flags, not in any natural tree. Ids are compared byte for byte.
 *
 * <p>The caller owns returned sets and may change them: they are views of a few ranges until then. They list
 * the organizations in tree order.
 *
 * <p>A tree is serialized as its canonical bytes, and deserialized as the shared tree of {@link
 * OrgTrees#shared}.
 */
public final class OrgStructure implements Serializable {
    private static final long serialVersionUID = 1;

    /** The longest id that an organization may have, in bytes of UTF-8. */
    public static final int MAX_ID_BYTES = 32;

    /** The most organizations that a tree may have. */
    public static final int MAX_ORGANIZATIONS = 100_000_000;

    // INVARIANT: a parent's rank is less than its child's; everything except parents, flags, ids and texts is
    // derived from those.
    private final transient int count;
    private final transient Column parent;
    private final transient Column end;
    private final transient Column head;
    private final transient char[] flags;
    private final transient Ids ids;
    private final transient Texts timeZones;
    private final transient Texts calendars;
    private final transient Nearest legalEntities;
    private final transient Nearest businessUnits;
    private final transient Nearest periodControls;
    private final transient Nearest calendarOwners;

    /** Assembles a tree from parts in preorder, heaviest child first. */
    OrgStructure(int[] parents, char[] flags, Ids ids, Texts timeZones, Texts calendars) {
        int[] ends = Numbering.subtreeEnds(parents);
        this.count = parents.length;
        this.parent = new Column(count, parents);
        this.end = new Column(count, ends);
        this.head = new Column(count, Numbering.chainHeads(parents));
        this.flags = flags;
        this.ids = ids;
        this.timeZones = timeZones;
        this.calendars = calendars;
        this.legalEntities = Nearest.of(ends, rank -> (flags[rank] & OrgFlags.LEGAL_ENTITY) != 0);
        this.businessUnits = Nearest.of(ends, rank -> (flags[rank] & OrgFlags.BUSINESS_UNIT) != 0);
        this.periodControls = Nearest.of(ends, rank -> (flags[rank] & OrgFlags.PERIOD_CONTROL) != 0);
        this.calendarOwners = Nearest.of(ends, calendars::has);
    }

    /**
     * Builds a tree from rows in any order. The same rows in another order give the same tree.
     *
     * <p>Accepted, and reported as {@link Finding}s: several roots, no organization {@code 0}, and a parent
     * that is not among the rows. That organization becomes a root.
     *
     * @param rows the organizations
     * @return the tree, and the oddities of the rows
     * @throws BuildException if the rows are no tree; the message names the ids
     */
    public static Built build(Iterable<OrgRow> rows) {
        return Builder.build(rows);
    }

    /**
     * Decodes a tree from its canonical bytes. The bytes may be untrusted.
     *
     * @param bytes the bytes
     * @return the tree
     * @throws DecodeException if the bytes are not exactly those that {@link #encode} writes for some tree
     */
    public static OrgStructure decode(byte[] bytes) {
        return Decoder.decode(bytes);
    }

    /**
     * The canonical bytes of the tree. Equal trees have equal bytes, on every machine and in every language.
     *
     * @return new bytes
     */
    public byte[] encode() {
        return Encoder.encode(this);
    }

    /**
     * The name of this tree: the hash of its canonical bytes, the same for equal trees everywhere. Each call
     * computes it.
     *
     * @return 64 hexadecimal digits
     */
    public String fingerprint() {
        return Encoder.fingerprint(encode());
    }

    /**
     * How many organizations the tree has.
     *
     * @return the number
     */
    public int size() {
        return count;
    }

    /**
     * The index of an organization.
     *
     * @param id the id, which may be null
     * @return its index, or -1 if it is not in the tree
     */
    public int indexOf(String id) {
        return id == null ? Column.NONE : ids.rankOf(id);
    }

    /**
     * The id of an organization.
     *
     * @param org its index
     * @return the id, or null if it is not in the tree
     */
    public String id(int org) {
        return isInside(org) ? ids.get(org) : null;
    }

    /**
     * The {@link OrgFlags} of an organization.
     *
     * @param org its index
     * @return its flags, or 0 if it is not in the tree
     */
    public int flags(int org) {
        return isInside(org) ? flags[org] : 0;
    }

    /**
     * The organization directly above.
     *
     * @param org an index
     * @return the parent's index, or -1 for a root and outside the tree
     */
    public int parent(int org) {
        return isInside(org) ? parent.rank(org) : Column.NONE;
    }

    /**
     * How many steps an organization is below its root.
     *
     * @param org its index
     * @return the depth, 0 for a root, or -1 if it is not in the tree
     */
    public int depth(int org) {
        int steps = -1;
        for (int last = inside(org); last >= 0; last = parent.rank(head.get(last))) {
            steps += last - head.get(last) + 1;
        }
        return steps;
    }

    /**
     * The organization's own time zone.
     *
     * @param org its index
     * @return the IANA name, or null
     */
    public String timeZone(int org) {
        return timeZones.get(org);
    }

    /**
     * The organization's own calendar. {@link #nearestCalendarOwner} finds the one that it inherits.
     *
     * @param org its index
     * @return the calendar's id, or null
     */
    public String calendar(int org) {
        return calendars.get(org);
    }

    /**
     * Is one organization the other, or somewhere below it?
     *
     * @param org an index
     * @param ancestor the index of the possible ancestor
     * @return false also if either is not in the tree
     */
    public boolean isSelfOrBelow(int org, int ancestor) {
        return org >= ancestor && isInside(ancestor) && org < end.get(ancestor);
    }

    /**
     * Is one organization the other, above it, or below it? It is symmetric.
     *
     * @param one an index
     * @param other an index
     * @return false also if either is not in the tree
     */
    public boolean isInNaturalTree(int one, int other) {
        // The one with the smaller rank cannot be below the other.
        return one <= other ? isSelfOrBelow(other, one) : isSelfOrBelow(one, other);
    }

    /**
     * The nearest organization that has any of some flags, from an organization upwards, itself included.
     *
     * <p>For {@link OrgFlags#LEGAL_ENTITY}, {@link OrgFlags#BUSINESS_UNIT}, {@link OrgFlags#PERIOD_CONTROL}
     * and combinations of them it takes constant time; for other flags it walks up.
     *
     * @param org an index
     * @param flags the {@link OrgFlags} to look for
     * @return the nearest one's index, or -1
     */
    public int nearest(int org, int flags) {
        if (!isInside(org)) {
            return Column.NONE;
        }
        // All candidates lie on one path, so the nearest is the one with the largest rank.
        int nearest = Column.NONE;
        if ((flags & OrgFlags.LEGAL_ENTITY) != 0) {
            nearest = Math.max(nearest, legalEntities.from(org));
        }
        if ((flags & OrgFlags.BUSINESS_UNIT) != 0) {
            nearest = Math.max(nearest, businessUnits.from(org));
        }
        if ((flags & OrgFlags.PERIOD_CONTROL) != 0) {
            nearest = Math.max(nearest, periodControls.from(org));
        }
        int rest = flags & ~(OrgFlags.LEGAL_ENTITY | OrgFlags.BUSINESS_UNIT | OrgFlags.PERIOD_CONTROL);
        for (int above = org; rest != 0 && above > nearest; above = parent.rank(above)) {
            if ((this.flags[above] & rest) != 0) {
                nearest = above;
            }
        }
        return nearest;
    }

    /**
     * The nearest organization that has a calendar of its own, from an organization upwards, itself included.
     *
     * @param org an index
     * @return the nearest one's index, or -1
     */
    public int nearestCalendarOwner(int org) {
        return isInside(org) ? calendarOwners.from(org) : Column.NONE;
    }

    /**
     * An organization, its ancestors and its descendants.
     *
     * @param org an index
     * @return a set that belongs to the caller
     */
    public Set<String> naturalTree(int org) {
        return isInside(org) ? path(org, end.get(org)) : new RangeSet(this);
    }

    /**
     * The ancestors of an organization.
     *
     * @param org an index
     * @param self whether the organization itself is in the set
     * @return a set that belongs to the caller
     */
    public Set<String> ancestors(int org, boolean self) {
        return isInside(org) ? path(org, self ? org + 1 : org) : new RangeSet(this);
    }

    /**
     * The organizations below one.
     *
     * @param org an index
     * @param self whether the organization itself is in the set
     * @return a set that belongs to the caller
     */
    public Set<String> descendants(int org, boolean self) {
        return isInside(org) ? new RangeSet(this, self ? org : org + 1, end.get(org)) : new RangeSet(this);
    }

    /**
     * The organizations directly below one.
     *
     * @param org an index
     * @return a set that belongs to the caller
     */
    public Set<String> children(int org) {
        Set<String> children = new LinkedHashSet<>();
        if (isInside(org)) {
            for (int child = org + 1; child < end.get(org); child = end.get(child)) {
                children.add(ids.get(child));
            }
        }
        return children;
    }

    /**
     * The organizations without a parent.
     *
     * @return a list that belongs to the caller, in tree order
     */
    public List<String> roots() {
        List<String> roots = new ArrayList<>();
        for (int root = 0; root < count; root = end.get(root)) {
            roots.add(ids.get(root));
        }
        return roots;
    }

    /**
     * The path from an organization to its root, nearest first.
     *
     * @param org an index
     * @param self whether the list begins with the organization itself
     * @return a list that belongs to the caller
     */
    public List<String> pathToRoot(int org, boolean self) {
        List<String> path = new ArrayList<>(depth(org) + 1);
        for (int above = self ? inside(org) : parent(org); above >= 0; above = parent.rank(above)) {
            path.add(ids.get(above));
        }
        return path;
    }

    /**
     * The ids below an organization, itself excluded, that have all of some flags.
     *
     * @param org an index
     * @param flags the {@link OrgFlags} to look for
     * @return a list that belongs to the caller, in tree order
     */
    public List<String> descendantsWithFlags(int org, int flags) {
        return isInside(org) ? withFlags(org + 1, end.get(org), flags) : new ArrayList<>();
    }

    /**
     * The ids of the whole tree that have all of some flags.
     *
     * @param flags the {@link OrgFlags} to look for
     * @return a list that belongs to the caller, in tree order
     */
    public List<String> withFlags(int flags) {
        return withFlags(0, count, flags);
    }

    private List<String> withFlags(int from, int to, int flags) {
        List<String> found = new ArrayList<>();
        for (int rank = from; rank < to; rank++) {
            if ((this.flags[rank] & flags) == flags) {
                found.add(ids.get(rank));
            }
        }
        return found;
    }

    /**
     * Ids as Openbravo's session variables hold them: quoted and comma separated, in the order given. Nulls
     * are left out.
     *
     * <p>A quote within an id is doubled, so that the text is safe in an SQL statement for any ids. If the
     * driver allows it, bind the ids as a parameter instead.
     *
     * @param ids the ids
     * @return the list
     */
    public static String quotedList(Iterable<String> ids) {
        StringBuilder list = new StringBuilder();
        for (String id : ids) {
            if (id != null) {
                list.append(list.length() == 0 ? "'" : ",'").append(id.replace("'", "''")).append('\'');
            }
        }
        return list.toString();
    }

    /**
     * The heap bytes that the tree owns, on a 64-bit virtual machine with compressed references. It grows as
     * ids are returned: the text of an id is created on first use, and kept.
     *
     * @return the bytes
     */
    public long footprint() {
        return Heap.object(12) + parent.heapBytes() + end.heapBytes() + head.heapBytes() + Heap.array(count, 2)
            + ids.heapBytes() + timeZones.heapBytes() + calendars.heapBytes() + legalEntities.heapBytes()
            + businessUnits.heapBytes() + periodControls.heapBytes() + calendarOwners.heapBytes();
    }

    /** The path to a root as ranges, the root's first, with another end for the last range. */
    private Set<String> path(int org, int lastEnd) {
        int length = 0;
        for (int last = org; last >= 0; last = parent.rank(head.get(last))) {
            length += 2;
        }
        int[] ranges = new int[length];
        int place = length;
        for (int last = org; last >= 0; last = parent.rank(head.get(last))) {
            ranges[--place] = last + 1;
            ranges[--place] = head.get(last);
        }
        ranges[length - 1] = lastEnd;
        return new RangeSet(this, ranges);
    }

    private boolean isInside(int org) {
        return org >= 0 && org < count;
    }

    private int inside(int org) {
        return isInside(org) ? org : Column.NONE;
    }

    Ids ids() {
        return ids;
    }

    Texts timeZones() {
        return timeZones;
    }

    Texts calendars() {
        return calendars;
    }

    /** Trees are equal if their canonical bytes are equal. */
    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        if (!(other instanceof OrgStructure)) {
            return false;
        }
        OrgStructure tree = (OrgStructure) other;
        return parent.equals(tree.parent) && Arrays.equals(flags, tree.flags) && ids.equals(tree.ids)
            && timeZones.equals(tree.timeZones) && calendars.equals(tree.calendars);
    }

    @Override
    public int hashCode() {
        int hash = 31 * parent.hashCode() + Arrays.hashCode(flags);
        hash = 31 * hash + ids.hashCode();
        return 31 * (31 * hash + timeZones.hashCode()) + calendars.hashCode();
    }

    @Override
    public String toString() {
        return "OrgStructure of " + count + " organizations";
    }

    /**
     * Serializes the canonical bytes.
     *
     * @return the serialized form
     */
    private Object writeReplace() {
        return new Serialized(encode());
    }

    /**
     * Refuses a serialized tree that is not in the form of canonical bytes.
     *
     * @param stream the stream
     * @throws InvalidObjectException always
     */
    private void readObject(ObjectInputStream stream) throws InvalidObjectException {
        throw new InvalidObjectException("an organization tree is read from its canonical bytes");
    }

    /** The serialized form of a tree. */
    private static final class Serialized implements Serializable {
        private static final long serialVersionUID = 1;

        private final byte[] bytes;

        Serialized(byte[] bytes) {
            this.bytes = bytes;
        }

        private Object readResolve() throws InvalidObjectException {
            try {
                return OrgTrees.shared().intern(decode(bytes));
            } catch (DecodeException | NullPointerException failure) {
                InvalidObjectException invalid = new InvalidObjectException(failure.getMessage());
                invalid.initCause(failure);
                throw invalid;
            }
        }
    }
}
