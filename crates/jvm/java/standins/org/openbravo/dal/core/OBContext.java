package org.openbravo.dal.core;

import java.util.HashMap;
import java.util.Map;
import org.openbravo.dal.security.OrganizationStructureProvider;
import org.openbravo.model.ad.system.Client;

/** Stand-in for the ERP's user context, which has one provider per client. */
public class OBContext {
    private static final ThreadLocal<OBContext> CURRENT = new ThreadLocal<>();

    private final Client client;
    private final Map<String, OrganizationStructureProvider> providers = new HashMap<>();
    private int adminMode;

    public OBContext(String client) {
        this.client = new Client(client);
    }

    public static OBContext getOBContext() {
        return CURRENT.get();
    }

    public static void setOBContext(OBContext context) {
        CURRENT.set(context);
    }

    public static void setAdminMode(boolean doOrgClientAccessCheck) {
        CURRENT.get().adminMode++;
    }

    public static void restorePreviousMode() {
        CURRENT.get().adminMode--;
    }

    public boolean isInAdministratorMode() {
        return adminMode > 0;
    }

    public Client getCurrentClient() {
        return client;
    }

    public OrganizationStructureProvider getOrganizationStructureProvider() {
        return getOrganizationStructureProvider(client.getId());
    }

    public OrganizationStructureProvider getOrganizationStructureProvider(String clientId) {
        return providers.computeIfAbsent(clientId, id -> {
            OrganizationStructureProvider provider = new OrganizationStructureProvider();
            provider.setClientId(id);
            return provider;
        });
    }
}
