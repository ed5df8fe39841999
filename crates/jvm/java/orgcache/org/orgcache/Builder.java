package org.orgcache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Builds a tree from rows. */
final class Builder {
    private final List<OrgRow> rows = new ArrayList<>();
    private final String[] ids;
    private final List<Finding> findings = new ArrayList<>();

    private Builder(Iterable<OrgRow> given) {
        for (OrgRow row : given) {
            if (rows.size() == OrgStructure.MAX_ORGANIZATIONS) {
                throw BuildException.tooMany();
            }
            rows.add(row);
        }
        ids = new String[rows.size()];
    }

    static Built build(Iterable<OrgRow> rows) {
        return new Builder(rows).build();
    }

    private Built build() {
        for (int row = 0; row < ids.length; row++) {
            ids[row] = checkedId(rows.get(row).id());
        }
        Ids byRow = uniqueIds();
        checkFlags();
        int[] parents = findParents(byRow);
        Numbering numbering;
        try {
            numbering = new Numbering(parents, ids);
        } catch (Numbering.CycleFound found) {
            throw BuildException.cycle(smallestCycle(parents, found.uncounted));
        }
        OrgStructure structure = assemble(numbering, byRow);
        reportOddRoots(structure);
        return new Built(structure, findings);
    }

    private static String checkedId(String id) {
        int bytes = Utf8.length(id);
        if (id.isEmpty()) {
            throw BuildException.empty();
        }
        if (bytes < 0) {
            throw BuildException.unpaired(id, id);
        }
        if (bytes > OrgStructure.MAX_ID_BYTES) {
            throw BuildException.tooLong(id, bytes);
        }
        return id;
    }

    /** Refuses unknown flags. Names the smallest id that has some. */
    private void checkFlags() {
        OrgRow unknown = null;
        for (OrgRow row : rows) {
            boolean isOne = (row.flags() & ~OrgFlags.ALL) != 0;
            if (isOne && (unknown == null || Utf8.compare(row.id(), unknown.id()) < 0)) {
                unknown = row;
            }
        }
        if (unknown != null) {
            throw BuildException.unknownFlags(unknown.id(), unknown.flags() & ~OrgFlags.ALL);
        }
    }

    /** The parent row of each row, or NONE. Reports parents that are missing. */
    private int[] findParents(Ids byRow) {
        int[] parents = new int[ids.length];
        String ownParent = null;
        List<OrgRow> dangling = new ArrayList<>();
        for (int row = 0; row < ids.length; row++) {
            String parent = rows.get(row).parent();
            parents[row] = parent == null ? Column.NONE : byRow.rankOf(parent);
            if (parents[row] == row) {
                ownParent = ownParent == null || Utf8.compare(ids[row], ownParent) < 0 ? ids[row] : ownParent;
            }
            if (parent != null && parents[row] < 0) {
                dangling.add(rows.get(row));
            }
        }
        if (ownParent != null) {
            throw BuildException.selfParent(ownParent);
        }
        dangling.sort(Comparator.comparing(OrgRow::id, Utf8::compare));
        for (OrgRow row : dangling) {
            findings.add(Finding.danglingParent(row.id(), row.parent()));
        }
        return parents;
    }

    private Ids uniqueIds() {
        try {
            return Ids.of(ids);
        } catch (Ids.DuplicateFound found) {
            throw BuildException.duplicate(found.id);
        }
    }

    private OrgStructure assemble(Numbering numbering, Ids byRow) {
        int count = ids.length;
        char[] flags = new char[count];
        String[] timeZones = new String[count];
        String[] calendars = new String[count];
        for (int rank = 0; rank < count; rank++) {
            OrgRow row = rows.get(numbering.rowOf[rank]);
            flags[rank] = (char) row.flags();
            timeZones[rank] = checkedText(row.timeZone(), row);
            calendars[rank] = checkedText(row.calendar(), row);
        }
        return new OrgStructure(numbering.parentRanks(), flags, byRow.reorder(numbering.rowOf, numbering.rankOf),
            Texts.of(timeZones), Texts.of(calendars));
    }

    private static String checkedText(String text, OrgRow row) {
        if (text != null && Utf8.length(text) < 0) {
            throw BuildException.unpaired(text, row.id());
        }
        return text;
    }

    /** The cycle with the smallest id, beginning with that id, each id followed by its parent. */
    private List<String> smallestCycle(int[] parents, int[] uncounted) {
        // The number of the walk that first visited each row, from 1.
        int[] walks = new int[parents.length];
        int smallest = Column.NONE;
        for (int start = 0; start < parents.length; start++) {
            int row = uncounted[start] < 0 ? Column.NONE : start;
            while (row >= 0 && walks[row] == 0) {
                walks[row] = start + 1;
                row = parents[row];
            }
            if (row >= 0 && walks[row] == start + 1) {
                for (int on : around(parents, row)) {
                    smallest = smallest < 0 || Utf8.compare(ids[on], ids[smallest]) < 0 ? on : smallest;
                }
            }
        }
        List<String> cycle = new ArrayList<>();
        for (int on : around(parents, smallest)) {
            cycle.add(ids[on]);
        }
        return cycle;
    }

    private static int[] around(int[] parents, int first) {
        int[] rows = new int[8];
        int count = 0;
        int row = first;
        do {
            if (count == rows.length) {
                rows = Arrays.copyOf(rows, 2 * count);
            }
            rows[count++] = row;
            row = parents[row];
        } while (row != first);
        return Arrays.copyOf(rows, count);
    }

    private void reportOddRoots(OrgStructure structure) {
        List<String> roots = structure.roots();
        if (roots.size() > 1) {
            findings.add(Finding.severalRoots(roots));
        }
        if (structure.size() > 0 && structure.indexOf("0") < 0) {
            findings.add(Finding.noOrganizationZero());
        }
    }
}
