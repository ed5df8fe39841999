package org.openbravo.model.common.enterprise;

/** Stand-in for the ERP's organization. */
public class Organization {
    private final String id;

    public Organization(String id) {
        this.id = id;
    }

    public String getId() {
        return id;
    }
}
