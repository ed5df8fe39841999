package org.orgcache.session;

import java.util.Optional;

/** What became of the end of sessions. In this process they are over in any case. */
public final class Revocation {
    private final long sessions;
    private final String pending;

    Revocation(byte[] bytes) {
        FrameReader frame = new FrameReader(bytes);
        sessions = frame.longNumber();
        pending = frame.text();
    }

    /**
     * How many sessions were ended: in the store, or on this node as long as the store does not answer.
     *
     * @return the number
     */
    public long sessions() {
        return sessions;
    }

    /**
     * Why other nodes do not know of it yet, if the store did not answer. The session manager goes on trying.
     *
     * @return what the store said, or empty if the end is in the store
     */
    public Optional<String> pending() {
        return Optional.ofNullable(pending);
    }
}
