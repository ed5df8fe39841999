package org.orgcache.openbravo;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.orgcache.Built;
import org.orgcache.Finding;
import org.orgcache.OrgFlags;
import org.orgcache.OrgStructure;
import org.orgcache.OrgTrees;

/**
 * The answers of Openbravo's {@code OrganizationStructureProvider}, from one client's tree, by ids.
 *
 * <p>Every method has the provider's name and gives its answers for null, unknown and empty ids, as of the
 * version merged in February 2018 (3.0PR18Q2), with the closest record and the time zone added later.
 * "Unknown" is an id that is not in the tree: one of another client, empty, or null. An unknown organization
 * is its own natural tree.
 *
 * <p>It differs where {@link OrgStructure#build} decides before there is a tree: a parent that is not in the
 * tree is no parent (the provider returned its id); duplicates and cycles are refused (in the provider the
 * last row won, and walks never ended). {@code setClientId} and {@code reInitialize} are missing, because
 * instances are immutable: create another one.
 *
 * <p>The caller owns returned collections, which are in tree order. Instances are serializable, and
 * deserialize with the shared tree of {@link org.orgcache.OrgTrees#shared}.
 */
public final class OrganizationStructures implements Serializable {
    private static final long serialVersionUID = 1;

    private static final int ORGANIZATION_TYPES = OrgFlags.LEGAL_ENTITY | OrgFlags.BUSINESS_UNIT;

    /** The client. */
    private final String client;
    /** Its tree. */
    private final OrgStructure tree;

    /**
     * The answers for one client.
     *
     * @param client the client's id
     * @param tree the client's tree
     */
    public OrganizationStructures(String client, OrgStructure tree) {
        this.client = Objects.requireNonNull(client, "the client of a tree");
        this.tree = Objects.requireNonNull(tree, "the tree of a client");
    }

    /**
     * Reads a client's tree from Openbravo's tables, by one query on the given connection, regardless of its
     * transaction. Sessions with equal rows share one tree. Oddities of the rows are logged as warnings, once
     * per tree, by the logger {@code org.orgcache}. Time zones, which not every version has, are not read.
     *
     * @param connection the connection, which stays open
     * @param client the client's id
     * @return the answers for the client; from a tree without organizations if it has no organization tree
     * @throws SQLException if the rows cannot be read
     * @throws org.orgcache.BuildException if the rows are no tree
     */
    public static OrganizationStructures read(Connection connection, String client) throws SQLException {
        Built built = OrgStructure.build(ClientRows.read(connection, client));
        OrgStructure shared = OrgTrees.shared().intern(built.structure());
        if (shared == built.structure()) {
            for (Finding finding : built.findings()) {
                System.getLogger("org.orgcache").log(Level.WARNING, "client `" + client + "`: " + finding);
            }
        }
        return new OrganizationStructures(client, shared);
    }

    /**
     * The client whose tree this is.
     *
     * @return the client's id
     */
    public String getClientId() {
        return client;
    }

    /**
     * The tree behind the answers.
     *
     * @return the tree
     */
    public OrgStructure structure() {
        return tree;
    }

    /**
     * Ancestors, the organization itself and descendants.
     *
     * @param org an organization's id
     * @return the ids; just that id if it is unknown
     */
    public Set<String> getNaturalTree(String org) {
        return answer(org, true, tree::naturalTree);
    }

    /**
     * Is one organization in the natural tree of another? True at once if either is {@code 0}, even if the
     * other is unknown; an unknown organization is in its own natural tree and in no other. It is symmetric.
     *
     * @param org1 an organization's id
     * @param org2 an organization's id
     * @return whether it is
     */
    public boolean isInNaturalTree(String org1, String org2) {
        if ("0".equals(org1) || "0".equals(org2)) {
            return true;
        }
        int one = tree.indexOf(org1);
        int other = tree.indexOf(org2);
        return one < 0 && other < 0 ? Objects.equals(org1, org2) : tree.isInNaturalTree(one, other);
    }

    /**
     * The parent.
     *
     * @param org an organization's id
     * @return the parent's id; null for a root and if it is unknown
     */
    public String getParentOrg(String org) {
        return tree.id(tree.parent(tree.indexOf(org)));
    }

    /**
     * The ancestors, nearest first, up to the root.
     *
     * @param org an organization's id
     * @param includeOrg whether the list begins with the organization itself
     * @return the ids; itself or nothing if it is unknown
     */
    public List<String> getParentList(String org, boolean includeOrg) {
        int index = tree.indexOf(org);
        if (index < 0 && includeOrg) {
            return new ArrayList<>(Arrays.asList(org));
        }
        return tree.pathToRoot(index, includeOrg);
    }

    /**
     * The ancestors.
     *
     * @param org an organization's id
     * @param includeOrg whether the organization itself is in the set
     * @return the ids; itself or nothing if it is unknown
     */
    public Set<String> getParentTree(String org, boolean includeOrg) {
        return answer(org, includeOrg, index -> tree.ancestors(index, includeOrg));
    }

    /**
     * The organizations directly below.
     *
     * @param org an organization's id
     * @return the ids; nothing if it is unknown
     */
    public Set<String> getChildOrg(String org) {
        return tree.children(tree.indexOf(org));
    }

    /**
     * All organizations below.
     *
     * @param org an organization's id
     * @param includeOrg whether the organization itself is in the set
     * @return the ids; itself or nothing if it is unknown
     */
    public Set<String> getChildTree(String org, boolean includeOrg) {
        return answer(org, includeOrg, index -> tree.descendants(index, includeOrg));
    }

    /**
     * The nearest legal entity from an organization upwards, with or without accounting.
     *
     * @param org an organization's id
     * @return the id, or null
     */
    public String getLegalEntity(String org) {
        return nearest(org, OrgFlags.LEGAL_ENTITY);
    }

    /**
     * The nearest business unit from an organization upwards.
     *
     * @param org an organization's id
     * @return the id, or null
     */
    public String getBusinessUnit(String org) {
        return nearest(org, OrgFlags.BUSINESS_UNIT);
    }

    /**
     * The nearest legal entity or business unit from an organization upwards: the nearer of the two.
     *
     * @param org an organization's id
     * @return the id, or null
     */
    public String getLegalEntityOrBusinessUnit(String org) {
        return nearest(org, ORGANIZATION_TYPES);
    }

    /**
     * The nearest organization from here upwards that opens and closes its own periods.
     *
     * @param org an organization's id
     * @return the id, or null
     */
    public String getPeriodControlAllowedOrganization(String org) {
        return nearest(org, OrgFlags.PERIOD_CONTROL);
    }

    /**
     * The nearest organization from here upwards that has a calendar.
     *
     * @param org an organization's id
     * @return the id, or null
     */
    public String getCalendarOwner(String org) {
        return tree.id(tree.nearestCalendarOwner(tree.indexOf(org)));
    }

    /**
     * The legal entities below an organization, itself excluded. (The spelling is the provider's.)
     *
     * @param org an organization's id
     * @return the ids; nothing if it is unknown
     */
    public List<String> getChildLegalEntitesList(String org) {
        return tree.descendantsWithFlags(tree.indexOf(org), OrgFlags.LEGAL_ENTITY);
    }

    /**
     * The active legal entities of the tree. The provider asks the database at each call, which also finds
     * organizations outside the tree.
     *
     * @return the ids
     */
    public List<String> getLegalEntitiesList() {
        return tree.withFlags(OrgFlags.LEGAL_ENTITY | OrgFlags.ACTIVE);
    }

    /**
     * Of a comma-separated list, those organizations that are ready and whose type allows transactions.
     *
     * <p>An element that begins with a single quote loses its first and its last character. Elements are not
     * trimmed: after {@code ", "} an element begins with a blank, is unknown, and is left out.
     *
     * @param orgs the ids
     * @return the ids quoted and comma separated, in the order given, duplicates kept
     */
    public String getTransactionAllowedOrgs(String orgs) {
        int required = OrgFlags.READY | OrgFlags.TRANSACTIONS_ALLOWED;
        List<String> allowed = new ArrayList<>();
        for (String element : orgs.split(",")) {
            boolean quoted = element.startsWith("'");
            String org = quoted ? element.substring(1, Math.max(1, element.length() - 1)) : element;
            if ((tree.flags(tree.indexOf(org)) & required) == required) {
                allowed.add(org);
            }
        }
        return OrgStructure.quotedList(allowed);
    }

    /**
     * Of records that belong to organizations, the one whose organization is closest: the nearest of those in
     * the parent list, else any of those in the child tree. The smallest id wins a tie.
     *
     * @param <R> the type of a record
     * @param records the records
     * @param id returns a record's id
     * @param owner returns the id of a record's organization
     * @param org an organization's id
     * @return the record, or null without records and without an organization
     */
    public <R> R getBOBInClosestOrg(Iterable<? extends R> records, Function<? super R, String> id,
        Function<? super R, String> owner, String org) {
        int index = tree.indexOf(org);
        R closest = null;
        // Ancestors rank by their index, the nearest last. Descendants rank behind all of them.
        int best = -2;
        for (R record : records) {
            String recordOwner = owner.apply(record);
            int place = tree.indexOf(recordOwner);
            int rank;
            if (index < 0) {
                // The parent list of an unknown organization is itself, and nothing is below it.
                rank = org != null && org.equals(recordOwner) ? 0 : -2;
            } else if (tree.isSelfOrBelow(index, place)) {
                rank = place;
            } else {
                rank = tree.isSelfOrBelow(place, index) ? -1 : -2;
            }
            boolean smaller = rank == best && closest != null && id.apply(record).compareTo(id.apply(closest)) < 0;
            if (rank > best || smaller) {
                best = rank;
                closest = record;
            }
        }
        return closest;
    }

    /**
     * The time zone of an organization itself, for which the ERP uses {@code getPropertyFromNode}.
     *
     * @param org an organization's id
     * @return the IANA name, or null
     */
    public String getTimeZone(String org) {
        return tree.timeZone(tree.indexOf(org));
    }

    /**
     * The level of an organization above another, 1 for itself, as the database function {@code
     * AD_ISORGINCLUDED} answers for this client; from the tree, not from {@code ad_org_tree}.
     *
     * @param org an organization's id
     * @param parent the id of the possible ancestor
     * @return the level; -1 for a null, for an unknown organization, for one that is not ready or is reached
     *     only through one that is not, and for {@code 0} below anything but itself
     */
    public int isOrgIncluded(String org, String parent) {
        if ("0".equals(org)) {
            return "0".equals(parent) ? 1 : -1;
        }
        int index = tree.indexOf(org);
        int above = tree.indexOf(parent);
        if (!tree.isSelfOrBelow(index, above)) {
            return -1;
        }
        for (int on = index; on >= above; on = tree.parent(on)) {
            if ((tree.flags(on) & OrgFlags.READY) == 0) {
                return -1;
            }
        }
        return tree.depth(index) - tree.depth(above) + 1;
    }

    /**
     * Is one organization included in the other, either way round, as the database function
     * {@code AD_ORG_ISINNATURALTREE} answers?
     *
     * @param one an organization's id
     * @param other an organization's id
     * @return whether it is
     */
    public boolean isOrgInNaturalTree(String one, String other) {
        return isOrgIncluded(one, other) > 0 || isOrgIncluded(other, one) > 0;
    }

    private String nearest(String org, int flags) {
        return tree.id(tree.nearest(tree.indexOf(org), flags));
    }

    /** A set for an organization of the tree; for any other id itself or nothing. */
    private Set<String> answer(String org, boolean includeOrg, IntFunction<Set<String>> set) {
        int index = tree.indexOf(org);
        return index >= 0 ? set.apply(index) : new LinkedHashSet<>(includeOrg ? Arrays.asList(org) : List.of());
    }

    @Override
    public String toString() {
        return "OrganizationStructures of client " + client + ": " + tree;
    }

    /**
     * Refuses values that no constructor would create.
     *
     * @param stream the stream
     * @throws IOException if it cannot be read
     * @throws ClassNotFoundException if it cannot be read
     */
    private void readObject(ObjectInputStream stream) throws IOException, ClassNotFoundException {
        stream.defaultReadObject();
        if (client == null || tree == null) {
            throw new InvalidObjectException("organization structures without a client or a tree");
        }
    }
}
