package org.orgcache.session;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/**
 * Finds the native library in the jar and loads it.
 *
 * <p>A virtual machine refuses to load one file in two class loaders. So each class loader loads the library
 * under its own name, but all names link to one file, which the operating system maps once: redeploying a web
 * application takes no more memory.
 */
final class NativeLibrary {
    private static final String NAME = "liborgcache_jvm.so";

    /** A system property that tells other class loaders the path of the file. */
    private static final String PROPERTY = "org.orgcache.session.library.";

    private NativeLibrary() {
    }

    static void load() {
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"),
            Files.exists(Path.of("/lib/ld-musl-x86_64.so.1")));
        URL library = find(platform);
        Path file = null;
        try {
            file = place(library);
            Path name = file.resolveSibling(Long.toHexString(System.nanoTime()) + '-' + NAME);
            link(name, file);
            try {
                System.load(name.toString());
            } finally {
                Files.delete(name);
            }
        } catch (IOException | UncheckedIOException failure) {
            throw new IllegalStateException("cannot write the native library of sessions to `"
                + System.getProperty("java.io.tmpdir") + "`: set -Djava.io.tmpdir to a writable folder",
                failure);
        } catch (UnsatisfiedLinkError failure) {
            UnsatisfiedLinkError explained = new UnsatisfiedLinkError("cannot load the native library of sessions from `"
                + file + "`; if its file system is mounted noexec, set -Djava.io.tmpdir to a folder on another one: "
                + failure.getMessage());
            explained.initCause(failure);
            throw explained;
        }
    }

    /** The folder of a platform in the jar. */
    static String platform(String system, String processor, boolean musl) {
        String os = system.toLowerCase(Locale.ROOT);
        String cpu = processor.equals("amd64") ? "x86_64" : processor;
        return os.startsWith("linux") ? "linux-" + cpu + (musl ? "-musl" : "-gnu") : os.split(" ")[0] + '-' + cpu;
    }

    static URL find(String platform) {
        URL library = NativeLibrary.class.getResource("/META-INF/native/" + platform + '/' + NAME);
        if (library == null) {
            throw new UnsatisfiedLinkError("sessions need a native library, and this jar has none for " + platform
                + ": run the orgcache service beside the ERP, and ask it over HTTP");
        }
        return library;
    }

    /**
     * The file with the library. The first class loader writes it, and the virtual machine deletes it at
     * exit.
     */
    private static Path place(URL library) throws IOException {
        CheckedInputStream content = new CheckedInputStream(library.openStream(), new CRC32C());
        try (content) {
            content.transferTo(OutputStream.nullOutputStream());
        }
        String property = PROPERTY + Long.toHexString(content.getChecksum().getValue());
        return Path.of((String) System.getProperties().compute(property, (key, file) ->
            file != null && Files.exists(Path.of((String) file)) ? file : write(library)));
    }

    private static String write(URL library) {
        try (InputStream content = library.openStream()) {
            // Only this user may write there.
            Path folder = Files.createTempDirectory("orgcache-");
            Path file = folder.resolve(NAME);
            // Files are deleted in reverse order.
            folder.toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            Files.copy(content, file);
            return file.toString();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void link(Path name, Path file) throws IOException {
        try {
            Files.createLink(name, file);
        } catch (IOException | UnsupportedOperationException noLinks) {
            Files.copy(file, name);
        }
    }
}
