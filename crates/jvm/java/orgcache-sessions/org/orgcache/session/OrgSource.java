package org.orgcache.session;

import java.util.OptionalLong;
import org.orgcache.OrgRow;

/**
 * Answers for the ERP when a user logs in. {@link OpenbravoSource} implements it for Openbravo's and Etendo's
 * tables.
 *
 * <p>Every method runs on the thread that logs in, so it may use a connection or a transaction of that
 * thread. For a virtual thread, it runs on a platform thread of the session manager instead, while the
 * virtual thread waits.
 *
 * <p>Return committed rows: logins of one client that wait for the same tree share it, whichever of their
 * threads read it. Read from the primary database, never from a replica or a cache: a login must see what was
 * committed before it began. Set timeouts: a callback that hangs blocks its login and those that wait for its
 * tree.
 *
 * <p>An exception of a method becomes the cause of the {@link SessionException} of that login only. Then no
 * session is created, and a session that was to be replaced stays valid. A callback may look up sessions. A
 * login, a refresh or a close within a callback throws {@link IllegalStateException}.
 */
public interface OrgSource {
    /**
     * A number that identifies the state of a client's tree, so that an unchanged tree is not read again.
     *
     * <p>Two equal numbers must mean the same rows, also after a rollback or a restore. If that cannot be
     * guaranteed, return empty, and every login reads the rows.
     *
     * @param client the client's id
     * @return the revision, or empty
     * @throws Exception if the database does not answer
     */
    OptionalLong revision(String client) throws Exception;

    /**
     * The organizations of a client's tree, in any order, all of one snapshot of the database.
     *
     * @param client the client's id
     * @return the rows; none if the client has no tree
     * @throws Exception if the database does not answer
     */
    Iterable<OrgRow> tree(String client) throws Exception;

    /**
     * The rows that decide about a login: the user with its links to roles, the role that {@link
     * LoginFacts.User#roleToTake} names, and the role's client. Do not filter or check the rows: the session
     * manager does.
     *
     * @param principal the user who logs in
     * @return the rows; null for each that does not exist
     * @throws Exception if the database does not answer
     */
    LoginFacts facts(Principal principal) throws Exception;
}
