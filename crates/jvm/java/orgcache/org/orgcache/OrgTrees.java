package org.orgcache;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The trees of a process. Equal trees are shared, and each client's current tree is found by its revision.
 *
 * <p>Trees are referenced weakly. A tree lives as long as a session pins it; then the garbage collector
 * removes it.
 */
public final class OrgTrees {
    private static final OrgTrees SHARED = new OrgTrees();

    // The values are weak too, or a tree would keep itself alive.
    private final Map<OrgStructure, WeakReference<OrgStructure>> trees = new WeakHashMap<>();
    private final Map<String, Client> clients = new ConcurrentHashMap<>();

    /** A separate pool, which shares nothing with others. */
    public OrgTrees() {
    }

    /**
     * The pool of this process, or of this web application if each loads this class itself.
     *
     * @return the pool
     */
    public static OrgTrees shared() {
        return SHARED;
    }

    /**
     * The shared tree that equals a given one.
     *
     * @param tree a tree
     * @return the shared one: the given tree, or an equal one that was shared before
     */
    public OrgStructure intern(OrgStructure tree) {
        Objects.requireNonNull(tree, "a tree to share");
        synchronized (trees) {
            WeakReference<OrgStructure> reference = trees.get(tree);
            OrgStructure held = reference == null ? null : reference.get();
            if (held != null) {
                return held;
            }
            trees.put(tree, new WeakReference<>(tree));
            return tree;
        }
    }

    /**
     * The current tree of a client: the shared one if its revision has not changed, else one built from rows.
     *
     * <p>A revision identifies the state of a client's rows. It is read before the rows, and must never
     * identify two states, also after a rollback. If it is unknown or uncertain, return empty: then each call
     * reads the rows, and no other call sees that tree under a revision. In particular, return empty in a
     * transaction that has itself changed the rows, since it may be rolled back.
     *
     * <p>One call at a time loads the tree of a client. Others wait for it, and then read the revision again.
     * Both suppliers run on the caller's thread. They must not ask for the current tree of another client,
     * which could wait for this one. Their exceptions reach this caller only.
     *
     * @param client the client's id
     * @param revision reads the revision of the client's rows
     * @param rows reads the rows
     * @return the tree
     * @throws BuildException if the rows are no tree
     * @throws IllegalStateException if a supplier asks for the same client's tree
     */
    public OrgStructure current(String client, Supplier<OptionalLong> revision, Supplier<Iterable<OrgRow>> rows) {
        OptionalLong known = revision.get();
        Client held = clients.computeIfAbsent(client, id -> new Client());
        OrgStructure tree = held.at(known);
        if (tree != null) {
            return tree;
        }
        if (held.loading.isHeldByCurrentThread()) {
            throw new IllegalStateException("the rows of client `" + client + "` ask for the same client's tree");
        }
        held.loading.lock();
        try {
            known = revision.get();
            tree = held.at(known);
            if (tree == null) {
                tree = load(rows);
                if (known.isPresent()) {
                    held.newest = new Revision(known, tree);
                }
            }
            return tree;
        } finally {
            held.loading.unlock();
        }
    }

    private OrgStructure load(Supplier<Iterable<OrgRow>> rows) {
        return intern(OrgStructure.build(rows.get()).structure());
    }

    /** The newest tree of a client. */
    private static final class Client {
        // Not a monitor: a monitor would pin virtual threads to their carriers while a database answers.
        final ReentrantLock loading = new ReentrantLock();
        volatile Revision newest;

        OrgStructure at(OptionalLong revision) {
            Revision held = newest;
            return held != null && revision.equals(held.number) ? held.tree.get() : null;
        }
    }

    private static final class Revision {
        final OptionalLong number;
        final WeakReference<OrgStructure> tree;

        Revision(OptionalLong number, OrgStructure tree) {
            this.number = number;
            this.tree = new WeakReference<>(tree);
        }
    }
}
