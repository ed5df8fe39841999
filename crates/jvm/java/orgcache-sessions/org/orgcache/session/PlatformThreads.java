package org.orgcache.session;

import java.lang.reflect.Method;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs blocking native calls of virtual threads on platform threads, since a virtual thread would pin its
 * carrier in such a call.
 *
 * <p>The platform threads are daemons that end when idle, so they keep neither the virtual machine nor a web
 * application alive.
 */
final class PlatformThreads implements AutoCloseable {
    private static final int LIMIT = 32;
    private static final long IDLE_SECONDS = 5;

    /** {@code Thread.isVirtual} of Java 21 and later, or null. */
    private static final Method IS_VIRTUAL = isVirtualMethod();

    private final ThreadPoolExecutor threads;

    PlatformThreads() {
        threads = new ThreadPoolExecutor(LIMIT, LIMIT, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            task -> {
                Thread thread = new Thread(null, task, "orgcache-login", 0, false);
                thread.setDaemon(true);
                thread.setContextClassLoader(PlatformThreads.class.getClassLoader());
                return thread;
            });
        threads.allowCoreThreadTimeOut(true);
    }

    private static Method isVirtualMethod() {
        try {
            return Thread.class.getMethod("isVirtual");
        } catch (NoSuchMethodException older) {
            return null;
        }
    }

    private static boolean isVirtual() {
        try {
            return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invoke(Thread.currentThread());
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Runs work that may block: here, or on a platform thread if this thread is virtual. */
    <T> T run(Supplier<T> work) {
        if (!isVirtual()) {
            return work.get();
        }
        Future<T> future;
        try {
            future = threads.submit((Callable<T>) work::get);
        } catch (RejectedExecutionException afterClose) {
            throw new IllegalStateException("the session manager is closed", afterClose);
        }
        return await(future);
    }

    /**
     * An interrupted thread waits for the result. Otherwise a session could be created that no caller knows
     * of.
     */
    private static <T> T await(Future<T> future) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException interruption) {
                    interrupted = true;
                } catch (ExecutionException failure) {
                    return rethrow(failure.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T, E extends Throwable> T rethrow(Throwable failure) throws E {
        throw (E) failure;
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
