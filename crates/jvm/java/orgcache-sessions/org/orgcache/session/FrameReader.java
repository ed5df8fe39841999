package org.orgcache.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads frames, the byte arrays that the native library returns. */
final class FrameReader {
    private final ByteBuffer rest;

    FrameReader(byte[] bytes) {
        rest = ByteBuffer.wrap(bytes);
    }

    boolean flag() {
        return rest.get() != 0;
    }

    int number() {
        return rest.getInt();
    }

    long longNumber() {
        return rest.getLong();
    }

    /** A text, or null. */
    String text() {
        int length = rest.getInt();
        if (length < 0) {
            return null;
        }
        String text = new String(rest.array(), rest.position(), length, StandardCharsets.UTF_8);
        rest.position(rest.position() + length);
        return text;
    }

    List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (int count = number(); count > 0; count--) {
            texts.add(text());
        }
        return texts;
    }
}
