package org.orgcache.session;

import java.util.Objects;

/** A set of sessions to end. */
public final class Scope {
    private final String session;
    private final String client;
    private final String user;
    private final String role;

    private Scope(String session, String client, String user, String role) {
        this.session = session;
        this.client = client;
        this.user = user;
        this.role = role;
    }

    /**
     * One session.
     *
     * @param id the name of the session, {@link Session#id}: 64 lower-case hexadecimal digits
     * @return the scope
     */
    public static Scope session(String id) {
        if (!id.matches("[0-9a-f]{64}")) {
            // The message does not repeat the text: it may be a mistyped token.
            throw new IllegalArgumentException("not the name of a session");
        }
        return new Scope(id, null, null, null);
    }

    /**
     * All sessions in a client.
     *
     * @param client the client's id
     * @return the scope
     */
    public static Scope client(String client) {
        return new Scope(null, Objects.requireNonNull(client, "the client of the sessions"), null, null);
    }

    /**
     * All sessions of a user in a client.
     *
     * @param client the client's id
     * @param user the user's id
     * @return the scope
     */
    public static Scope user(String client, String user) {
        return new Scope(null, Objects.requireNonNull(client, "the client of the sessions"),
            Objects.requireNonNull(user, "the user of the sessions"), null);
    }

    /**
     * All sessions in a role of a client.
     *
     * @param client the client's id
     * @param role the role's id
     * @return the scope
     */
    public static Scope role(String client, String role) {
        return new Scope(null, Objects.requireNonNull(client, "the client of the sessions"), null,
            Objects.requireNonNull(role, "the role of the sessions"));
    }

    byte[] frame() {
        return new FrameWriter().text(session).text(client).text(user).text(role).finish();
    }
}
