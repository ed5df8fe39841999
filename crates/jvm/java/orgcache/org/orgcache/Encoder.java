package org.orgcache;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Writes canonical bytes, as specified in {@code docs/format.md}. All integers are little-endian. */
final class Encoder {
    static final byte[] MAGIC = "orgtre".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 2;

    // The parts that only some trees have. A part is present exactly if it is not empty.
    static final int TEXT_IDS = 1;
    static final int HIGH_FLAGS = 1 << 1;
    static final int TIME_ZONES = 1 << 2;
    static final int CALENDARS = 1 << 3;
    static final int ALL_SECTIONS = TEXT_IDS | HIGH_FLAGS | TIME_ZONES | CALENDARS;

    private final ByteArrayOutputStream bytes;

    private Encoder(int capacity) {
        bytes = new ByteArrayOutputStream(capacity);
    }

    static byte[] encode(OrgStructure tree) {
        int count = tree.size();
        byte[] textMarks = textMarks(tree);
        int allFlags = 0;
        for (int org = 0; org < count; org++) {
            allFlags |= tree.flags(org);
        }
        int sections = (textMarks.length > 0 ? TEXT_IDS : 0) | (allFlags > 0xff ? HIGH_FLAGS : 0)
            | (tree.timeZones().isEmpty() ? 0 : TIME_ZONES) | (tree.calendars().isEmpty() ? 0 : CALENDARS);

        Encoder encoder = new Encoder(32 + Math.multiplyExact(count, 20));
        encoder.bytes.writeBytes(MAGIC);
        encoder.number(VERSION, 2);
        encoder.number(sections, 4);
        encoder.number(count, 4);
        int width = count > Column.NARROW_MAX ? 4 : 2;
        for (int org = 0; org < count; org++) {
            encoder.number(tree.parent(org), width);
        }
        for (int shift = 0; shift <= ((sections & HIGH_FLAGS) == 0 ? 0 : 8); shift += 8) {
            for (int org = 0; org < count; org++) {
                encoder.bytes.write(tree.flags(org) >> shift);
            }
        }
        encoder.bytes.writeBytes(textMarks);
        for (int org = 0; org < count; org++) {
            if (tree.ids().isPacked(org)) {
                encoder.bytes.write(tree.ids().packed(), Hex.BYTES * org, Hex.BYTES);
            } else {
                encoder.text(tree.id(org), 1);
            }
        }
        encoder.table(tree.timeZones());
        encoder.table(tree.calendars());
        return encoder.bytes.toByteArray();
    }

    /** One bit per id, set if it is written as text, lowest first; empty if none is. */
    private static byte[] textMarks(OrgStructure tree) {
        byte[] marks = new byte[(tree.size() + 7) / 8];
        boolean any = false;
        for (int org = 0; org < tree.size(); org++) {
            if (!tree.ids().isPacked(org)) {
                marks[org / 8] |= (byte) (1 << org % 8);
                any = true;
            }
        }
        return any ? marks : new byte[0];
    }

    static String fingerprint(byte[] bytes) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
            StringBuilder digits = new StringBuilder(2 * hash.length);
            for (byte value : hash) {
                digits.append(Character.forDigit(value >> 4 & 15, 16)).append(Character.forDigit(value & 15, 16));
            }
            return digits.toString();
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }

    private void number(int number, int width) {
        for (int shift = 0; shift < 8 * width; shift += 8) {
            bytes.write(number >> shift);
        }
    }

    private void text(String text, int width) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        number(utf8.length, width);
        bytes.writeBytes(utf8);
    }

    private void table(Texts table) {
        if (table.isEmpty()) {
            return;
        }
        number(table.texts.length, 4);
        for (String text : table.texts) {
            text(text, 4);
        }
        number(table.ranks.length, 4);
        for (int entry = 0; entry < table.ranks.length; entry++) {
            number(table.ranks[entry], 4);
            number(table.numbers[entry], 4);
        }
    }
}
