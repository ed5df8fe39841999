package org.orgcache.session;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The rows that decide about one login, as read from the database. A missing row is null.
 *
 * <p>Lists may be in any order and contain inactive rows: the session manager filters them.
 */
public final class LoginFacts {
    private static final String ZERO = "0";

    private final User user;
    private final Role role;
    private final Client client;

    /**
     * The rows of a login.
     *
     * @param user the user asked for, or null if there is none
     * @param role the role that {@link User#roleToTake} names, or null if there is none
     * @param client the client of that role, or null if there is none
     */
    public LoginFacts(User user, Role role, Client client) {
        this.user = user;
        this.role = role;
        this.client = client;
    }

    byte[] frame() {
        FrameWriter frame = new FrameWriter();
        frame.either(user, value -> value.write(frame));
        frame.either(role, value -> value.write(frame));
        frame.either(client, value -> frame.text(value.id).flag(value.active));
        return frame.finish();
    }

    /** A client ({@code ad_client}). */
    public static final class Client {
        private final String id;
        private final boolean active;

        /**
         * A client.
         *
         * @param id the client's id
         * @param active whether it is active
         */
        public Client(String id, boolean active) {
            this.id = Objects.requireNonNull(id, "the id of a client");
            this.active = active;
        }
    }

    /** A user ({@code ad_user}) with the roles that it may take. */
    public static final class User {
        private final String id;
        private final String client;
        private final boolean active;
        private final boolean locked;
        private final String defaultRole;
        private final String defaultOrg;
        private final List<UserRole> roles;

        /**
         * A user.
         *
         * @param id the user's id
         * @param client the id of the client that it belongs to
         * @param active whether it is active
         * @param locked whether it is locked out
         * @param defaultRole the role to log in with if none is chosen, or null
         * @param defaultOrg the organization to log in to if none is chosen, or null
         * @param roles the user's rows of {@code ad_user_roles}
         */
        public User(String id, String client, boolean active, boolean locked, String defaultRole, String defaultOrg,
            List<UserRole> roles) {
            this.id = Objects.requireNonNull(id, "the id of a user");
            this.client = Objects.requireNonNull(client, "the client of a user");
            this.active = active;
            this.locked = locked;
            this.defaultRole = defaultRole;
            this.defaultOrg = defaultOrg;
            this.roles = List.copyOf(roles);
        }

        /**
         * The role that a login takes: the requested one; else, of the usable roles, the user's default or
         * the one with the smallest id. If no role is usable, the same choice among all active links, so that
         * the login's check can report what is wrong with that role.
         *
         * @param principal the user who logs in, with its choices
         * @return the role's id, or null if the user has no active link to a role
         */
        public String roleToTake(Principal principal) {
            if (principal.role() != null) {
                return principal.role();
            }
            String usable = choose(link -> link.active && link.linked != null && link.linked.active
                && link.linked.clientActive && mayWorkIn(link.linked.client)
                && (principal.client() == null || principal.client().equals(link.linked.client)));
            return usable != null ? usable : choose(link -> link.active);
        }

        private String choose(Predicate<UserRole> chosen) {
            TreeSet<String> ids = new TreeSet<>(LoginFacts::compareBytes);
            roles.stream().filter(chosen).forEach(link -> ids.add(link.role));
            if (ids.isEmpty()) {
                return null;
            }
            return defaultRole != null && ids.contains(defaultRole) ? defaultRole : ids.first();
        }

        /** Whether the user may take roles of a client: its own, or any for the built-in administrator. */
        private boolean mayWorkIn(String other) {
            return client.equals(other) || id.equals("100") && client.equals(ZERO);
        }

        private void write(FrameWriter frame) {
            frame.text(id).text(client).flag(active).flag(locked).text(defaultRole).text(defaultOrg);
            frame.list(roles, link -> {
                frame.text(link.role).flag(link.active);
                frame.either(link.linked, role -> frame.text(role.client).flag(role.active).flag(role.clientActive));
            });
        }
    }

    /** A row of {@code ad_user_roles}: a user may take a role. */
    public static final class UserRole {
        private final String role;
        private final boolean active;
        private final LinkedRole linked;

        /**
         * A link from a user to a role.
         *
         * @param role the role's id
         * @param active whether this row is active
         * @param linked the role's own row, or null if there is none
         */
        public UserRole(String role, boolean active, LinkedRole linked) {
            this.role = Objects.requireNonNull(role, "the role that a user may take");
            this.active = active;
            this.linked = linked;
        }
    }

    /** The role that a row of {@code ad_user_roles} names. */
    public static final class LinkedRole {
        private final String client;
        private final boolean active;
        private final boolean clientActive;

        /**
         * A role that a user may take.
         *
         * @param client the id of the client that the role belongs to
         * @param active whether the role is active
         * @param clientActive whether that client exists and is active
         */
        public LinkedRole(String client, boolean active, boolean clientActive) {
            this.client = Objects.requireNonNull(client, "the client of a role");
            this.active = active;
            this.clientActive = clientActive;
        }
    }

    /** A role ({@code ad_role}) with its organizations. */
    public static final class Role {
        private final String id;
        private final String client;
        private final String level;
        private final boolean manual;
        private final boolean active;
        private final List<OrgAccess> accesses;
        private final List<Organization> organizations;

        /**
         * A role.
         *
         * @param id the role's id
         * @param client the id of the client that it belongs to
         * @param level its user level exactly as stored, blanks included
         * @param manual whether its access rows are written by hand ({@code ismanual})
         * @param active whether it is active
         * @param accesses all its rows of {@code ad_role_orgaccess}
         * @param organizations all organizations of the role's client, in the tree or not, if
         *     {@link #needsOrganizations} says so; else none
         */
        public Role(String id, String client, String level, boolean manual, boolean active, List<OrgAccess> accesses,
            List<Organization> organizations) {
            this.id = Objects.requireNonNull(id, "the id of a role");
            this.client = Objects.requireNonNull(client, "the client of a role");
            this.level = Objects.requireNonNull(level, "the level of a role");
            this.manual = manual;
            this.active = active;
            this.accesses = List.copyOf(accesses);
            this.organizations = List.copyOf(organizations);
        }

        /**
         * Do all organizations of the role's client have to be read? They do for an automatic role, and for
         * one with access to organization {@code 0}.
         *
         * @param manual whether the role's access rows are written by hand
         * @param accesses all its rows of {@code ad_role_orgaccess}
         * @return whether to read them
         */
        public static boolean needsOrganizations(boolean manual, List<OrgAccess> accesses) {
            return !manual || accesses.stream().anyMatch(row -> row.org.equals(ZERO));
        }

        private void write(FrameWriter frame) {
            frame.text(id).text(client).text(level).flag(manual).flag(active);
            frame.list(accesses, row -> {
                frame.text(row.org).text(row.client).flag(row.active);
                frame.either(row.organization, org -> frame.text(org.client).flag(org.active));
            });
            frame.list(organizations, org -> frame.text(org.id).text(org.client).flag(org.active));
        }
    }

    /** A row of {@code ad_role_orgaccess}: a role may work in an organization. */
    public static final class OrgAccess {
        private final String org;
        private final String client;
        private final boolean active;
        private final Organization organization;

        /**
         * An access row.
         *
         * @param org the organization's id
         * @param client the id of the client of this row
         * @param active whether this row is active
         * @param organization the organization's own row, or null if there is none
         */
        public OrgAccess(String org, String client, boolean active, Organization organization) {
            this.org = Objects.requireNonNull(org, "the organization of an access");
            this.client = Objects.requireNonNull(client, "the client of an access");
            this.active = active;
            this.organization = organization;
        }
    }

    /** An organization ({@code ad_org}). */
    public static final class Organization {
        private final String id;
        private final String client;
        private final boolean active;

        /**
         * An organization.
         *
         * @param id the organization's id
         * @param client the id of the client that it belongs to
         * @param active whether it is active
         */
        public Organization(String id, String client, boolean active) {
            this.id = Objects.requireNonNull(id, "the id of an organization");
            this.client = Objects.requireNonNull(client, "the client of an organization");
            this.active = active;
        }
    }

    /**
     * Ids are compared by their bytes, as the session manager does; Java's own order differs for some
     * letters.
     */
    static int compareBytes(String one, String other) {
        byte[] first = one.getBytes(StandardCharsets.UTF_8);
        return Arrays.compareUnsigned(first, other.getBytes(StandardCharsets.UTF_8));
    }
}
