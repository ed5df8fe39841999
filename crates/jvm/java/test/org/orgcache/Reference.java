package org.orgcache;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The results of Rust for random rows and bytes, from the program that started the tests. */
public final class Reference implements AutoCloseable {
    private final Process process;
    private final DataInputStream answers;

    private Reference(String what, long seed, long count) throws IOException {
        process = new ProcessBuilder(System.getProperty("orgcache.reference"), "reference", what,
            Long.toString(seed), Long.toString(count)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16));
    }

    /** Starts a reference, which runs until its input ends. */
    public static Reference lend(String what) throws IOException {
        return new Reference(what, 0, 0);
    }

    /** Closes the input of a reference, and checks its exit. */
    public void giveBack() throws Exception {
        process.getOutputStream().close();
        if (process.waitFor() != 0) {
            throw new AssertionError("the reference failed");
        }
    }

    /** Takes each case, and checks the exit of the reference at the end. */
    public static void forEach(String what, long seed, long count, Case test) throws Exception {
        try (Reference reference = new Reference(what, seed, count)) {
            long cases = 0;
            while (reference.hasNext()) {
                test.check(reference);
                cases++;
            }
            if (reference.process.waitFor() != 0 || cases < count || cases == 0) {
                throw new AssertionError("the reference ended after " + cases + " cases");
            }
        }
    }

    private boolean hasNext() throws IOException {
        answers.mark(1);
        int next = answers.read();
        answers.reset();
        return next >= 0;
    }

    public boolean flag() throws IOException {
        return number() != 0;
    }

    public int number() throws IOException {
        return answers.readInt();
    }

    byte[] bytes() throws IOException {
        byte[] bytes = answers.readNBytes(number());
        return bytes;
    }

    public String text() throws IOException {
        int length = number();
        if (length < 0) {
            return null;
        }
        byte[] bytes = answers.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    public List<String> texts() throws IOException {
        List<String> texts = new ArrayList<>();
        for (int count = number(); count > 0; count--) {
            texts.add(text());
        }
        return texts;
    }

    public List<OrgRow> rows() throws IOException {
        List<OrgRow> rows = new ArrayList<>();
        for (int count = number(); count > 0; count--) {
            rows.add(new OrgRow(text(), text(), number(), text(), text()));
        }
        return rows;
    }

    @Override
    public void close() throws IOException {
        answers.close();
        process.destroy();
    }

    /** One case. */
    public interface Case {
        void check(Reference reference) throws IOException;
    }
}
