package org.orgcache.bench;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.orgcache.OrgFlags;
import org.orgcache.OrgRow;

/**
 * What a web application with sessions leaves behind if it is redeployed again and again in one virtual
 * machine.
 */
final class Redeploy {
    /** Deployments before the measurement, which load what is loaded only once. */
    private static final int[] MILESTONES = {10, 60, 110};

    private Redeploy() {
    }

    /** Prints a table in Markdown. */
    static void measure() throws Exception {
        System.out.printf("%n| deployments of a web application | resident, KB | regions of the native library | threads |"
            + "%n| --: | --: | --: | --: |%n");
        int deployed = 0;
        for (int milestone : MILESTONES) {
            for (; deployed < milestone; deployed++) {
                deploy();
                System.gc();
            }
            System.out.printf(Locale.ROOT, "| %d | %,d | %d | %d |%n", deployed, resident(), regions(), threads());
        }
    }

    private static void deploy() throws Exception {
        List<URL> classes = new ArrayList<>();
        for (String folder : System.getProperty("java.class.path").split(System.getProperty("path.separator"))) {
            classes.add(Path.of(folder).toUri().toURL());
        }
        try (URLClassLoader loader =
            new URLClassLoader(classes.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            ((Runnable) loader.loadClass("org.orgcache.bench.Redeploy$Application").getConstructor().newInstance()).run();
        }
    }

    private static long resident() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            String line = lines.filter(text -> text.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
    }

    private static long regions() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("liborgcache_jvm")).count();
        }
    }

    private static long threads() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.count();
        }
    }

    /** One life cycle of a web application. */
    public static final class Application implements Runnable {
        @Override
        public void run() {
            List<OrgRow> rows = new ArrayList<>();
            rows.add(new OrgRow("0", null, OrgFlags.READY));
            for (int i = 1; i < 600; i++) {
                rows.add(new OrgRow("A" + i, "0", OrgFlags.READY));
            }
            try (Sessions sessions = new Sessions(rows, new String[] {"A1"}, new String[] {"A2"})) {
                sessions.ask(100);
                sessions.logInAndOut(100);
            }
        }
    }
}
