package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An open session manager does not keep a virtual machine alive, however the machine ends. */
class ShutdownTest {
    /** Runs a program to its end, on the given Java. */
    static String run(String java, List<String> options, String program, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(java, "-Xmx64m"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            // The output of these programs fits into the pipe.
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the virtual machine hangs");
            return process.exitValue() + " " + new String(process.getInputStream().readAllBytes());
        } finally {
            process.destroyForcibly();
        }
    }

    private static void assertEnds(String expected, String... arguments) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assertEquals(expected, run(java, List.of(), "org.orgcache.session.SessionApplication", arguments));
    }

    @Test
    void theVirtualMachineEndsWithoutAClose(@TempDir Path folder) throws Exception {
        assertEnds("0 ends\n", "return");
        assertEnds("3 ends\n", "exit");
        assertEnds("4 ends\n", "halt");
        assertEnds("0 hangs\nends\n", "hang");
        String store = "sqlite:" + folder.resolve("sessions.db") + "?mode=rwc";
        assertEnds("0 ends\n", "return", store);
        assertEnds("3 ends\n", "exit", store);
    }
}
