package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.orgcache.OrgRow;

/** Sessions in a database survive the process, and nodes share them. */
class StoreTest {
    private final Erp erp = new Erp();

    @Test
    void sessionsInAFileOutliveTheManager(@TempDir Path folder) {
        Options options = Options.inDatabase("sqlite:" + folder.resolve("sessions.db") + "?mode=rwc");
        String token;
        Session before;
        try (SessionManager sessions = SessionManager.open(options, erp)) {
            token = sessions.login(Erp.principal()).token();
            before = sessions.session(token);
            sessions.logout(sessions.login(Principal.user("V")).token());
            SessionException busy =
                assertThrows(SessionException.class, () -> SessionManager.open(options, erp));
            assertEquals(SessionException.Reason.STORE, busy.reason());
        }
        erp.rows.add(new OrgRow("Sevilla", "Spain", 0));
        erp.granted.clear();
        try (SessionManager sessions = SessionManager.open(options.withoutMigration(), erp)) {
            Session after = sessions.session(token);
            assertEquals(before.id(), after.id());
            // As it was at login, from the store, without a callback.
            assertEquals(before.tree(), after.tree());
            assertEquals(before.readable(), after.readable());
            assertEquals(before.writable(), after.writable());
            assertEquals(2, erp.asked.get());
            assertEquals(1, sessions.stats().reopened());
            Session refreshed = sessions.refresh(token).session();
            assertFalse(refreshed.canRead("Sevilla") || refreshed.canWrite("Spain"));
        }
        assertEquals(3, erp.asked.get());
    }

    @Test
    void nodesShareSessionsInPostgres() throws Exception {
        Process lender = new ProcessBuilder(System.getProperty("orgcache.reference"), "reference", "sample")
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String url = new BufferedReader(new InputStreamReader(lender.getInputStream())).readLine();
        Options options = Options.inDatabase(url).revalidateWithin(Duration.ofMillis(200));
        SessionManager one = SessionManager.open(options, erp);
        SessionManager other = SessionManager.open(options, erp);
        Login login = one.login(Erp.principal());
        erp.rows.add(new OrgRow("Sevilla", "Spain", 0));
        Session elsewhere = other.session(login.token());
        assertEquals(login.session().id(), elsewhere.id());
        assertEquals(login.session().tree(), elsewhere.tree());
        assertFalse(elsewhere.canRead("Sevilla"));

        Revocation revocation = one.logout(login.token());
        assertEquals(1, revocation.sessions());
        assertTrue(revocation.pending().isEmpty());
        awaitEnd(other, login.token());
        assertTrue(elsewhere.isEnded());

        // A node that stops leaves its sessions to the others.
        Login second = one.login(Erp.principal());
        one.close();
        assertEquals(Erp.USER, other.session(second.token()).user());

        // The server drops the database, connections included.
        lender.getOutputStream().close();
        assertEquals(0, lender.waitFor());
        SessionException away = assertThrows(SessionException.class, () -> other.login(Erp.principal()));
        assertEquals(SessionException.Reason.STORE, away.reason());
        Revocation pending = other.logout(second.token());
        assertEquals(1, pending.sessions());
        assertTrue(pending.pending().isPresent());
        assertEquals(1, other.stats().pendingEnds());
        // The revocation that the store did not get is reported, and everything is closed.
        assertThrows(SessionException.class, other::close);
        assertThrows(IllegalStateException.class, other::stats);
        SessionException none = assertThrows(SessionException.class, () -> SessionManager.open(options, erp));
        assertEquals(SessionException.Reason.STORE, none.reason());
    }

    private static void awaitEnd(SessionManager sessions, String token) throws InterruptedException {
        for (int i = 0; i < 500; i++) {
            try {
                sessions.session(token);
                Thread.sleep(10);
            } catch (SessionException ended) {
                assertEquals(SessionException.Reason.NO_SESSION, ended.reason());
                return;
            }
        }
        throw new AssertionError("the end did not get to the other node");
    }
}
