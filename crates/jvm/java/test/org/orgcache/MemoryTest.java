package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.orgcache.openbravo.OrganizationStructures;

/** Heap bytes: budgets, the accuracy of footprints, and untrusted input. */
class MemoryTest {
    private static final int ORGANIZATIONS = 600;

    /** The bytes of one value, measured over many. */
    private static double retained(Supplier<Object> make) {
        Object[] held = new Object[400];
        make.get();
        long before = used();
        Arrays.setAll(held, i -> make.get());
        long bytes = used() - before;
        // The values may be collected from here on.
        assertEquals(400, held.length);
        return (double) bytes / held.length;
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    @Test
    void aTreeIsWithinItsBudget() {
        for (boolean chain : new boolean[] {true, false}) {
            byte[] bytes = Trees.large(ORGANIZATIONS, chain).encode();
            double cold = retained(() -> OrgStructure.decode(bytes));
            assertTrue(cold <= 21_000, "a tree takes " + cold + " bytes");
            double warm = retained(() -> askAll(OrgStructure.decode(bytes)));
            assertTrue(warm <= 65_000, "a tree takes " + warm + " bytes once all its ids were asked for");
        }
    }

    private static OrgStructure askAll(OrgStructure tree) {
        for (int org = 0; org < tree.size(); org++) {
            tree.id(org);
        }
        return tree;
    }

    @Test
    void anotherSessionIsWithinItsBudget() {
        OrgStructure tree = Trees.large(ORGANIZATIONS, false);
        double session = retained(() -> new OrganizationStructures("client", tree));
        assertTrue(session <= 32, "a session takes " + session + " bytes");
    }

    @Test
    void theFootprintMatchesTheHeap() {
        List<OrgRow> texts = List.of(new OrgRow("0", null, 4), new OrgRow("a text", "0", 8, "Europe/Madrid", "é"),
            new OrgRow("Ω", "0", 36, "Europe/Madrid", "calendar"));
        for (OrgStructure tree : List.of(Trees.large(ORGANIZATIONS, true), Trees.large(70_000 / 100, false),
            OrgStructure.build(texts).structure())) {
            byte[] bytes = tree.encode();
            compareFootprint(() -> OrgStructure.decode(bytes));
            compareFootprint(() -> askAll(OrgStructure.decode(bytes)));
        }
    }

    private static void compareFootprint(Supplier<OrgStructure> make) {
        double retained = retained(make::get);
        double footprint = make.get().footprint();
        assertTrue(Math.abs(footprint / retained - 1) < 0.02, footprint + " bytes are said, " + retained + " taken");
    }

    private static long allocated(Runnable run) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        run.run();
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
        run.run();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    }

    @Test
    void aCountAloneAllocatesNothing() {
        byte[] good = Trees.sample().encode();
        for (int count : new int[] {-1, Integer.MAX_VALUE, 200_000_000, 65_536, 65_535, 1000}) {
            byte[] bytes = good.clone();
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(12, count);
            long allocated = allocated(() -> assertThrows(DecodeException.class, () -> OrgStructure.decode(bytes)));
            assertTrue(allocated < 20_000, count + ": " + allocated);
        }
    }

    @Test
    void memoryIsBoundedByTheLengthOfTheBytes() {
        for (boolean chain : new boolean[] {true, false}) {
            byte[] bytes = Trees.large(70_000, chain).encode();
            long allocated = allocated(() -> OrgStructure.decode(bytes));
            assertTrue(allocated < 20L * bytes.length, allocated + " for " + bytes.length);
        }
        // The shortest ids, and the most objects per input byte.
        OrgRow[] rows = new OrgRow[90];
        Arrays.setAll(rows, i -> new OrgRow("" + (char) (33 + i), null, 0));
        byte[] bytes = Trees.build(rows).encode();
        long allocated = allocated(() -> OrgStructure.decode(bytes));
        assertTrue(allocated < 80L * bytes.length, allocated + " for " + bytes.length);
    }
}
