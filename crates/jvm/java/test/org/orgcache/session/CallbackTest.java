package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.orgcache.BuildException;
import org.orgcache.OrgRow;

/** Callbacks: the thread on which they run, and the handling of their exceptions. */
class CallbackTest {
    /** A source that runs a test's code in each callback. */
    private final Erp erp = new Erp() {
        @Override
        public OptionalLong revision(String client) throws Exception {
            run("revision");
            return super.revision(client);
        }

        @Override
        public Iterable<OrgRow> tree(String client) throws Exception {
            run("tree");
            Iterable<OrgRow> rows = super.tree(client);
            return () -> {
                Iterator<OrgRow> iterator = rows.iterator();
                iterator.next();
                run("rows");
                return rows.iterator();
            };
        }

        @Override
        public LoginFacts facts(Principal principal) throws Exception {
            run("facts");
            return super.facts(principal);
        }
    };

    private final SessionManager sessions = SessionManager.open(Options.inMemory(), erp);
    private volatile Consumer<String> work = place -> { };

    @AfterEach
    void close() {
        sessions.close();
    }

    private void run(String place) {
        work.accept(place);
    }

    private static <E extends Throwable> void raise(Throwable thrown) throws E {
        @SuppressWarnings("unchecked")
        E failure = (E) thrown;
        throw failure;
    }

    private void failIn(String where, Throwable thrown) {
        work = place -> {
            if (place.equals(where)) {
                CallbackTest.<RuntimeException>raise(thrown);
            }
        };
    }

    @Test
    void aCallbacksExceptionIsTheCauseAndNothingIsLost() {
        Login login = sessions.login(Erp.principal());
        for (String place : List.of("facts", "revision", "tree", "rows")) {
            for (Throwable thrown : List.of(new SQLException("no"), new SQLTransientException("later"),
                new IllegalArgumentException("wrong"), new InterruptedException())) {
                failIn(place, thrown);
                for (Runnable call : List.<Runnable>of(() -> sessions.login(Erp.principal()),
                    () -> sessions.refresh(login.token()), () -> sessions.switchTo(login.token(), Choice.role("R2")))) {
                    SessionException failure = assertThrows(SessionException.class, call::run);
                    assertSame(thrown, failure.getCause());
                    assertEquals(SessionException.Reason.SOURCE, failure.reason());
                    assertEquals(thrown instanceof SQLTransientException, failure.isTransient());
                }
                // The old session stays valid, and the next login succeeds.
                assertSame(login.session(), sessions.session(login.token()));
                assertFalse(login.session().isEnded());
                work = any -> { };
                assertEquals(1, sessions.logout(sessions.login(Erp.principal()).token()).sessions());
            }
        }
        assertEquals(1, sessions.stats().sessions());
        assertEquals(1, sessions.stats().trees());
    }

    @Test
    void anErrorOfTheVirtualMachineIsRethrownUnchanged() {
        for (Error error : List.of(new StackOverflowError(), new AssertionError("wrong"), new NoClassDefFoundError())) {
            failIn("tree", error);
            assertSame(error, assertThrows(Error.class, () -> sessions.login(Erp.principal())));
        }
        work = any -> { };
        sessions.login(Erp.principal());
    }

    @Test
    void invalidRowsAreTheCause() {
        erp.rows.add(new OrgRow("Spain", "0", 0));
        SessionException failure = assertThrows(SessionException.class, () -> sessions.login(Erp.principal()));
        assertEquals(BuildException.class, failure.getCause().getClass());
        assertTrue(failure.getCause().getMessage().contains("`Spain`"), failure.getCause().getMessage());
        erp.rows.remove(erp.rows.size() - 1);
        erp.granted.add("an id of more than thirty-two bytes");
        SessionException id = assertThrows(SessionException.class, () -> sessions.login(Erp.principal()));
        assertEquals(SessionException.Reason.SOURCE, id.reason());
        assertTrue(id.getMessage().contains("32"), id.getMessage());
    }

    @Test
    void aNullAnswerIsAnErrorOfTheSource() {
        try (SessionManager wrong = SessionManager.open(Options.inMemory(), new Erp() {
            @Override
            public LoginFacts facts(Principal principal) {
                return null;
            }
        })) {
            SessionException failure = assertThrows(SessionException.class, () -> wrong.login(Erp.principal()));
            assertEquals(NullPointerException.class, failure.getCause().getClass());
        }
    }

    @Test
    void callbacksRunOnTheThreadThatLogsIn() throws Exception {
        ThreadLocal<Boolean> logsIn = ThreadLocal.withInitial(() -> false);
        AtomicReference<String> stranger = new AtomicReference<>();
        work = place -> {
            if (!logsIn.get()) {
                stranger.set(Thread.currentThread() + " in " + place);
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(6);
        List<Future<?>> logins = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            logins.add(threads.submit(() -> {
                logsIn.set(true);
                String token = sessions.login(Erp.principal()).token();
                sessions.session(token);
                sessions.logout(sessions.refresh(token).token());
                logsIn.set(false);
            }));
        }
        for (Future<?> login : logins) {
            login.get();
        }
        threads.shutdown();
        assertNull(stranger.get());
    }

    @Test
    void aCallbacksExceptionReachesOnlyItsThread() throws Exception {
        for (int round = 0; round < 20; round++) {
            CountDownLatch loading = new CountDownLatch(1);
            CountDownLatch joined = new CountDownLatch(1);
            Thread first = Thread.currentThread();
            work = place -> {
                if (place.equals("tree") && Thread.currentThread() == first) {
                    loading.countDown();
                    await(joined);
                    throw new IllegalStateException("of the first");
                }
                if (place.equals("revision") && Thread.currentThread() != first) {
                    // The other login is about to join the load.
                    joined.countDown();
                }
            };
            ExecutorService other = Executors.newSingleThreadExecutor();
            Future<Login> second = other.submit(() -> {
                await(loading);
                return sessions.login(Principal.user("V"));
            });
            SessionException failure = assertThrows(SessionException.class, () -> sessions.login(Erp.principal()));
            assertEquals("of the first", failure.getCause().getMessage());
            assertTrue(second.get(20, TimeUnit.SECONDS).session().canRead("Madrid"));
            other.shutdown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void aCallbackMayLookUpSessionsAndDoNothingElse() {
        Login login = sessions.login(Erp.principal());
        for (Runnable nested : List.<Runnable>of(() -> sessions.login(Principal.user("V")),
            () -> sessions.refresh(login.token()), sessions::close)) {
            work = place -> {
                if (place.equals("tree")) {
                    assertEquals(Erp.USER, sessions.session(login.token()).user());
                    assertThrows(SessionException.class, () -> sessions.session("0".repeat(64)));
                    nested.run();
                }
            };
            SessionException failure = assertThrows(SessionException.class, () -> sessions.login(Erp.principal()));
            assertEquals(IllegalStateException.class, failure.getCause().getClass());
        }
        assertSame(login.session(), sessions.session(login.token()));
    }

    @Test
    void aCloseWaitsForLoginsInProgress() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        work = place -> {
            if (place.equals("tree")) {
                begun.countDown();
                sleep(300);
            }
        };
        ExecutorService other = Executors.newSingleThreadExecutor();
        Future<Login> login = other.submit(() -> sessions.login(Erp.principal()));
        await(begun);
        sessions.close();
        assertEquals(Erp.USER, login.get(1, TimeUnit.SECONDS).session().user());
        other.shutdown();
    }

    @Test
    void aCallbackThatHangsDoesNotKeepAManagerOpen() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        work = place -> {
            if (place.equals("tree")) {
                begun.countDown();
                await(released);
            }
        };
        ExecutorService other = Executors.newSingleThreadExecutor();
        Future<Login> login = other.submit(() -> sessions.login(Erp.principal()));
        await(begun);
        sessions.close();
        assertThrows(IllegalStateException.class, sessions::stats);
        released.countDown();
        // It ends, with success or failure.
        try {
            login.get(10, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            assertTrue(failure.getCause() instanceof IllegalStateException
                || failure.getCause() instanceof SessionException, failure.toString());
        }
        other.shutdown();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
