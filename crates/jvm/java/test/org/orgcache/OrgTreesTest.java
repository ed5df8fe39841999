package org.orgcache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Trees are shared while a session refers to them, and a client's current one is loaded once per revision.
 */
class OrgTreesTest {
    private final OrgTrees trees = new OrgTrees();
    private final AtomicInteger loads = new AtomicInteger();

    private Iterable<OrgRow> rows(String... below) {
        loads.incrementAndGet();
        List<OrgRow> rows = new ArrayList<>(List.of(Trees.row("0", null)));
        for (String id : below) {
            rows.add(Trees.row(id, "0"));
        }
        return rows;
    }

    @Test
    void equalTreesAreShared() {
        OrgStructure first = Trees.sample();
        assertSame(first, trees.intern(first));
        assertSame(first, trees.intern(Trees.sample()));
        OrgStructure other = Trees.build(Trees.row("0", null));
        assertSame(other, trees.intern(other));
        assertNotSame(first, new OrgTrees().intern(Trees.sample()));
        assertThrows(NullPointerException.class, () -> trees.intern(null));
    }

    @Test
    void anUnusedTreeIsCollected() {
        WeakReference<OrgStructure> reference = new WeakReference<>(
            trees.current("C", () -> OptionalLong.of(1), () -> rows("A")));
        awaitCollection(reference);
        assertEquals(2, trees.current("C", () -> OptionalLong.of(1), () -> rows("A")).size());
        assertEquals(2, loads.get());
    }

    static void awaitCollection(WeakReference<?> reference) {
        for (int i = 0; i < 100 && reference.get() != null; i++) {
            System.gc();
        }
        assertNull(reference.get());
    }

    @Test
    void aRevisionIsLoadedOnce() {
        OrgStructure one = trees.current("C", () -> OptionalLong.of(1), () -> rows("A"));
        assertSame(one, trees.current("C", () -> OptionalLong.of(1), () -> rows("wrong")));
        assertEquals(1, loads.get());
        OrgStructure two = trees.current("C", () -> OptionalLong.of(2), () -> rows("A", "B"));
        assertEquals(3, two.size());
        // Another client has other rows under the same number, and equal rows share one tree.
        assertSame(one, trees.current("D", () -> OptionalLong.of(2), () -> rows("A")));
        assertSame(one, trees.current("C", () -> OptionalLong.of(3), () -> rows("A")));
        assertEquals(4, loads.get());
    }

    @Test
    void withoutARevisionRowsAreReadAndNotCached() {
        OrgStructure known = trees.current("C", () -> OptionalLong.of(1), () -> rows("A"));
        OrgStructure uncertain = trees.current("C", OptionalLong::empty, () -> rows("A", "not yet committed"));
        assertEquals(3, uncertain.size());
        assertSame(known, trees.current("C", () -> OptionalLong.of(1), () -> rows("wrong")));
        assertSame(known, trees.current("C", OptionalLong::empty, () -> rows("A")));
        assertEquals(3, loads.get());
    }

    @Test
    void aFailedLoadIsNotCached() {
        assertThrows(IllegalStateException.class, () -> trees.current("C", () -> OptionalLong.of(1), () -> {
            throw new IllegalStateException("the database is down");
        }));
        assertThrows(BuildException.class,
            () -> trees.current("C", () -> OptionalLong.of(1), () -> rows("A", "A")));
        assertThrows(IllegalStateException.class, () -> trees.current("C", () -> {
            throw new IllegalStateException("the database is down");
        }, () -> rows()));
        assertEquals(2, trees.current("C", () -> OptionalLong.of(1), () -> rows("A")).size());
    }

    @Test
    void rowsThatAskForTheirOwnTreeAreRefused() {
        assertThrows(IllegalStateException.class, () -> trees.current("C", () -> OptionalLong.of(1), () -> {
            trees.current("C", () -> OptionalLong.of(1), () -> rows("A"));
            return rows("A");
        }));
        assertEquals(2, trees.current("C", () -> OptionalLong.of(1), () -> rows("A")).size());
    }

    /** A call that waits for a load takes its tree only if the revision is unchanged after it. */
    @Test
    void aWaitingCallReadsTheRevisionAgain() throws Exception {
        AtomicLong revision = new AtomicLong(1);
        CountDownLatch loading = new CountDownLatch(1);
        CountDownLatch waiting = new CountDownLatch(2);
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<OrgStructure> first = threads.submit(() -> trees.current("C",
                () -> OptionalLong.of(revision.get()), () -> {
                    loading.countDown();
                    await(waiting);
                    return rows("old");
                }));
            loading.await();
            Future<OrgStructure> second = threads.submit(() -> trees.current("C", () -> {
                waiting.countDown();
                return OptionalLong.of(revision.get());
            }, () -> rows("old", "new")));
            while (waiting.getCount() > 1) {
                Thread.onSpinWait();
            }
            revision.set(2);
            waiting.countDown();
            assertEquals(2, first.get(30, TimeUnit.SECONDS).size());
            assertEquals(3, second.get(30, TimeUnit.SECONDS).size());
        } finally {
            threads.shutdownNow();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void aClientsLoadsTakeTurns() throws Exception {
        AtomicInteger running = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<OrgStructure>> answers = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                answers.add(threads.submit(() -> trees.current("C", OptionalLong::empty, () -> {
                    assertEquals(1, running.incrementAndGet());
                    Iterable<OrgRow> rows = rows("A");
                    Thread.yield();
                    running.decrementAndGet();
                    return rows;
                })));
            }
            for (Future<OrgStructure> answer : answers) {
                assertEquals(2, answer.get().size());
            }
            assertEquals(40, loads.get());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void concurrentCallsLoadOnce() throws Exception {
        int callers = 16;
        for (int round = 0; round < 50; round++) {
            long revision = round;
            loads.set(0);
            CountDownLatch start = new CountDownLatch(1);
            ExecutorService threads = Executors.newFixedThreadPool(callers);
            try {
                List<Future<OrgStructure>> answers = new ArrayList<>();
                for (int i = 0; i < callers; i++) {
                    answers.add(threads.submit(() -> {
                        start.await();
                        return trees.current("C", () -> OptionalLong.of(revision), () -> rows("A" + revision));
                    }));
                }
                start.countDown();
                OrgStructure first = answers.get(0).get();
                for (Future<OrgStructure> answer : answers) {
                    assertSame(first, answer.get());
                }
                assertEquals(1, loads.get());
            } finally {
                threads.shutdownNow();
            }
        }
    }

    /** Any thread may create the text of an id, at its first use. */
    @Test
    void manyReadersOfOneTree() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 20; round++) {
                OrgStructure tree = OrgStructure.decode(Trees.large(600, round % 2 == 0).encode());
                List<Future<?>> readers = new ArrayList<>();
                for (int reader = 0; reader < 4; reader++) {
                    readers.add(threads.submit(() -> {
                        for (int i = 1; i < 600; i++) {
                            assertEquals(Trees.id(i), tree.id(tree.indexOf(Trees.id(i))));
                        }
                        assertEquals(600, new ArrayList<>(tree.naturalTree(0)).size());
                    }));
                }
                for (Future<?> reader : readers) {
                    reader.get();
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
