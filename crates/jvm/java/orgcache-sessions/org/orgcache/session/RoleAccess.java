package org.orgcache.session;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.orgcache.OrgStructure;

/**
 * What a role may read and write in one tree, decoded from the canonical bytes of the native library. All
 * sessions with equal access share one.
 */
final class RoleAccess {
    /** The header of the bytes: the magic, the version and the fingerprint of the tree. */
    private static final int HEADER = 6 + 2 + 32;

    private final OrgStructure tree;
    private final String level;
    private final Orgs readable;
    private final Orgs writable;
    private final List<String> clients = new ArrayList<>();
    private final List<Orgs> granted = new ArrayList<>();

    RoleAccess(OrgStructure tree, byte[] bytes) {
        this.tree = tree;
        ByteBuffer rest = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        rest.position(HEADER);
        level = text(rest);
        readable = new Orgs(rest);
        writable = new Orgs(rest);
        for (int count = rest.getInt(); count > 0; count--) {
            clients.add(text(rest));
            granted.add(new Orgs(rest));
        }
        if (rest.hasRemaining()) {
            throw new IllegalStateException("the jar and its native library are of different versions");
        }
    }

    private static String text(ByteBuffer rest) {
        int length = Byte.toUnsignedInt(rest.get());
        String text = new String(rest.array(), rest.position(), length, StandardCharsets.UTF_8);
        rest.position(rest.position() + length);
        return text;
    }

    OrgStructure tree() {
        return tree;
    }

    boolean canRead(String org) {
        return readable.contains(tree, org);
    }

    boolean canWrite(String org) {
        return writable.contains(tree, org);
    }

    List<String> readable() {
        return readable.ids(tree);
    }

    List<String> writable() {
        return writable.ids(tree);
    }

    String level() {
        return level;
    }

    List<String> grantedClients() {
        return clients;
    }

    /** The organizations granted to the role, by client and then by id. */
    List<String> grantedOrgs() {
        List<String> ids = new ArrayList<>();
        for (Orgs orgs : granted) {
            List<String> ofClient = orgs.ids(tree);
            ofClient.sort(LoginFacts::compareBytes);
            ids.addAll(ofClient);
        }
        return ids;
    }

    /** Organizations of the tree as ranges of ranks, and others by their ids. */
    private static final class Orgs {
        /** Starts and ends, strictly ascending. */
        private final int[] bounds;
        private final List<String> outside;

        Orgs(ByteBuffer rest) {
            bounds = new int[2 * rest.getInt()];
            for (int i = 0; i < bounds.length; i++) {
                bounds[i] = rest.getInt();
            }
            int count = rest.getInt();
            List<String> ids = count == 0 ? Collections.emptyList() : new ArrayList<>(count);
            for (; count > 0; count--) {
                ids.add(text(rest));
            }
            outside = ids;
        }

        boolean contains(OrgStructure tree, String id) {
            int rank = tree.indexOf(id);
            if (rank < 0) {
                return outside.contains(id);
            }
            int low = 0;
            int high = bounds.length;
            // Count the bounds at or below the rank: it is within a range if their number is odd.
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (bounds[middle] <= rank) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low % 2 == 1;
        }

        List<String> ids(OrgStructure tree) {
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < bounds.length; i += 2) {
                for (int rank = bounds[i]; rank < bounds[i + 1]; rank++) {
                    ids.add(tree.id(rank));
                }
            }
            ids.addAll(outside);
            return ids;
        }
    }
}
