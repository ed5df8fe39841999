package org.orgcache.session;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import javax.sql.DataSource;
import org.orgcache.OrgRow;
import org.orgcache.openbravo.ClientRows;

/**
 * Reads Openbravo's and Etendo's tables over JDBC, on any database that they support: two queries for a
 * login, one more if all organizations of the client count, and one for the tree.
 *
 * <p>It has no revisions, so each login reads the tree; sessions with equal trees share one. Override {@link
 * #revision} if your installation has a number that changes with the tree.
 */
public class OpenbravoSource implements OrgSource {
    private static final String USER = "SELECT u.ad_client_id, u.isactive, u.islocked, u.default_ad_role_id,"
        + " u.default_ad_org_id, l.ad_role_id, l.isactive, r.ad_client_id, r.isactive, c.isactive"
        + " FROM ad_user u LEFT JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id"
        + " LEFT JOIN ad_role r ON r.ad_role_id = l.ad_role_id"
        + " LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id WHERE u.ad_user_id = ?";

    /** All columns of the role, because old versions lack {@code ismanual}. */
    private static final String ROLE = "SELECT c.ad_client_id AS c_id, c.isactive AS c_active, a.ad_org_id AS a_org,"
        + " a.ad_client_id AS a_client, a.isactive AS a_active, o.ad_org_id AS o_id, o.ad_client_id AS o_client,"
        + " o.isactive AS o_active, r.*"
        + " FROM ad_role r LEFT JOIN ad_client c ON c.ad_client_id = r.ad_client_id"
        + " LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id"
        + " LEFT JOIN ad_org o ON o.ad_org_id = a.ad_org_id WHERE r.ad_role_id = ?";

    private static final String ORGANIZATIONS = "SELECT ad_org_id, isactive FROM ad_org WHERE ad_client_id = ?";

    private final Connections connections;
    private final boolean closes;

    /** Provides connections. */
    @FunctionalInterface
    public interface Connections {
        /**
         * Returns a connection for the thread that logs in.
         *
         * @return the connection
         * @throws SQLException if no connection is available
         */
        Connection get() throws SQLException;
    }

    /**
     * Reads through connections that belong to the caller and stay open, such as that of Openbravo's {@code
     * OBDal}.
     *
     * @param connections returns the connection of the thread that logs in
     */
    public OpenbravoSource(Connections connections) {
        this.connections = connections;
        this.closes = false;
    }

    /**
     * Reads through connections of a pool, which are returned after each callback.
     *
     * @param pool the pool
     */
    public OpenbravoSource(DataSource pool) {
        this.connections = pool::getConnection;
        this.closes = true;
    }

    @Override
    public OptionalLong revision(String client) throws Exception {
        return OptionalLong.empty();
    }

    @Override
    public Iterable<OrgRow> tree(String client) throws SQLException {
        return with(connection -> ClientRows.read(connection, client));
    }

    @Override
    public LoginFacts facts(Principal principal) throws SQLException {
        return with(connection -> {
            LoginFacts.User user = user(connection, principal.user());
            String role = user == null ? null : user.roleToTake(principal);
            return role == null ? new LoginFacts(user, null, null) : role(connection, user, role);
        });
    }

    private <T> T with(Work<T> work) throws SQLException {
        Connection connection = connections.get();
        try {
            return work.run(connection);
        } finally {
            if (closes) {
                connection.close();
            }
        }
    }

    private static LoginFacts.User user(Connection connection, String id) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(USER)) {
            query.setString(1, id);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
                String client = row.getString(1);
                boolean active = isYes(row.getString(2));
                // The ERP also treats a lower-case letter as yes.
                boolean locked = "Y".equalsIgnoreCase(row.getString(3));
                String defaultRole = row.getString(4);
                String defaultOrg = row.getString(5);
                List<LoginFacts.UserRole> roles = new ArrayList<>();
                do {
                    String role = row.getString(6);
                    if (role != null) {
                        String ofRole = row.getString(8);
                        LoginFacts.LinkedRole linked = ofRole == null ? null : new LoginFacts.LinkedRole(ofRole,
                            isYes(row.getString(9)), isYes(row.getString(10)));
                        roles.add(new LoginFacts.UserRole(role, isYes(row.getString(7)), linked));
                    }
                } while (row.next());
                return new LoginFacts.User(id, client, active, locked, defaultRole, defaultOrg, roles);
            }
        }
    }

    private static LoginFacts role(Connection connection, LoginFacts.User user, String id) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(ROLE)) {
            query.setString(1, id);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    return new LoginFacts(user, null, null);
                }
                String clientRow = row.getString("c_id");
                LoginFacts.Client client =
                    clientRow == null ? null : new LoginFacts.Client(clientRow, isYes(row.getString("c_active")));
                String ofClient = row.getString("ad_client_id");
                String level = row.getString("userlevel");
                boolean active = isYes(row.getString("isactive"));
                boolean manual = !hasManual(row) || !"N".equals(row.getString("ismanual"));
                List<LoginFacts.OrgAccess> accesses = new ArrayList<>();
                do {
                    String org = row.getString("a_org");
                    if (org != null) {
                        String there = row.getString("o_id");
                        LoginFacts.Organization organization = there == null ? null
                            : new LoginFacts.Organization(there, row.getString("o_client"),
                                isYes(row.getString("o_active")));
                        accesses.add(new LoginFacts.OrgAccess(org, row.getString("a_client"),
                            isYes(row.getString("a_active")), organization));
                    }
                } while (row.next());
                List<LoginFacts.Organization> organizations = LoginFacts.Role.needsOrganizations(manual, accesses)
                    ? organizations(connection, ofClient) : List.of();
                LoginFacts.Role role = new LoginFacts.Role(id, ofClient, level == null ? "" : level, manual, active,
                    accesses, organizations);
                return new LoginFacts(user, role, client);
            }
        }
    }

    private static List<LoginFacts.Organization> organizations(Connection connection, String client)
        throws SQLException {
        List<LoginFacts.Organization> organizations = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(ORGANIZATIONS)) {
            query.setString(1, client);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    organizations.add(new LoginFacts.Organization(row.getString(1), client, isYes(row.getString(2))));
                }
            }
        }
        return organizations;
    }

    private static boolean hasManual(ResultSet row) throws SQLException {
        for (int column = 1; column <= row.getMetaData().getColumnCount(); column++) {
            if (row.getMetaData().getColumnLabel(column).equalsIgnoreCase("ismanual")) {
                return true;
            }
        }
        return false;
    }

    private static boolean isYes(String flag) {
        return "Y".equals(flag);
    }

    private interface Work<T> {
        T run(Connection connection) throws SQLException;
    }
}
