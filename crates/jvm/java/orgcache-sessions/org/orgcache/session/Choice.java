package org.orgcache.session;

import java.util.Objects;

/** The target of a switch: another role, another organization, or both. */
public final class Choice {
    private final String role;
    private final String org;

    private Choice(String role, String org) {
        this.role = role;
        this.org = org;
    }

    /**
     * Another role, in the user's default organization.
     *
     * @param role the role's id
     * @return the choice
     */
    public static Choice role(String role) {
        return new Choice(Objects.requireNonNull(role, "the role to switch to"), null);
    }

    /**
     * Another organization, in the same role.
     *
     * @param org the organization's id
     * @return the choice
     */
    public static Choice org(String org) {
        return new Choice(null, Objects.requireNonNull(org, "the organization to switch to"));
    }

    /**
     * The same role, in an organization.
     *
     * @param chosen the organization's id
     * @return another choice
     */
    public Choice inOrg(String chosen) {
        return new Choice(role, Objects.requireNonNull(chosen, "the organization to switch to"));
    }

    byte[] frame() {
        return frame(role, org, false);
    }

    static byte[] frame(String role, String org, boolean isNew) {
        return new FrameWriter().text(role).text(org).flag(isNew).finish();
    }
}
