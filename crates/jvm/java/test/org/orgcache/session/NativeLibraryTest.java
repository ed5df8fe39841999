package org.orgcache.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The native library: on other platforms, in several class loaders, and after a hundred deployments. */
class NativeLibraryTest {
    private static final int TIMES = 100;

    @Test
    void anUnsupportedPlatformIsReferredToTheService() throws Exception {
        assertEquals("linux-x86_64-gnu", NativeLibrary.platform("Linux", "amd64", false));
        assertEquals("linux-x86_64-musl", NativeLibrary.platform("Linux", "amd64", true));
        assertEquals("linux-aarch64-gnu", NativeLibrary.platform("Linux", "aarch64", false));
        assertEquals("windows-x86_64", NativeLibrary.platform("Windows 11", "amd64", false));
        UnsatisfiedLinkError missing =
            assertThrows(UnsatisfiedLinkError.class, () -> NativeLibrary.find("windows-x86_64"));
        assertEquals("sessions need a native library, and this jar has none for windows-x86_64: run the orgcache"
            + " service beside the ERP, and ask it over HTTP", missing.getMessage());
        assertTrue(NativeLibrary.find("linux-x86_64-gnu").openConnection().getContentLength() > 1_000_000);
    }

    @Test
    void webApplicationsHaveSeparateSessions() throws Exception {
        try (WebApplication one = new WebApplication(); WebApplication other = new WebApplication()) {
            String token = one.logIn();
            one.use(token);
            InvocationTargetException unknown =
                assertThrows(InvocationTargetException.class, () -> other.use(token));
            assertEquals("org.orgcache.session.SessionException", unknown.getCause().getClass().getName());
            other.use(other.logIn());
            other.stop();
            one.use(token);
            one.stop();
        }
    }

    @Test
    void aHundredDeploymentsLeaveNothingBehind() throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        deploy(loaders);
        awaitCollection(loaders);
        long managers = Native.count();
        long mapped = mappings();
        Set<String> threads = threads();
        long files = count("/proc/self/fd");
        long temporary = temporaryFiles();
        for (int i = 1; i < TIMES; i++) {
            deploy(loaders);
        }
        awaitCollection(loaders);
        assertEquals(TIMES, loaders.size());
        assertEquals(managers, Native.count());
        assertEquals(mapped, mappings());
        assertEquals(Set.of(), threads().stream().filter(name -> !threads.contains(name)).collect(Collectors.toSet()));
        assertEquals(files, count("/proc/self/fd"));
        assertEquals(temporary, temporaryFiles());
    }

    private static void deploy(List<WeakReference<ClassLoader>> loaders) throws Exception {
        try (WebApplication application = new WebApplication()) {
            application.use(application.logIn());
            application.stop();
            loaders.add(new WeakReference<>(application.loader));
        }
    }

    private static void awaitCollection(List<WeakReference<ClassLoader>> loaders) {
        for (int i = 0; i < 100 && loaders.stream().anyMatch(loader -> loader.get() != null); i++) {
            System.gc();
        }
        assertEquals(0, loaders.stream().filter(loader -> loader.get() != null).count());
    }

    /** The memory regions that map one of our native libraries. */
    private static long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("liborgcache_jvm")).count();
        }
    }

    /**
     * The threads that the native library starts, natively or through Java, by number and name.
     */
    private static Set<String> threads() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.map(task -> task.getFileName() + " " + name(task)).filter(name -> name.contains("orgcache"))
                .collect(Collectors.toSet());
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm")).trim();
        } catch (IOException ended) {
            return "";
        }
    }

    private static long count(String folder) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(folder))) {
            return entries.count();
        }
    }

    private static long temporaryFiles() throws IOException {
        long files = 0;
        try (Stream<Path> entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            List<Path> folders = entries.filter(path -> path.getFileName().toString().startsWith("orgcache-"))
                .filter(Files::isDirectory).collect(Collectors.toList());
            for (Path folder : folders) {
                files += 1 + count(folder.toString());
            }
        }
        return files;
    }

    /** A web application: its own class loader with both libraries, and a manager. */
    private static final class WebApplication implements AutoCloseable {
        final URLClassLoader loader;
        private final Object application;

        WebApplication() throws Exception {
            URL[] classes = {url("orgcache.classes"), url("orgcache.sessions"), url("orgcache.tests")};
            loader = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader());
            application = invoke(load("SessionApplication"), "open", null);
        }

        private static URL url(String property) throws Exception {
            return Path.of(System.getProperty(property)).toUri().toURL();
        }

        private Class<?> load(String name) throws Exception {
            return loader.loadClass("org.orgcache.session." + name);
        }

        private static Object invoke(Class<?> type, String name, Object on, Object... arguments) throws Exception {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(name)) {
                    method.setAccessible(true);
                    return method.invoke(on, arguments);
                }
            }
            throw new NoSuchMethodException(name);
        }

        String logIn() throws Exception {
            return (String) invoke(load("SessionApplication"), "logIn", application);
        }

        void use(String token) throws Exception {
            invoke(load("SessionApplication"), "use", application, token);
        }

        void stop() throws Exception {
            invoke(load("SessionApplication"), "stop", application);
        }

        @Override
        public void close() throws IOException {
            loader.close();
        }
    }
}
