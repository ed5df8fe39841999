package org.orgcache.bench;

import java.util.List;
import java.util.OptionalLong;
import org.orgcache.OrgRow;
import org.orgcache.session.Login;
import org.orgcache.session.LoginFacts;
import org.orgcache.session.Options;
import org.orgcache.session.OrgSource;
import org.orgcache.session.Principal;
import org.orgcache.session.Session;
import org.orgcache.session.SessionManager;

/** Sessions in memory through the native library, with an ERP that answers from memory. */
final class Sessions implements AutoCloseable {
    private static final String CLIENT = "C";
    private static final String ROLE = "R";

    private final SessionManager manager;
    private final String[] one;
    private final String[] other;
    private final Login login;

    Sessions(List<OrgRow> rows, String[] one, String[] other) {
        this.one = one;
        this.other = other;
        List<LoginFacts.UserRole> links =
            List.of(new LoginFacts.UserRole(ROLE, true, new LoginFacts.LinkedRole(CLIENT, true, true)));
        List<LoginFacts.OrgAccess> accesses = List.of(
            new LoginFacts.OrgAccess(one[0], CLIENT, true, new LoginFacts.Organization(one[0], CLIENT, true)));
        LoginFacts.Role role = new LoginFacts.Role(ROLE, CLIENT, "  O", true, true, accesses, List.of());
        manager = SessionManager.open(Options.inMemory(), new OrgSource() {
            @Override
            public OptionalLong revision(String client) {
                return OptionalLong.of(1);
            }

            @Override
            public Iterable<OrgRow> tree(String client) {
                return rows;
            }

            @Override
            public LoginFacts facts(Principal principal) {
                LoginFacts.User user =
                    new LoginFacts.User(principal.user(), CLIENT, true, false, ROLE, null, links);
                return new LoginFacts(user, role, new LoginFacts.Client(CLIENT, true));
            }
        });
        login = logIn();
    }

    private Login logIn() {
        return manager.login(Principal.user("U"));
    }

    /** A typical request: looks up its session and asks it a question. */
    long ask(int times) {
        long yes = 0;
        for (int i = 0; i < times; i++) {
            Session session = manager.session(login.token());
            yes += session.mayReference(one[i % one.length], other[i % other.length]) ? 1 : 0;
        }
        return yes;
    }

    long find(int times) {
        long found = 0;
        for (int i = 0; i < times; i++) {
            found += manager.session(login.token()) == login.session() ? 1 : 0;
        }
        if (found < times) {
            throw new IllegalStateException("another session");
        }
        return found;
    }

    long canRead(int times) {
        long yes = 0;
        for (int i = 0; i < times; i++) {
            yes += login.session().canRead(one[i % one.length]) ? 1 : 0;
        }
        return yes;
    }

    long isEnded(int times) {
        long ended = 0;
        for (int i = 0; i < times; i++) {
            ended += login.session().isEnded() ? 1 : 0;
        }
        return ended;
    }

    long logInAndOut(int times) {
        long ended = 0;
        for (int i = 0; i < times; i++) {
            ended += manager.logout(logIn().token()).sessions();
        }
        return ended;
    }

    /**
     * Drops the sessions of earlier questions, so that their places are not released during later
     * measurements.
     */
    void settle() {
        while (manager.stats().javaSessions() > 1) {
            System.gc();
        }
    }

    /** A session with its token, as a program stores them. */
    Login hold() {
        return logIn();
    }

    @Override
    public void close() {
        manager.close();
    }
}
