package org.orgcache.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.orgcache.OrgFlags;
import org.orgcache.OrgRow;

/**
 * The structure of Openbravo and Etendo since 2018, written from its description: a map from an id to a node
 * with its parent, its flags and the ids of its children. Every answer is a walk, and every set is a new one.
 * Every method first ensures that the map is loaded, which is synchronized.
 */
final class NodeMap {
    private List<OrgRow> rows;
    private Map<String, Node> nodes;

    /** Reads the rows here; the original asks its database at the first question. */
    NodeMap(List<OrgRow> rows) {
        this.rows = rows;
        load();
    }

    private synchronized void load() {
        if (nodes != null) {
            return;
        }
        nodes = new HashMap<>(rows.size());
        for (OrgRow row : rows) {
            nodes.put(row.id(), new Node(row));
        }
        for (OrgRow row : rows) {
            Node parent = nodes.get(row.parent());
            if (parent != null) {
                parent.children.add(row.id());
            }
        }
        rows = null;
    }

    boolean isInNaturalTree(String one, String other) {
        load();
        return "0".equals(one) || "0".equals(other) || naturalTree(one).contains(other);
    }

    Set<String> naturalTree(String org) {
        load();
        Set<String> orgs = new HashSet<>(parentList(org));
        orgs.addAll(childTree(org, false));
        return orgs;
    }

    List<String> parentList(String org) {
        load();
        List<String> parents = new ArrayList<>();
        for (String above = org; above != null; above = parent(above)) {
            parents.add(above);
        }
        return parents;
    }

    /** As in the original: one set per level, copied into the one above. */
    Set<String> childTree(String org, boolean self) {
        load();
        Set<String> orgs = new HashSet<>();
        if (self) {
            orgs.add(org);
        }
        Node node = nodes.get(org);
        if (node != null) {
            for (String child : new HashSet<>(node.children)) {
                orgs.addAll(childTree(child, true));
            }
        }
        return orgs;
    }

    String legalEntity(String org) {
        for (String above : parentList(org)) {
            Node node = nodes.get(above);
            if (node != null && node.isLegalEntity) {
                return above;
            }
        }
        return null;
    }

    private String parent(String org) {
        load();
        Node node = nodes.get(org);
        return node == null ? null : node.parent;
    }

    private static final class Node {
        final String parent;
        final boolean isReady;
        final boolean isLegalEntity;
        final boolean isBusinessUnit;
        final boolean isTransactionsAllowed;
        final boolean isPeriodControlAllowed;
        final List<String> children = new ArrayList<>();

        Node(OrgRow row) {
            parent = row.parent();
            isReady = has(row, OrgFlags.READY);
            isLegalEntity = has(row, OrgFlags.LEGAL_ENTITY);
            isBusinessUnit = has(row, OrgFlags.BUSINESS_UNIT);
            isTransactionsAllowed = has(row, OrgFlags.TRANSACTIONS_ALLOWED);
            isPeriodControlAllowed = has(row, OrgFlags.PERIOD_CONTROL);
        }

        private static boolean has(OrgRow row, int flag) {
            return (row.flags() & flag) != 0;
        }
    }
}
