package org.orgcache.session;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Logs in on many virtual threads at once, with a slow source. Needs a Java with virtual threads.
 */
final class VirtualThreads {
    private static final int LOGINS = 16;
    private static final long MILLIS = 200;

    private VirtualThreads() {
    }

    private static boolean isVirtual() {
        try {
            return (boolean) Thread.class.getMethod("isVirtual").invoke(Thread.currentThread());
        } catch (ReflectiveOperationException older) {
            throw new IllegalStateException(older);
        }
    }

    /**
     * Prints how many logins there were, the most that were in progress at once, and whether callbacks ran on
     * virtual threads.
     */
    public static void main(String[] arguments) throws Exception {
        Set<Thread> underWay = ConcurrentHashMap.newKeySet();
        Set<Integer> counts = ConcurrentHashMap.newKeySet();
        Set<Boolean> kinds = ConcurrentHashMap.newKeySet();
        SessionManager sessions = SessionManager.open(Options.inMemory(), new Erp() {
            @Override
            public LoginFacts facts(Principal principal) throws Exception {
                kinds.add(isVirtual());
                underWay.add(Thread.currentThread());
                counts.add(underWay.size());
                Thread.sleep(MILLIS);
                underWay.remove(Thread.currentThread());
                if (principal.user().equals("fails")) {
                    throw new IllegalStateException("of the callback");
                }
                return super.facts(principal);
            }
        });
        Set<String> users = ConcurrentHashMap.newKeySet();
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < LOGINS; i++) {
            String user = "U" + i;
            threads.add((Thread) start.invoke(null, (Runnable) () -> {
                Login login = sessions.login(Principal.user(user));
                users.add(isVirtual() + sessions.session(login.token()).user());
                Thread.currentThread().interrupt();
                sessions.refresh(login.token());
                users.add("interrupted " + Thread.interrupted());
            }));
        }
        threads.add((Thread) start.invoke(null, (Runnable) () -> {
            try {
                sessions.login(Principal.user("fails"));
            } catch (SessionException failure) {
                users.add(failure.getCause().getMessage());
            }
        }));
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(users.size() + " users, at once "
            + (counts.stream().mapToInt(Integer::intValue).max().orElse(0) >= LOGINS) + ", virtual callbacks "
            + kinds.contains(true) + ", cause " + users.contains("of the callback") + ", interrupted "
            + users.contains("interrupted true") + ", sessions " + sessions.stats().sessions());
        sessions.close();
    }
}
