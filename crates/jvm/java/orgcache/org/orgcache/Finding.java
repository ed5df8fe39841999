package org.orgcache;

import java.util.List;

/**
 * An oddity of a real database that does not prevent a tree from being built. {@link #toString} describes it
 * in a sentence.
 */
public final class Finding {
    /** The kind of oddity. */
    public enum Kind {
        /** A row names a parent that is not in the tree. The organization became a root. */
        DANGLING_PARENT,
        /** There is more than one root. */
        SEVERAL_ROOTS,
        /** The tree has organizations, but {@code 0} is not one of them. */
        NO_ORGANIZATION_ZERO
    }

    private final Kind kind;
    private final List<String> organizations;
    private final String parent;

    private Finding(Kind kind, List<String> organizations, String parent) {
        this.kind = kind;
        this.organizations = List.copyOf(organizations);
        this.parent = parent;
    }

    static Finding danglingParent(String organization, String parent) {
        return new Finding(Kind.DANGLING_PARENT, List.of(organization), Utf8.abbreviate(parent));
    }

    static Finding severalRoots(List<String> roots) {
        return new Finding(Kind.SEVERAL_ROOTS, roots, null);
    }

    static Finding noOrganizationZero() {
        return new Finding(Kind.NO_ORGANIZATION_ZERO, List.of(), null);
    }

    /**
     * The kind of oddity.
     *
     * @return the kind of finding
     */
    public Kind kind() {
        return kind;
    }

    /**
     * The organizations concerned: the one with the dangling parent, or all roots in tree order.
     *
     * @return an unmodifiable list
     */
    public List<String> organizations() {
        return organizations;
    }

    /**
     * What the row names as parent, cut after 64 bytes.
     *
     * @return the text, or null unless the kind is {@link Kind#DANGLING_PARENT}
     */
    public String parent() {
        return parent;
    }

    @Override
    public String toString() {
        switch (kind) {
            case DANGLING_PARENT:
                String organization = organizations.get(0);
                return "parent `" + parent + "` of organization `" + organization + "` is not in the tree; `"
                    + organization + "` is a root here";
            case SEVERAL_ROOTS:
                return "the tree has " + organizations.size() + " roots: " + Utf8.list(organizations);
            default:
                return "the tree has no organization `0`";
        }
    }
}
