package org.orgcache.session;

/** What a session manager has in memory now, and what it counted since it was opened. */
public final class Stats {
    private final long sessions;
    private final long trees;
    private final long accesses;
    private final long pendingEnds;
    private final long javaSessions;
    private final long logins;
    private final long refusedLogins;
    private final long treeLoads;
    private final long failedTreeLoads;
    private final long joinedTreeLoads;
    private final long hits;
    private final long storeReads;
    private final long reopened;
    private final long ended;
    private final long endedElsewhere;
    private final long expired;
    private final long storeFailures;

    Stats(byte[] bytes) {
        // In the order in which the native library writes them.
        FrameReader frame = new FrameReader(bytes);
        sessions = frame.longNumber();
        trees = frame.longNumber();
        accesses = frame.longNumber();
        pendingEnds = frame.longNumber();
        javaSessions = frame.longNumber();
        logins = frame.longNumber();
        refusedLogins = frame.longNumber();
        treeLoads = frame.longNumber();
        failedTreeLoads = frame.longNumber();
        joinedTreeLoads = frame.longNumber();
        hits = frame.longNumber();
        storeReads = frame.longNumber();
        reopened = frame.longNumber();
        ended = frame.longNumber();
        endedElsewhere = frame.longNumber();
        expired = frame.longNumber();
        storeFailures = frame.longNumber();
    }

    /**
     * Sessions in memory now.
     *
     * @return the number
     */
    public long sessions() {
        return sessions;
    }

    /**
     * Distinct trees in memory now.
     *
     * @return the number
     */
    public long trees() {
        return trees;
    }

    /**
     * Distinct accesses in memory now.
     *
     * @return the number
     */
    public long accesses() {
        return accesses;
    }

    /**
     * Revocations on this node that are not in the store yet.
     *
     * @return the number
     */
    public long pendingEnds() {
        return pendingEnds;
    }

    /**
     * Sessions with a {@link Session} object in this program, or with one that is not collected yet.
     *
     * @return the number
     */
    public long javaSessions() {
        return javaSessions;
    }

    /**
     * Logins that succeeded, including refreshes and switches.
     *
     * @return the number
     */
    public long logins() {
        return logins;
    }

    /**
     * Logins that were refused or failed.
     *
     * @return the number
     */
    public long refusedLogins() {
        return refusedLogins;
    }

    /**
     * Trees loaded from the source.
     *
     * @return the number
     */
    public long treeLoads() {
        return treeLoads;
    }

    /**
     * Loads that failed.
     *
     * @return the number
     */
    public long failedTreeLoads() {
        return failedTreeLoads;
    }

    /**
     * Logins that joined the load of another login.
     *
     * @return the number
     */
    public long joinedTreeLoads() {
        return joinedTreeLoads;
    }

    /**
     * Tokens answered from memory.
     *
     * @return the number
     */
    public long hits() {
        return hits;
    }

    /**
     * Tokens for which the store was asked.
     *
     * @return the number
     */
    public long storeReads() {
        return storeReads;
    }

    /**
     * Sessions reopened from the store.
     *
     * @return the number
     */
    public long reopened() {
        return reopened;
    }

    /**
     * Sessions ended by a call on this node.
     *
     * @return the number
     */
    public long ended() {
        return ended;
    }

    /**
     * Sessions found gone from the store.
     *
     * @return the number
     */
    public long endedElsewhere() {
        return endedElsewhere;
    }

    /**
     * Expired sessions that were dropped from memory.
     *
     * @return the number
     */
    public long expired() {
        return expired;
    }

    /**
     * Calls to the store that failed.
     *
     * @return the number
     */
    public long storeFailures() {
        return storeFailures;
    }
}
