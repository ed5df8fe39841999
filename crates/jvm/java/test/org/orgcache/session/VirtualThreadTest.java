package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Virtual threads, and the warning about native code. Needs a newer Java, or the class is skipped.
 */
class VirtualThreadTest {
    private static final List<String> ALLOWED = List.of("--enable-native-access=ALL-UNNAMED",
        "-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");

    @Test
    void loginsOnVirtualThreadsPinNoCarrier() throws Exception {
        // With one carrier, logins that pinned it would run one after the other.
        assertEquals("0 18 users, at once true, virtual callbacks false, cause true, interrupted true, sessions 16\n",
            ShutdownTest.run(System.getProperty("orgcache.newer"), ALLOWED, "org.orgcache.session.VirtualThreads"));
    }

    @Test
    void nativeCodeWorksWithoutBeingAllowed() throws Exception {
        String output = ShutdownTest.run(System.getProperty("orgcache.newer"), List.of(),
            "org.orgcache.session.SessionApplication", "return");
        assertTrue(output.startsWith("0 ") && output.endsWith("ends\n"), output);
    }
}
