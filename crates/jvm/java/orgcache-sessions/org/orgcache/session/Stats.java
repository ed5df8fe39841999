package org.orgcache.session;

/** What a session manager holds now, and what it counted since it was opened. */
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
        // The native library writes them in this order.
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
     * Sessions held in memory now.
     *
     * @return the number
     */
    public long sessions() {
        return sessions;
    }

    /**
     * Distinct trees held now.
     *
     * @return the number
     */
    public long trees() {
        return trees;
    }

    /**
     * Distinct accesses held now.
     *
     * @return the number
     */
    public long accesses() {
        return accesses;
    }

    /**
     * Ends of sessions that the store does not know of yet.
     *
     * @return the number
     */
    public long pendingEnds() {
        return pendingEnds;
    }

    /**
     * Sessions of which this program holds a {@link Session}, or did until the last collection.
     *
     * @return the number
     */
    public long javaSessions() {
        return javaSessions;
    }

    /**
     * Logins that were given a session, refreshes and switches included.
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
     * Logins that joined another one's load.
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
     * Sessions opened again from the store.
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
     * Sessions dropped from memory because their time was over.
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
