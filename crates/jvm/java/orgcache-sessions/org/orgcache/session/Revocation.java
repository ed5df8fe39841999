package org.orgcache.session;

import java.util.Optional;

/** The outcome of a revocation. In this process it has taken effect in any case. */
public final class Revocation {
    private final long sessions;
    private final String pending;

    Revocation(byte[] bytes) {
        FrameReader frame = new FrameReader(bytes);
        sessions = frame.longNumber();
        pending = frame.text();
    }

    /**
     * How many sessions were ended: in the store, or on this node while the store does not answer.
     *
     * @return the number
     */
    public long sessions() {
        return sessions;
    }

    /**
     * Why the revocation is not in the store yet, if the store did not answer. The session manager retries.
     *
     * @return the error of the store, or empty if the revocation is stored
     */
    public Optional<String> pending() {
        return Optional.ofNullable(pending);
    }
}
