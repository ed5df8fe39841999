package org.orgcache.session;

import java.util.Objects;

/**
 * The user who logs in, authenticated by the ERP, with the user's choices. Defaults fill in what is not
 * chosen.
 */
public final class Principal {
    private final String user;
    private final String role;
    private final String client;
    private final String org;

    private Principal(String user, String role, String client, String org) {
        this.user = Objects.requireNonNull(user, "the user who logs in");
        this.role = role;
        this.client = client;
        this.org = org;
    }

    /**
     * A user without further choices.
     *
     * @param user the user's id
     * @return the principal
     */
    public static Principal user(String user) {
        return new Principal(user, null, null, null);
    }

    /**
     * The same user in a role.
     *
     * @param chosen the role's id, or null for the default
     * @return another principal
     */
    public Principal inRole(String chosen) {
        return new Principal(user, chosen, client, org);
    }

    /**
     * The same user in a client: a check, since the client follows from the role.
     *
     * @param chosen the client's id, or null for none
     * @return another principal
     */
    public Principal inClient(String chosen) {
        return new Principal(user, role, chosen, org);
    }

    /**
     * The same user in an organization.
     *
     * @param chosen the organization's id, or null for the default
     * @return another principal
     */
    public Principal inOrg(String chosen) {
        return new Principal(user, role, client, chosen);
    }

    /**
     * The user.
     *
     * @return the user's id
     */
    public String user() {
        return user;
    }

    /**
     * The role that was chosen.
     *
     * @return the role's id, or null
     */
    public String role() {
        return role;
    }

    /**
     * The client that was chosen.
     *
     * @return the client's id, or null
     */
    public String client() {
        return client;
    }

    /**
     * The organization that was chosen.
     *
     * @return the organization's id, or null
     */
    public String org() {
        return org;
    }

    byte[] frame() {
        return new FrameWriter().text(user).text(role).text(client).text(org).finish();
    }

    static Principal read(byte[] bytes) {
        FrameReader frame = new FrameReader(bytes);
        return new Principal(frame.text(), frame.text(), frame.text(), frame.text());
    }

    @Override
    public String toString() {
        return "user " + user + (role == null ? "" : " in role " + role);
    }
}
