package org.orgcache.session;

/**
 * What the native library does.
 *
 * <p>Managers and sessions are places in its tables: numbers that are never used twice. A token crosses as
 * the four numbers that its digits are, everything else as frames. Functions that take a place of a session
 * answer null for one that was released.
 */
final class Native {
    static {
        NativeLibrary.load();
    }

    private Native() {
    }

    static native long open(byte[] settings, Object callbacks);

    static native void close(long manager);

    /** Is a callback of a source under way on this thread? */
    static native boolean isInCallback();

    /** How many managers are open in this process, by any class loader. */
    static native long count();

    static native byte[] login(long manager, byte[] principal);

    static native byte[] replace(long manager, long token1, long token2, long token3, long token4, byte[] choice);

    /** The place of a session that memory alone can answer for, else 0. It never waits. */
    static native long find(long manager, long token1, long token2, long token3, long token4);

    /** The place of a session, for which the store may be asked. */
    static native long look(long manager, long token1, long token2, long token3, long token4);

    static native byte[] logout(long manager, long token1, long token2, long token3, long token4);

    static native byte[] end(long manager, byte[] scope);

    static native byte[] describe(long manager, long session);

    static native byte[] tree(long manager, long session);

    static native byte[] access(long manager, long session);

    static native boolean isEnded(long manager, long session);

    static native void release(long manager, long session);

    static native byte[] stats(long manager);
}
