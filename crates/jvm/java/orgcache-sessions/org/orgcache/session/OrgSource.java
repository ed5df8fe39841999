package org.orgcache.session;

import java.util.OptionalLong;
import org.orgcache.OrgRow;

/**
 * Answers for the ERP when a user logs in. {@link OpenbravoSource} does so from Openbravo's and Etendo's
 * tables.
 *
 * <p>Every method runs on the thread that logs in, so that a connection or a transaction of that thread may
 * be used. On a virtual thread it runs on a platform thread of the session manager instead, while the virtual
 * one waits.
 *
 * <p>Answer rows that are committed: logins of one client that wait for the same tree share it, whichever of
 * their threads has read it. Answer from the primary database, never from a replica or a cache: a login must
 * see what was committed before it began. Set time limits: a callback that hangs makes its login hang, and
 * those that wait for its tree.
 *
 * <p>What a method throws becomes the cause of the {@link SessionException} of that login, and reaches no
 * other. No session is made then, and one that was to be replaced goes on. A callback may look up sessions; a
 * login, a refresh or a close within a callback throws {@link IllegalStateException}.
 */
public interface OrgSource {
    /**
     * A number that identifies the state of a client's tree, so that an unchanged tree is not read again.
     *
     * <p>Two equal numbers must mean the same rows, also after a rollback or a restore. Where that cannot be
     * promised the answer is empty, and every login reads the rows.
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
     * LoginFacts.User#roleToTake} names, and the role's client. Nothing is filtered and nothing is checked:
     * the session manager does that.
     *
     * @param principal who logs in
     * @return the rows, without those that are not there
     * @throws Exception if the database does not answer
     */
    LoginFacts facts(Principal principal) throws Exception;
}
