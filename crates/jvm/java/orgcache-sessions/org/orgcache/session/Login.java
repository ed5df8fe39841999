package org.orgcache.session;

import java.util.List;
import java.util.Optional;

/** A new session, and the only copy of its token. */
public final class Login {
    private final String token;
    private final Session session;
    private final boolean readOnly;
    private final String replacedOrg;
    private final List<String> endedSessions;

    Login(Session session, FrameReader frame) {
        this.session = session;
        token = frame.text();
        readOnly = frame.flag();
        replacedOrg = frame.text();
        endedSessions = List.copyOf(frame.texts());
    }

    /**
     * The credential of the session: 64 hexadecimal digits. Keep it in the user's HTTP session, never in a
     * log or a page.
     *
     * @return the token
     */
    public String token() {
        return token;
    }

    /**
     * The session.
     *
     * @return the session
     */
    public Session session() {
        return session;
    }

    /**
     * Can the role write nowhere?
     *
     * @return whether the session only reads
     */
    public boolean isReadOnly() {
        return readOnly;
    }

    /**
     * The organization that was asked for or is the default, if the role cannot write in it and the session
     * works in another one.
     *
     * @return that organization's id, or empty
     */
    public Optional<String> replacedOrg() {
        return Optional.ofNullable(replacedOrg);
    }

    /**
     * Sessions that were ended because a limit was reached, see {@link Options#endOldestAtLimit}.
     *
     * @return their names
     */
    public List<String> endedSessions() {
        return endedSessions;
    }
}
