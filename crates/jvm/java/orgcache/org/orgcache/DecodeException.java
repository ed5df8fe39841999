package org.orgcache;

/** Why bytes are not the canonical bytes of a tree. */
public final class DecodeException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** What is wrong. */
    public enum Reason {
        /** The bytes do not begin with the marker of a tree. */
        NOT_A_TREE,
        /** The bytes are in an older format, which is no longer read. */
        OLDER,
        /** The bytes are of a newer release, which can read them. */
        NEWER,
        /** The bytes end before the tree does. */
        TRUNCATED,
        /** There are bytes after the tree. */
        LEFT_OVER,
        /** An id is empty or over-long. */
        ID,
        /** An id occurs twice. */
        DUPLICATE,
        /** Something is not in canonical form. */
        NOT_CANONICAL,
        /** There are more than {@link OrgStructure#MAX_ORGANIZATIONS} organizations. */
        TOO_MANY
    }

    /** What is wrong. */
    private final Reason reason;

    DecodeException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /**
     * What is wrong.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }
}
