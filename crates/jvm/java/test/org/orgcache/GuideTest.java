package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

/** The example of the integration guide does what the guide says. */
class GuideTest {
    @Test
    void theExamplePrintsWhatTheGuideSays() throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed));
            // A class without a package cannot be imported.
            Class.forName("Trees").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        assertEquals(String.format("false%nSpain%n'Spain','Madrid'%n"), printed.toString());
    }
}
