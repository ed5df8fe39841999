package org.openbravo.model.ad.system;

/** Stand-in for the ERP's client. */
public class Client {
    private final String id;

    public Client(String id) {
        this.id = id;
    }

    public String getId() {
        return id;
    }
}
