package org.orgcache;

import java.util.List;

/**
 * Why rows could not be built into a tree. All reasons are faults of the data: a retry does not help.
 */
public final class BuildException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** What is wrong. */
    public enum Reason {
        /** An id is empty. */
        EMPTY_ID,
        /** An id has more than {@link OrgStructure#MAX_ID_BYTES} bytes of UTF-8. */
        LONG_ID,
        /** A text contains a lone surrogate, so it has no UTF-8 form. */
        UNPAIRED_SURROGATE,
        /** A row has bits that are not in {@link OrgFlags}. */
        UNKNOWN_FLAGS,
        /** Two rows have the same id. */
        DUPLICATE,
        /** An organization is its own parent. */
        SELF_PARENT,
        /** Organizations are each other's ancestors. */
        CYCLE,
        /** There are more than {@link OrgStructure#MAX_ORGANIZATIONS} rows. */
        TOO_MANY
    }

    /** What is wrong. */
    private final Reason reason;
    /** The ids concerned. */
    private final String[] ids;

    private BuildException(Reason reason, String message, String... ids) {
        super(message);
        this.reason = reason;
        this.ids = ids;
    }

    static BuildException empty() {
        return new BuildException(Reason.EMPTY_ID, "organization id must not be empty");
    }

    static BuildException tooLong(String id, int bytes) {
        String head = Utf8.abbreviate(id);
        return new BuildException(Reason.LONG_ID, "organization id `" + head + "` has " + bytes + " bytes; at most "
            + OrgStructure.MAX_ID_BYTES + " are allowed", head);
    }

    static BuildException unpaired(String text, String id) {
        return new BuildException(Reason.UNPAIRED_SURROGATE, "text `" + Utf8.abbreviate(text) + "` of organization `"
            + Utf8.abbreviate(id) + "` has half a surrogate pair in it", id);
    }

    static BuildException unknownFlags(String id, int bits) {
        return new BuildException(Reason.UNKNOWN_FLAGS, "organization `" + id + "` has unknown flags (bits 0x"
            + Integer.toHexString(bits) + ")", id);
    }

    static BuildException duplicate(String id) {
        return new BuildException(Reason.DUPLICATE, "organization `" + id + "` occurs twice", id);
    }

    static BuildException selfParent(String id) {
        return new BuildException(Reason.SELF_PARENT, "organization `" + id + "` is its own parent", id);
    }

    static BuildException cycle(List<String> ids) {
        return new BuildException(Reason.CYCLE, "organizations are each other's ancestors, each one's parent being"
            + " the next: " + Utf8.list(ids), ids.toArray(new String[0]));
    }

    static BuildException tooMany() {
        int limit = OrgStructure.MAX_ORGANIZATIONS;
        return new BuildException(Reason.TOO_MANY, "more than " + limit + " organizations; a tree may have at most "
            + limit);
    }

    /**
     * What is wrong.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /**
     * The ids concerned. Those of a cycle are each followed by its parent, beginning with the smallest; an
     * over-long id is cut after 64 bytes.
     *
     * @return an unmodifiable list
     */
    public List<String> ids() {
        return List.of(ids);
    }
}
