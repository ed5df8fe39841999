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
 * Creates sessions and finds them by their tokens. Open one manager for a web application, and close it when
 * the application stops, for example in {@code contextDestroyed} of a {@code ServletContextListener}.
 *
 * <p>A login's tree is no older than the login. A session is in the store before {@link #login} returns. A
 * revocation takes effect in this process before the call returns, and on the other nodes of a cluster within
 * {@link Options#revalidateWithin}.
 *
 * <p>All methods are thread-safe. For a virtual thread, calls that may block run on one of at most 32
 * platform threads of the session manager.
 */
public final class SessionManager implements AutoCloseable {
    private static final int TOKEN_DIGITS = 64;

    /** How long a close waits for calls in progress. */
    private static final long PATIENCE_SECONDS = 5;

    private final long manager;
    /** Each blocking call takes one permit, so that a close can wait for all of them. */
    private final Semaphore calls = new Semaphore(Integer.MAX_VALUE);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final PlatformThreads threads = new PlatformThreads();
    private final Interned<OrgStructure> trees = new Interned<>();
    private final Interned<RoleAccess> accesses = new Interned<>();
    /** The program's session objects, by their places in the native library. */
    private final Map<Long, SessionReference> sessions = new ConcurrentHashMap<>();
    private final ReferenceQueue<Session> collected = new ReferenceQueue<>();

    private SessionManager(Options options, OrgSource source) {
        Callbacks callbacks = new Callbacks(Objects.requireNonNull(source, "the source of the rows"));
        byte[] settings = options.frame();
        manager = threads.run(() -> Native.open(settings, callbacks));
    }

    /**
     * Opens a session manager.
     *
     * @param options where sessions are stored, and for how long
     * @param source answers for the ERP
     * @return the session manager, to be closed
     * @throws SessionException if the store cannot be opened
     * @throws UnsatisfiedLinkError if there is no native library for this platform, or it cannot be loaded
     */
    public static SessionManager open(Options options, OrgSource source) {
        return new SessionManager(options, source);
    }

    /**
     * Creates a session for a user whom the ERP has authenticated: this method asks for no password. The
     * source's methods run on this thread.
     *
     * @param principal the user who logs in, with its choices
     * @return the session and its token
     * @throws SessionException if there is no session; a callback's exception is its cause
     */
    public Login login(Principal principal) {
        byte[] frame = principal.frame();
        return call(() -> give(threads.run(() -> Native.login(manager, frame))));
    }

    /**
     * Logs in on a thread of an executor. The source's methods run there too.
     *
     * @param principal the user who logs in, with its choices
     * @param executor runs the login
     * @return the result or exception of {@link #login}
     */
    public CompletionStage<Login> loginAsync(Principal principal, Executor executor) {
        return CompletableFuture.supplyAsync(() -> login(principal), executor);
    }

    /**
     * The session of a token. Counts as use. Usually answered from memory; the store is asked if this process
     * has not seen the session, or not within {@link Options#revalidateWithin}.
     *
     * @param token the token, as sent by the client
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
     * Replaces a session by one of the same user, role and organization with the current tree and access.
     *
     * @param token the token of the old session
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one stays valid
     */
    public Login refresh(String token) {
        return replace(token, Choice.frame(null, null, false));
    }

    /**
     * As {@link #refresh}, and makes an organization writable that a process has just created, even without
     * an access row of the role (Openbravo's {@code addWritableOrganization}). The next refresh or switch
     * follows the rows again.
     *
     * @param token the token of the old session
     * @param org the id of the new organization
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one stays valid
     */
    public Login addWritableOrg(String token, String org) {
        return replace(token, Choice.frame(null, Objects.requireNonNull(org, "the new organization"), true));
    }

    /**
     * Replaces a session by one of the same user in another role or organization.
     *
     * @param token the token of the old session
     * @param choice the role or the organization
     * @return the new session and its token
     * @throws SessionException if there is no new session; the old one stays valid
     */
    public Login switchTo(String token, Choice choice) {
        return replace(token, choice.frame());
    }

    /**
     * Ends the session of a token. It is no error if the session has already ended.
     *
     * @param token the token
     * @return the outcome
     * @throws SessionException if the session is not in memory here and the store does not answer
     */
    public Revocation logout(String token) {
        if (!isToken(token)) {
            throw SessionException.noSession();
        }
        return new Revocation(call(() -> threads.run(() ->
            Native.logout(manager, part(token, 0), part(token, 1), part(token, 2), part(token, 3)))));
    }

    /**
     * Ends all sessions of a scope: here before the call returns, on other nodes within {@link
     * Options#revalidateWithin}.
     *
     * @param scope which sessions
     * @return the outcome
     */
    public Revocation end(Scope scope) {
        byte[] frame = scope.frame();
        return new Revocation(call(() -> threads.run(() -> Native.end(manager, frame))));
    }

    /**
     * The counters, and the current numbers of sessions and trees.
     *
     * @return a snapshot of the numbers
     */
    public Stats stats() {
        drain();
        return new Stats(Native.stats(manager));
    }

    /**
     * Closes the session manager: waits for calls in progress, writes the use of sessions to the store, and
     * stops threads and connections. Sessions in a database stay valid on other nodes, and here after the
     * next start. Later calls throw {@link IllegalStateException}; a second close does nothing.
     *
     * <p>It waits at most a few seconds for a callback that hangs or a store that does not answer.
     *
     * @throws SessionException if the store could not be updated; everything is closed nevertheless
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
            // The permits are not released, so later calls find none.
            if (!calls.tryAcquire(Integer.MAX_VALUE, PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                calls.drainPermits();
            }
        } catch (InterruptedException interruption) {
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

    /** The only object of a session; null if its place was released in between. */
    private Session at(long place) {
        SessionReference held = sessions.get(place);
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
            return found[0] == null ? null : new SessionReference(found[0], place, collected);
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

    /** Releases the native places of sessions whose objects were collected. */
    private void drain() {
        for (Object gone = collected.poll(); gone != null; gone = collected.poll()) {
            SessionReference held = (SessionReference) gone;
            // If another thread is creating an object for the place, this waits, and then keeps the place.
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

    /** Refers to a session object for as long as the program uses it. */
    private static final class SessionReference extends WeakReference<Session> {
        private final long place;

        SessionReference(Session session, long place, ReferenceQueue<Session> collected) {
            super(session, collected);
            this.place = place;
        }
    }
}
