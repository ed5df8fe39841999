package org.orgcache.session;

import java.util.concurrent.CountDownLatch;

/** A web application that uses sessions; also a program that ends without closing anything. */
final class SessionApplication {
    private final SessionManager sessions = SessionManager.open(Options.inMemory(), new Erp());

    static SessionApplication open() {
        return new SessionApplication();
    }

    String logIn() {
        return sessions.login(Erp.principal()).token();
    }

    void use(String token) {
        if (!sessions.session(token).canRead("Madrid")) {
            throw new AssertionError("Madrid");
        }
    }

    void stop() {
        sessions.close();
    }

    /**
     * Ends in one of several ways, with a session manager open.
     *
     * @param arguments how: return, exit, halt or hang; or the URL of a store
     */
    public static void main(String[] arguments) throws Exception {
        SessionManager sessions = SessionManager.open(
            arguments.length > 1 ? Options.inDatabase(arguments[1]) : Options.inMemory(), new Erp() {
                @Override
                public LoginFacts facts(Principal principal) throws Exception {
                    if (principal.user().equals("hangs")) {
                        System.out.println("hangs");
                        new CountDownLatch(1).await();
                    }
                    return super.facts(principal);
                }
            });
        sessions.session(sessions.login(Erp.principal()).token());
        if (arguments[0].equals("hang")) {
            // A daemon waits in native code for a callback that never ends.
            Thread daemon = new Thread(() -> sessions.login(Principal.user("hangs")));
            daemon.setDaemon(true);
            daemon.start();
            Thread.sleep(200);
        }
        System.out.println("ends");
        if (arguments[0].equals("exit")) {
            System.exit(3);
        }
        if (arguments[0].equals("halt")) {
            Runtime.getRuntime().halt(4);
        }
    }
}
