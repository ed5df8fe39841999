package org.orgcache.openbravo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.orgcache.OrgFlags;
import org.orgcache.OrgRow;

/** The rows of one client's organization tree in Openbravo's tables, read by one query. */
public final class ClientRows {
    /**
     * The tree that ad_clientinfo names, if it is an organization tree (table 155) of the client; else the
     * one with the smallest id. Inactive rows count like active ones.
     */
    private static final String QUERY = "SELECT n.node_id, n.parent_id, o.c_calendar_id, o.isready, o.isactive,"
        + " y.islegalentity, y.isbusinessunit, y.istransactionsallowed, o.isperiodcontrolallowed, y.isacctlegalentity"
        + " FROM ad_tree t"
        + " JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id"
        + " JOIN ad_org o ON o.ad_org_id = n.node_id"
        + " JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id"
        + " WHERE t.ad_client_id = ? AND t.ad_table_id = '155' AND t.ad_tree_id = COALESCE("
        + "(SELECT MIN(u.ad_tree_id) FROM ad_clientinfo i JOIN ad_tree u ON u.ad_tree_id = i.ad_tree_org_id"
        + " WHERE i.ad_client_id = t.ad_client_id AND u.ad_client_id = t.ad_client_id AND u.ad_table_id = '155'),"
        + " (SELECT MIN(u.ad_tree_id) FROM ad_tree u"
        + " WHERE u.ad_client_id = t.ad_client_id AND u.ad_table_id = '155'))";

    private static final int FIRST_FLAG = 4;

    /** The flags, in the order of the query. */
    private static final int[] FLAGS = {
        OrgFlags.READY, OrgFlags.ACTIVE, OrgFlags.LEGAL_ENTITY, OrgFlags.BUSINESS_UNIT,
        OrgFlags.TRANSACTIONS_ALLOWED, OrgFlags.PERIOD_CONTROL, OrgFlags.ACCOUNTING,
    };

    private ClientRows() {
    }

    /**
     * Reads the rows of a client's tree, without time zones, which not every version has.
     *
     * @param connection the connection, which stays open
     * @param client the client's id
     * @return the rows; none if the client has no organization tree
     * @throws SQLException if they cannot be read
     */
    public static List<OrgRow> read(Connection connection, String client) throws SQLException {
        List<OrgRow> rows = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(QUERY)) {
            query.setString(1, client);
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    int flags = 0;
                    for (int i = 0; i < FLAGS.length; i++) {
                        flags |= "Y".equals(row.getString(FIRST_FLAG + i)) ? FLAGS[i] : 0;
                    }
                    rows.add(new OrgRow(row.getString(1), row.getString(2), flags, null, row.getString(3)));
                }
            }
        }
        return rows;
    }
}
