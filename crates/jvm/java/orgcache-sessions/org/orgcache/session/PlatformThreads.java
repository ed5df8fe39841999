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
 * Keeps virtual threads out of native code that waits, where each would hold the platform thread that carries
 * it.
 *
 * <p>The platform threads are daemons that end when they are idle, so they keep neither the virtual machine
 * nor a web application.
 */
final class PlatformThreads implements AutoCloseable {
    private static final int LIMIT = 32;
    private static final long IDLE_SECONDS = 5;

    /** {@code Thread.isVirtual}, which Java has from 21 on, or null. */
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

    /** Runs what may wait: here, or if this thread is virtual, on another one. */
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

    /** An interrupted thread waits to the end, or a session would be made that no caller knows of. */
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
