package org.openbravo.dal.service;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.openbravo.dal.core.OBContext;
import org.openbravo.model.common.enterprise.Organization;

/** Stand-in for the ERP's data access, over a connection that a test provides. */
public class OBDal {
    private static final OBDal INSTANCE = new OBDal();

    /** The connection of the current transaction. */
    public Connection connection;
    /** How often the connection was requested. */
    public int connections;
    /** The organizations that were read in administrator mode. */
    public final List<String> readAsAdministrator = new ArrayList<>();

    public static OBDal getInstance() {
        return INSTANCE;
    }

    public Connection getConnection(boolean doFlush) {
        connections++;
        return connection;
    }

    public <T> T get(Class<T> type, Object id) {
        if (OBContext.getOBContext().isInAdministratorMode()) {
            readAsAdministrator.add((String) id);
        }
        return type.cast(new Organization((String) id));
    }
}
