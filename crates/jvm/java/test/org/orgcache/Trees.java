package org.orgcache;

import java.util.ArrayList;
import java.util.List;

/** Trees for tests. */
final class Trees {
    private Trees() {
    }

    static OrgRow row(String id, String parent) {
        return new OrgRow(id, parent, OrgFlags.READY | OrgFlags.ACTIVE);
    }

    static OrgStructure build(OrgRow... rows) {
        return OrgStructure.build(List.of(rows)).structure();
    }

    /** A few organizations, some with children. */
    static OrgStructure sample() {
        return build(row("0", null), row("A", "0"), row("A1", "A"), row("A2", "A"), row("A11", "A1"), row("B", "0"),
            row("B1", "B"), row("C", "0"), row("other root", null));
    }

    /** The given number of organizations below {@code 0}, or below each other in a chain. */
    static OrgStructure large(int count, boolean chain) {
        return OrgStructure.build(largeRows(count, chain)).structure();
    }

    static List<OrgRow> largeRows(int count, boolean chain) {
        List<OrgRow> rows = new ArrayList<>();
        rows.add(row("0", null));
        for (int i = 1; i < count; i++) {
            int flags = OrgFlags.READY | (i % 10 == 1 ? OrgFlags.LEGAL_ENTITY : 0)
                | (i % 20 == 1 ? OrgFlags.PERIOD_CONTROL : 0);
            rows.add(new OrgRow(id(i), chain && i > 1 ? id(i - 1) : "0", flags));
        }
        return rows;
    }

    /** An id in the form of the ERP. */
    static String id(int number) {
        return String.format("%08X%08X%08X%08X", number * 0x9e3779b9, number * 0x85ebca6b, number * 0xc2b2ae35, number);
    }
}
