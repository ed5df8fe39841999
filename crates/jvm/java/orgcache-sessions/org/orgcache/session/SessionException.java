package org.orgcache.session;

import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;

/** Why there is no session. An exception of a callback of the {@link OrgSource} is the cause. */
public final class SessionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The kinds of reasons. */
    public enum Reason {
        /** The ERP's rules do not allow the login; the message names what is wrong. */
        REFUSED,
        /** No live session has the token: the user has to log in again. */
        NO_SESSION,
        /** The limit of sessions is reached. */
        LIMIT,
        /** The {@link OrgSource} threw an exception, which is the cause, or returned an invalid answer. */
        SOURCE,
        /** The session store does not answer. */
        STORE,
        /** The operating system refused random bytes or a thread. */
        SYSTEM
    }

    /** The kind of reason. */
    private final Reason reason;
    /** Can a retry succeed? */
    private final boolean isTransient;

    /** Called by the native library. */
    SessionException(String reason, boolean isTransient, String message, Throwable cause) {
        super(message, cause);
        this.reason = Reason.valueOf(reason);
        this.isTransient = isTransient || cause instanceof SQLTransientException
            || cause instanceof SQLRecoverableException;
    }

    static SessionException noSession() {
        return new SessionException("NO_SESSION", false, "no live session has this token: log in again", null);
    }

    /**
     * The kind of reason.
     *
     * @return the reason
     */
    public Reason reason() {
        return reason;
    }

    /**
     * May the same call succeed later, without a change of data?
     *
     * @return whether a retry can succeed
     */
    public boolean isTransient() {
        return isTransient;
    }
}
