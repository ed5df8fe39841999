package org.orgcache;

import java.util.List;

/** A tree, and the oddities of the rows that it was built from. */
public final class Built {
    private final OrgStructure structure;
    private final List<Finding> findings;

    Built(OrgStructure structure, List<Finding> findings) {
        this.structure = structure;
        this.findings = List.copyOf(findings);
    }

    /**
     * The tree.
     *
     * @return the tree
     */
    public OrgStructure structure() {
        return structure;
    }

    /**
     * Oddities of the rows: dangling parents by id, then several roots, then no organization {@code 0}.
     *
     * @return an unmodifiable list
     */
    public List<Finding> findings() {
        return findings;
    }
}
