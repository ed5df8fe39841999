package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.orgcache.OrgRow;
import org.orgcache.OrgStructure;

/** The guarantees of the session manager, with sessions in memory. */
class SessionManagerTest {
    private final Erp erp = new Erp();
    private final SessionManager sessions = SessionManager.open(Options.inMemory(), erp);

    @AfterEach
    void close() {
        sessions.close();
    }

    private static void assertNoSession(SessionManager sessions, String token) {
        SessionException gone = assertThrows(SessionException.class, () -> sessions.session(token));
        assertEquals(SessionException.Reason.NO_SESSION, gone.reason());
        assertFalse(gone.isTransient());
    }

    @Test
    void aLoginPinsTheCurrentTreeAndAccess() {
        Login login = sessions.login(Erp.principal());
        Session session = login.session();
        erp.rows.add(new OrgRow("Sevilla", "Spain", 0));
        erp.granted.add("USA");
        assertSame(session, sessions.session(login.token()));
        assertEquals(List.of("0", "Spain", "Madrid"), session.readable());
        assertEquals(List.of("Spain"), session.writable());
        assertFalse(session.canRead("USA") || session.canRead("Sevilla") || session.canWrite("Madrid"));
        assertEquals("'Spain'", session.variable("#USER_ORG"));
        assertEquals("Spain", session.structures().getLegalEntity("Madrid"));

        Login refreshed = sessions.refresh(login.token());
        assertTrue(session.isEnded() && !refreshed.session().isEnded());
        assertNoSession(sessions, login.token());
        assertTrue(refreshed.session().canRead("Sevilla") && refreshed.session().canWrite("USA"));
        // The old session object still answers.
        assertFalse(session.canRead("Sevilla"));
    }

    @Test
    void sessionsShareTreesAndAccesses() {
        Session one = sessions.login(Erp.principal()).session();
        Session other = sessions.login(Principal.user("V")).session();
        assertSame(one.tree(), other.tree());
        assertEquals("V", other.user());
        Stats stats = sessions.stats();
        assertEquals(2, stats.sessions());
        assertEquals(1, stats.trees());
        assertEquals(1, stats.accesses());
        erp.rows.add(new OrgRow("Sevilla", "Spain", 0));
        assertNotEquals(one.tree(), sessions.login(Erp.principal()).session().tree());
    }

    @Test
    void anUnchangedTreeIsNotReadAgain() {
        erp.revision = OptionalLong.of(7);
        sessions.login(Erp.principal());
        assertEquals(1, erp.loads.get());
        // Before the load, at its start and at its end.
        assertEquals(3, erp.revisions.get());
        Login again = sessions.login(Erp.principal());
        assertEquals(1, erp.loads.get());
        assertEquals(4, erp.revisions.get());
        assertEquals(2, erp.asked.get());
        erp.rows.add(new OrgRow("Sevilla", "Spain", 0));
        erp.revision = OptionalLong.of(-8);
        assertTrue(sessions.refresh(again.token()).session().canRead("Sevilla"));
        assertEquals(2, erp.loads.get());
    }

    @Test
    void aTreeThatChangesWhileItIsReadGetsNoRevision() {
        AtomicInteger number = new AtomicInteger();
        SessionManager moving = SessionManager.open(Options.inMemory(), new Erp() {
            @Override
            public OptionalLong revision(String client) {
                return OptionalLong.of(number.get());
            }

            @Override
            public Iterable<OrgRow> tree(String client) throws Exception {
                number.incrementAndGet();
                return super.tree(client);
            }
        });
        moving.login(Erp.principal());
        moving.login(Erp.principal());
        assertEquals(2, moving.stats().treeLoads());
        moving.close();
    }

    @Test
    void aSwitchEndsTheOldSession() {
        erp.granted.add("USA");
        Login login = sessions.login(Erp.principal().inOrg("Spain"));
        Login usa = sessions.switchTo(login.token(), Choice.org("USA"));
        assertEquals("USA", usa.session().org());
        assertEquals(Erp.ROLE, usa.session().role());
        assertNoSession(sessions, login.token());
        Login other = sessions.switchTo(usa.token(), Choice.role("R2").inOrg("Spain"));
        assertEquals("R2", other.session().role());
        assertEquals("Spain", other.session().org());
        SessionException refused = assertThrows(SessionException.class,
            () -> sessions.switchTo(other.token(), Choice.role("R3")));
        assertEquals(SessionException.Reason.REFUSED, refused.reason());
        assertTrue(refused.getMessage().contains("`R3`"), refused.getMessage());
        assertSame(other.session(), sessions.session(other.token()));
    }

    @Test
    void aNewOrganizationIsWritableUntilTheNextRefresh() {
        Login login = sessions.login(Erp.principal());
        SessionException unknown = assertThrows(SessionException.class,
            () -> sessions.addWritableOrg(login.token(), "Sevilla"));
        assertEquals(SessionException.Reason.REFUSED, unknown.reason());
        erp.rows.add(new OrgRow("Sevilla", "USA", 0));
        Login with = sessions.addWritableOrg(login.token(), "Sevilla");
        assertTrue(with.session().canWrite("Sevilla"));
        assertFalse(sessions.refresh(with.token()).session().canWrite("Sevilla"));
    }

    @Test
    void sessionsEndByScope() {
        Login one = sessions.login(Erp.principal());
        Login two = sessions.login(Erp.principal());
        Login other = sessions.login(Principal.user("V"));
        assertEquals(1, sessions.logout(one.token()).sessions());
        assertEquals(0, sessions.logout(one.token()).sessions());
        assertTrue(one.session().isEnded() && !two.session().isEnded());
        assertEquals(1, sessions.end(Scope.user(Erp.CLIENT, Erp.USER)).sessions());
        assertTrue(two.session().isEnded());
        assertEquals(1, sessions.end(Scope.session(other.session().id())).sessions());
        assertNoSession(sessions, other.token());
        sessions.login(Erp.principal());
        sessions.login(Erp.principal().inRole("R2"));
        assertEquals(1, sessions.end(Scope.role(Erp.CLIENT, "R2")).sessions());
        Revocation rest = sessions.end(Scope.client(Erp.CLIENT));
        assertEquals(1, rest.sessions());
        assertTrue(rest.pending().isEmpty());
        assertEquals(0, sessions.stats().sessions());
        assertThrows(IllegalArgumentException.class, () -> Scope.session(one.token().substring(1)));
    }

    @Test
    void malformedTokensOpenNothing() {
        String token = sessions.login(Erp.principal()).token();
        for (String wrong : new String[] {null, "", token.substring(1), token + "0", token.toUpperCase(), "g".repeat(64),
            "0".repeat(64), "é".repeat(64), token.replace(token.charAt(5), '/')}) {
            if (!token.equals(wrong)) {
                assertNoSession(sessions, wrong);
            }
        }
    }

    @Test
    void limitsHold() {
        try (SessionManager limited =
            SessionManager.open(Options.inMemory().maxSessionsPerUser(1).maxSessions(2), erp)) {
            limited.login(Erp.principal());
            SessionException full = assertThrows(SessionException.class, () -> limited.login(Erp.principal()));
            assertEquals(SessionException.Reason.LIMIT, full.reason());
            assertTrue(full.isTransient());
            limited.login(Principal.user("V"));
            assertEquals(SessionException.Reason.LIMIT,
                assertThrows(SessionException.class, () -> limited.login(Principal.user("W"))).reason());
        }
        Options options = Options.inMemory().maxSessionsPerUser(1).endOldestAtLimit();
        try (SessionManager limited = SessionManager.open(options, erp)) {
            Login first = limited.login(Erp.principal());
            assertEquals(List.of(first.session().id()), limited.login(Erp.principal()).endedSessions());
            assertTrue(first.session().isEnded());
        }
    }

    @Test
    void aLoginIsRefusedByTheRulesOfTheErp() {
        Login login = sessions.login(Erp.principal().inClient(Erp.CLIENT));
        assertTrue(login.replacedOrg().isEmpty() && !login.isReadOnly());
        SessionException refused = assertThrows(SessionException.class,
            () -> sessions.login(Erp.principal().inClient("D")));
        assertEquals("role `R` belongs to client `C`, not to client `D`", refused.getMessage());
        assertNull(refused.getCause());
        erp.granted.clear();
        assertTrue(sessions.login(Erp.principal()).isReadOnly());
    }

    @Test
    void aLoginRunsOnTheExecutor() {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "of the executor"));
        List<String> threads = new ArrayList<>();
        try (SessionManager manager = SessionManager.open(Options.inMemory(), new Erp() {
            @Override
            public LoginFacts facts(Principal principal) throws Exception {
                threads.add(Thread.currentThread().getName());
                if (!principal.user().equals(USER)) {
                    throw new IllegalArgumentException("another");
                }
                return super.facts(principal);
            }
        })) {
            Login login = manager.loginAsync(Erp.principal(), executor).toCompletableFuture().join();
            assertSame(login.session(), manager.session(login.token()));
            CompletionException failed = assertThrows(CompletionException.class,
                () -> manager.loginAsync(Principal.user("V"), executor).toCompletableFuture().join());
            assertEquals("another", failed.getCause().getCause().getMessage());
        }
        assertEquals(List.of("of the executor", "of the executor"), threads);
        executor.shutdown();
    }

    @Test
    void collectedSessionObjectsAreReleased() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            tokens.add(sessions.login(Principal.user("U" + i)).token());
        }
        Session kept = sessions.session(tokens.get(7));
        for (int i = 0; i < 100 && sessions.stats().javaSessions() > 1; i++) {
            System.gc();
        }
        assertEquals(1, sessions.stats().javaSessions());
        assertEquals(200, sessions.stats().sessions());
        assertSame(kept, sessions.session(tokens.get(7)));
        Session again = sessions.session(tokens.get(8));
        assertEquals("U8", again.user());
        assertSame(kept.tree(), again.tree());
        sessions.logout(tokens.get(8));
        assertTrue(again.isEnded() && !kept.isEnded());
    }

    @Test
    void manyThreadsAndTheCollectorAgree() throws Exception {
        int workers = 6;
        ExecutorService threads = Executors.newFixedThreadPool(workers);
        List<Future<Integer>> results = new ArrayList<>();
        List<String> shared = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            shared.add(sessions.login(Principal.user("S" + i)).token());
        }
        for (int worker = 0; worker < workers; worker++) {
            String name = "W" + worker;
            results.add(threads.submit(() -> {
                int good = 0;
                for (int i = 0; i < 2_000; i++) {
                    int pick = ThreadLocalRandom.current().nextInt(shared.size());
                    good += sessions.session(shared.get(pick)).user().equals("S" + pick) ? 1 : 0;
                    if (i % 100 == 0) {
                        Login login = sessions.login(Principal.user(name));
                        assertEquals(name, sessions.session(login.token()).user());
                        Login next = sessions.refresh(login.token());
                        sessions.logout(next.token());
                        assertNoSession(sessions, next.token());
                        System.gc();
                    }
                }
                return good;
            }));
        }
        for (Future<Integer> result : results) {
            assertEquals(2_000, result.get());
        }
        threads.shutdown();
        assertEquals(50, sessions.stats().sessions());
    }

    @Test
    void aClosedManagerRefusesCalls() {
        Login login = sessions.login(Erp.principal());
        OrgStructure tree = login.session().tree();
        sessions.close();
        sessions.close();
        assertThrows(IllegalStateException.class, () -> sessions.login(Erp.principal()));
        assertThrows(IllegalStateException.class, () -> sessions.session(login.token()));
        assertThrows(IllegalStateException.class, () -> sessions.refresh(login.token()));
        assertThrows(IllegalStateException.class, () -> sessions.logout(login.token()));
        assertThrows(IllegalStateException.class, () -> sessions.end(Scope.client("C")));
        assertThrows(IllegalStateException.class, sessions::stats);
        assertThrows(IllegalStateException.class, () -> login.session().isEnded());
        assertTrue(login.session().canRead("Madrid"));
        assertSame(tree, login.session().tree());
    }

    @Test
    void optionsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> Options.inMemory().maxSessions(0));
        assertThrows(IllegalArgumentException.class, () -> Options.inMemory().idle(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> Options.inDatabase("jdbc:postgresql://localhost/erp"));
        SessionException failure = assertThrows(SessionException.class,
            () -> SessionManager.open(Options.inDatabase("mysql://localhost/erp"), erp));
        assertEquals(SessionException.Reason.STORE, failure.reason());
        assertThrows(IllegalArgumentException.class, () -> sessions.login(Principal.user("\ud800")));
        assertThrows(IllegalStateException.class, () -> sessions.login(Principal.user("")));
    }
}
