package org.orgcache.session;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.orgcache.OrgStructure;
import org.orgcache.OrgTrees;

/**
 * Gives out sessions and finds them again. Open one for a web application, and close it when the application
 * stops, for example in {@code contextDestroyed} of a {@code ServletContextListener}.
 *
 * <p>A login's tree is no older than the login. A login is in the store before {@link #login} returns. An end
 * that is said here holds here when the call returns, and on the other nodes of a cluster within {@link
 * Options#revalidateWithin}.
 *
 * <p>All methods may be called by any thread. On a virtual thread, those that may wait do so on a platform
 * thread of the session manager, of which there are at most 32.
 */
public final class SessionManager implements AutoCloseable {
    private static final int TOKEN_DIGITS = 64;

    /** How long a close waits for calls that are under way. */
    private static final long PATIENCE_SECONDS = 5;

    private final long manager;
    /** One permit a call that waits, so that a close waits for all of them. */
    private final Semaphore calls = new Semaphore(Integer.MAX_VALUE);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final PlatformThreads threads = new PlatformThreads();
    private final Interned<OrgStructure> trees = new Interned<>();
    private final Interned<RoleAccess> accesses = new Interned<>();
    /** The objects that the program has of sessions, by their places in the native library. */
    private final Map<Long, Held> sessions = new ConcurrentHashMap<>();
    private final ReferenceQueue<Session> collected = new ReferenceQueue<>();

    private SessionManager(Options options, OrgSource source) {
        Callbacks callbacks = new Callbacks(Objects.requireNonNull(source, "the source of the rows"));
        byte[] settings = options.frame();
        manager = threads.run(() -> Native.open(settings, callbacks));
    }

    /**
     * Opens a session manager.
     *
     * @param options where sessions are kept, and how long
     * @param source answers for the ERP
     * @return the session manager, to be closed
     * @throws SessionException if the store cannot be opened
     * @throws UnsatisfiedLinkError if there is no native library for this platform, or it cannot be loaded
     */
    public static SessionManager open(Options options, OrgSource source) {
        return new SessionManager(options, source);
    }

    /**
     * Makes a session for a user whom the ERP has authenticated: no password is asked for. The source's
     * methods run on this thread.
     *
     * @param principal who logs in
     * @return the session and its token
     * @throws SessionException if there is no session; a callback's exception is its cause
     */
    public Login login(Principal principal) {
        byte[] frame = principal.frame();
        return call(() -> give(threads.run(() -> Native.login(manager, frame))));
    }

    /**
     * Logs in on a thread of an executor, where the source's methods run too.
     *
     * @param principal who logs in
     * @param executor runs the login
     * @return what {@link #login} returns or throws
     */
    public CompletionStage<Login> loginAsync(Principal principal, Executor executor) {
        return CompletableFuture.supplyAsync(() -> login(principal), executor);
    }

    /**
     * The session of a token, and notes that it was used. Almost always answered from memory; the store is
     * asked for a session that this process has not seen, or not within {@link Options#revalidateWithin}.
     *
     * @param token the token, as a client has sent it
     * @return the session
     * @throws SessionException if no live session has the token, or the store does not answer
     */
    public Session session(String token) {
        if (!isToken(token)) {
            throw SessionException.noSession();
        }
        long first = part(token, 0);
        long second = part(token, 1);
        long third = part(token, 2);
        long fourth = part(token, 3);
        while (true) {
            long place = Native.find(manager, first, second, third, fourth);
            if (place == 0) {
                place = call(() -> threads.run(() -> Native.look(manager, first, second, third, fourth)));
            }
            Session session = at(place);
            if (session != null) {
                return session;
            }
        }
    }

    /**
     * Ends a session and gives another one to the same user, role and organization, with tree and access as
     * they are now.
     *
     * @param token the token of the old session
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one goes on then
     */
    public Login refresh(String token) {
        return replace(token, Choice.frame(null, null, false));
    }

    /**
     * As {@link #refresh}, and lets the session write in an organization that a process has just created, even
     * without an access row of the role: Openbravo's {@code addWritableOrganization}. The next refresh or
     * switch goes by the rows again.
     *
     * @param token the token of the old session
     * @param org the id of the new organization
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one goes on then
     */
    public Login addWritableOrg(String token, String org) {
        return replace(token, Choice.frame(null, Objects.requireNonNull(org, "the new organization"), true));
    }

    /**
     * Ends a session and gives the same user another one, in another role or organization.
     *
     * @param token the token of the old session
     * @param choice the role or the organization
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one goes on then
     */
    public Login switchTo(String token, Choice choice) {
        return replace(token, choice.frame());
    }

    /**
     * Ends the session of a token. A session that has ended already is no error.
     *
     * @param token the token
     * @return what became of the end
     * @throws SessionException if this process does not hold the session and the store does not answer
     */
    public Revocation logout(String token) {
        if (!isToken(token)) {
            throw SessionException.noSession();
        }
        return new Revocation(call(() -> threads.run(() ->
            Native.logout(manager, part(token, 0), part(token, 1), part(token, 2), part(token, 3)))));
    }

    /**
     * Ends all sessions of a scope: here when this returns, elsewhere within {@link
     * Options#revalidateWithin}.
     *
     * @param scope which sessions
     * @return what became of the end
     */
    public Revocation end(Scope scope) {
        byte[] frame = scope.frame();
        return new Revocation(call(() -> threads.run(() -> Native.end(manager, frame))));
    }

    /**
     * What the session manager holds, and what it counted.
     *
     * @return the numbers of this moment
     */
    public Stats stats() {
        drain();
        return new Stats(Native.stats(manager));
    }

    /**
     * Closes the session manager: calls that are under way end, the use of sessions is written to the store,
     * threads and connections end. Sessions in a database go on on other nodes, and here after the next
     * start. Later calls throw {@link IllegalStateException}; a second close does nothing.
     *
     * <p>It waits a few seconds at most for a callback that hangs, and for a store that does not answer.
     *
     * @throws SessionException if the store could not be told; everything is closed all the same
     */
    @Override
    public void close() {
        if (Native.isInCallback()) {
            throw new IllegalStateException("a callback of the source cannot close the session manager");
        }
        if (closed.getAndSet(true)) {
            return;
        }
        boolean interrupted = false;
        try {
            // The permits are not given back: later calls find none.
            if (!calls.tryAcquire(Integer.MAX_VALUE, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                calls.drainPermits();
            }
        } catch (InterruptedException hurry) {
            interrupted = true;
            calls.drainPermits();
        }
        try {
            Native.close(manager);
        } finally {
            threads.close();
            sessions.clear();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private <T> T call(Supplier<T> work) {
        if (!calls.tryAcquire()) {
            throw new IllegalStateException("the session manager is closed");
        }
        try {
            return work.get();
        } finally {
            calls.release();
        }
    }

    boolean isEnded(long place) {
        return Native.isEnded(manager, place);
    }

    private Login replace(String token, byte[] choice) {
        if (!isToken(token)) {
            throw SessionException.noSession();
        }
        return call(() -> give(threads.run(() ->
            Native.replace(manager, part(token, 0), part(token, 1), part(token, 2), part(token, 3), choice))));
    }

    private Login give(byte[] bytes) {
        drain();
        FrameReader frame = new FrameReader(bytes);
        return new Login(at(frame.longNumber()), frame);
    }

    /** The one object of a session; null if its place was released in between. */
    private Session at(long place) {
        Held held = sessions.get(place);
        Session session = held == null ? null : held.get();
        if (session != null) {
            return session;
        }
        drain();
        Session[] found = new Session[1];
        sessions.compute(place, (key, current) -> {
            found[0] = current == null ? null : current.get();
            if (found[0] != null) {
                return current;
            }
            found[0] = describe(place);
            return found[0] == null ? null : new Held(found[0], place, collected);
        });
        return found[0];
    }

    private Session describe(long place) {
        byte[] bytes = Native.describe(manager, place);
        if (bytes == null) {
            return null;
        }
        FrameReader names = new FrameReader(bytes);
        for (int text = 0; text < 5; text++) {
            names.text();
        }
        String treeName = names.text();
        RoleAccess access = accesses.get(names.text(), () -> {
            OrgStructure tree = trees.get(treeName, () -> decode(Native.tree(manager, place)));
            byte[] ofRole = Native.access(manager, place);
            return tree == null || ofRole == null ? null : new RoleAccess(tree, ofRole);
        });
        return access == null ? null : new Session(this, place, new FrameReader(bytes), access);
    }

    private static OrgStructure decode(byte[] bytes) {
        return bytes == null ? null : OrgTrees.shared().intern(OrgStructure.decode(bytes));
    }

    /** Tells the native library of sessions whose objects are gone. */
    private void drain() {
        for (Object gone = collected.poll(); gone != null; gone = collected.poll()) {
            Held held = (Held) gone;
            // While another thread makes an object for the place, it waits, and keeps the place then.
            sessions.computeIfPresent(held.place, (place, current) -> {
                if (current != held) {
                    return current;
                }
                Native.release(manager, place);
                return null;
            });
        }
    }

    private static boolean isToken(String token) {
        if (token == null || token.length() != TOKEN_DIGITS) {
            return false;
        }
        for (int i = 0; i < TOKEN_DIGITS; i++) {
            char digit = token.charAt(i);
            if ((digit < '0' || digit > '9') && (digit < 'a' || digit > 'f')) {
                return false;
            }
        }
        return true;
    }

    /** A quarter of a token as a number. */
    private static long part(String token, int quarter) {
        long number = 0;
        for (int i = 16 * quarter; i < 16 * (quarter + 1); i++) {
            char digit = token.charAt(i);
            number = number << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
        }
        return number;
    }

    /** An object of a session, as long as the program has it. */
    private static final class Held extends WeakReference<Session> {
        private final long place;

        Held(Session session, long place, ReferenceQueue<Session> collected) {
            super(session, collected);
            this.place = place;
        }
    }
}
