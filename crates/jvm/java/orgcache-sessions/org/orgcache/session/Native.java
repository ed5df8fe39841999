package org.orgcache.session;

/**
 * The functions of the native library.
 *
 * <p>Managers and sessions are places in its tables: numbers that are never reused. A token is passed as four
 * numbers, everything else as frames. Functions that take a session's place return null if the place was
 * released.
 */
final class Native {
    static {
        NativeLibrary.load();
    }

    private Native() {
    }

    static native long open(byte[] settings, Object callbacks);

    static native void close(long manager);

    /** Does this thread run a callback of a source? */
    static native boolean isInCallback();

    /** How many managers are open in this process, across all class loaders. */
    static native long count();

    static native byte[] login(long manager, byte[] principal);

    static native byte[] replace(long manager, long token1, long token2, long token3, long token4, byte[] choice);

    /** The place of a session that memory alone can answer for, else 0. Never blocks. */
    static native long find(long manager, long token1, long token2, long token3, long token4);

    /** The place of a session. May ask the store. */
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
