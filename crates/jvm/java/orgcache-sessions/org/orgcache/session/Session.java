package org.orgcache.session;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.orgcache.OrgStructure;
import org.orgcache.openbravo.OrganizationStructures;

/**
 * A session: a user in a role, with the tree and the access as they were at login.
 *
 * <p>Later changes in a database or on another node never change an answer. Only {@link #isEnded} calls
 * native code, and no method blocks. Use a session for one request, and ask the {@link SessionManager} again
 * in the next: a session object still answers after the session has ended.
 *
 * <p>Organizations that are not in the tree, or of another client, are neither readable nor writable, unless
 * the role's own rows name them. The caller owns returned lists.
 */
public final class Session {
    private static final String ZERO = "0";

    private final SessionManager manager;
    private final long place;
    private final String id;
    private final String user;
    private final String role;
    private final String client;
    private final String org;
    private final RoleAccess access;

    Session(SessionManager manager, long place, FrameReader frame, RoleAccess access) {
        this.manager = manager;
        this.place = place;
        id = frame.text();
        user = frame.text();
        role = frame.text();
        client = frame.text();
        org = frame.text();
        this.access = access;
    }

    /**
     * The name of the session, which may be logged and opens nothing.
     *
     * @return 64 hexadecimal digits
     */
    public String id() {
        return id;
    }

    /**
     * The user ({@code #AD_User_ID}).
     *
     * @return the user's id
     */
    public String user() {
        return user;
    }

    /**
     * The role ({@code #AD_Role_ID}).
     *
     * @return the role's id
     */
    public String role() {
        return role;
    }

    /**
     * The client in which the session works ({@code #AD_Client_ID}).
     *
     * @return the client's id
     */
    public String client() {
        return client;
    }

    /**
     * The organization in which the session works ({@code #AD_Org_ID}).
     *
     * @return the organization's id
     */
    public String org() {
        return org;
    }

    /**
     * The tree as it was at login. Sessions on equal trees share it.
     *
     * @return the tree
     */
    public OrgStructure tree() {
        return access.tree();
    }

    /**
     * The answers of Openbravo's {@code OrganizationStructureProvider} from the session's tree.
     *
     * @return the answers
     */
    public OrganizationStructures structures() {
        return new OrganizationStructures(client, tree());
    }

    /**
     * May records of the organization be read?
     *
     * @param organization its id
     * @return whether they may
     */
    public boolean canRead(String organization) {
        return access.canRead(organization);
    }

    /**
     * May records of the organization be written?
     *
     * @param organization its id
     * @return whether they may
     */
    public boolean canWrite(String organization) {
        return access.canWrite(organization);
    }

    /**
     * May a record of one organization refer to a record of another? It may if either is {@code 0} or one is
     * in the natural tree of the other.
     *
     * @param one the organization of the record
     * @param referenced the organization of the record that it refers to
     * @return whether it may
     */
    public boolean mayReference(String one, String referenced) {
        return structures().isInNaturalTree(one, referenced);
    }

    /**
     * The organizations whose records may be read.
     *
     * @return their ids, in tree order, then those that are not in the tree
     */
    public List<String> readable() {
        return access.readable();
    }

    /**
     * The organizations whose records may be written.
     *
     * @return their ids, in tree order, then those that are not in the tree
     */
    public List<String> writable() {
        return access.writable();
    }

    /**
     * The clients whose records may be read: {@code 0}, and the session's own unless the role is of the
     * system level.
     *
     * @return their ids
     */
    public List<String> readableClients() {
        List<String> clients = new ArrayList<>();
        if (!client.equals(ZERO) && !access.level().trim().equals("S")) {
            clients.add(client);
        }
        clients.add(ZERO);
        return clients;
    }

    /**
     * A session variable of Openbravo with the value that Openbravo stores: {@code #AccessibleOrgTree},
     * {@code #User_Org}, {@code #User_Client}, {@code #User_Level}, {@code #AD_Org_ID}, {@code
     * #AD_Client_ID}, {@code #AD_Role_ID} or {@code #AD_User_ID}. The name is case-insensitive.
     *
     * @param name the name
     * @return the value, or null for another name
     */
    public String variable(String name) {
        switch (name.toLowerCase(Locale.ROOT)) {
            case "#accessibleorgtree":
                return OrgStructure.quotedList(readable());
            case "#user_org":
                return OrgStructure.quotedList(access.grantedOrgs());
            case "#user_client":
                return OrgStructure.quotedList(access.grantedClients());
            case "#user_level":
                return access.level();
            case "#ad_org_id":
                return org;
            case "#ad_client_id":
                return client;
            case "#ad_role_id":
                return role;
            case "#ad_user_id":
                return user;
            default:
                return null;
        }
    }

    /**
     * Was the session ended on this node, or found gone from the store? A yes is final.
     *
     * @return whether it has ended
     * @throws IllegalStateException if the session manager is closed
     */
    public boolean isEnded() {
        return manager.isEnded(place);
    }

    @Override
    public String toString() {
        return "session " + id + " of user " + user;
    }
}
