package org.orgcache.session;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.function.Consumer;

/** Writes frames, the byte arrays that are passed to the native library. */
final class FrameWriter {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);

    FrameWriter flag(boolean flag) {
        bytes.write(flag ? 1 : 0);
        return this;
    }

    FrameWriter number(int number) {
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
        return this;
    }

    FrameWriter number(long number) {
        bytes.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(number).array());
        return this;
    }

    FrameWriter bytes(byte[] content) {
        number(content.length);
        bytes.writeBytes(content);
        return this;
    }

    /** A text, or null. */
    FrameWriter text(String text) {
        return text == null ? number(-1) : bytes(utf8(text));
    }

    FrameWriter texts(Collection<String> texts) {
        return list(texts, this::text);
    }

    <T> FrameWriter list(Collection<T> values, Consumer<T> write) {
        number(values.size());
        values.forEach(write);
        return this;
    }

    /** A nullable value. */
    <T> FrameWriter either(T value, Consumer<T> write) {
        flag(value != null);
        if (value != null) {
            write.accept(value);
        }
        return this;
    }

    byte[] finish() {
        return bytes.toByteArray();
    }

    /**
     * The UTF-8 bytes of a text. Refuses a text with a lone surrogate, which would turn into another text.
     */
    private static byte[] utf8(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] content = new byte[encoded.remaining()];
            encoded.get(content);
            return content;
        } catch (CharacterCodingException broken) {
            throw new IllegalArgumentException("`" + text + "` is not Unicode", broken);
        }
    }
}
