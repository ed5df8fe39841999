package org.orgcache;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.orgcache.DecodeException.Reason;

/**
 * Decodes canonical bytes. Accepts exactly what {@link Encoder} writes, and allocates no more memory than the
 * bytes justify.
 */
final class Decoder {
    /** The most organizations that the format allows. */
    private static final long FORMAT_MAX = 0xffff_fffeL;

    private final ByteBuffer bytes;

    private Decoder(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static OrgStructure decode(byte[] bytes) {
        return new Decoder(bytes).decode();
    }

    private OrgStructure decode() {
        byte[] magic = new byte[Math.min(Encoder.MAGIC.length, bytes.remaining())];
        bytes.get(magic);
        if (!Arrays.equals(magic, Encoder.MAGIC)) {
            throw new DecodeException(Reason.NOT_A_TREE, "these bytes are not an organization tree");
        }
        checkVersion();
        long sections = number("the sections");
        if ((sections & ~Encoder.ALL_SECTIONS) != 0) {
            throw newer("unknown sections (bits 0x" + Long.toHexString(sections & ~Encoder.ALL_SECTIONS) + ")");
        }
        int count = countOrganizations();
        int[] parents = parents(count);
        char[] flags = flags(count, (sections & Encoder.HIGH_FLAGS) != 0);
        Ids ids = ids(parents, (sections & Encoder.TEXT_IDS) != 0);
        Texts timeZones = (sections & Encoder.TIME_ZONES) != 0 ? table(count) : Texts.NONE;
        Texts calendars = (sections & Encoder.CALENDARS) != 0 ? table(count) : Texts.NONE;
        if (bytes.hasRemaining()) {
            throw new DecodeException(Reason.LEFT_OVER, bytes.remaining()
                + " bytes left over after the organization tree");
        }
        return new OrgStructure(parents, flags, ids, timeZones, calendars);
    }

    private void checkVersion() {
        require(2, "the version");
        int version = bytes.getChar();
        String found = "organization tree in format version " + version;
        if (version < Encoder.VERSION) {
            throw new DecodeException(Reason.OLDER, found + ", made by an older version of this program");
        }
        if (version > Encoder.VERSION) {
            throw new DecodeException(Reason.NEWER, found + ", newer than this program, which reads version "
                + Encoder.VERSION);
        }
    }

    private static DecodeException newer(String what) {
        return new DecodeException(Reason.NEWER, "organization tree with " + what + ", newer than this program");
    }

    /**
     * Reads the number of organizations. Refuses a number for which the bytes are too few, given their
     * parents.
     */
    private int countOrganizations() {
        long count = number("the number of organizations");
        if (count > FORMAT_MAX) {
            throw broken(count, "a tree has at most " + FORMAT_MAX + " organizations");
        }
        int width = count > Column.NARROW_MAX ? 4 : 2;
        require(width * count, "the parents");
        if (count > OrgStructure.MAX_ORGANIZATIONS) {
            throw new DecodeException(Reason.TOO_MANY, count + " organizations; a tree may have at most "
                + OrgStructure.MAX_ORGANIZATIONS);
        }
        return (int) count;
    }

    private int[] parents(int count) {
        int[] parents = new int[count];
        for (int org = 0; org < count; org++) {
            if (count > Column.NARROW_MAX) {
                parents[org] = bytes.getInt();
            } else {
                char parent = bytes.getChar();
                parents[org] = parent == 0xffff ? Column.NONE : parent;
            }
        }
        return parents;
    }

    private char[] flags(int count, boolean hasHighFlags) {
        require(count, "the flags");
        char[] flags = new char[count];
        for (int org = 0; org < count; org++) {
            flags[org] = (char) (bytes.get() & 255);
        }
        if (hasHighFlags) {
            require(count, "the high flags");
            int all = 0;
            for (int org = 0; org < count; org++) {
                int high = bytes.get() & 255;
                all |= high;
                flags[org] |= (char) (high << 8);
            }
            if (all == 0) {
                throw broken(0, "the section of high flags has a flag");
            }
        }
        for (int org = 0; org < count; org++) {
            int unknown = flags[org] & ~OrgFlags.ALL;
            if (unknown != 0) {
                throw newer("unknown flags (bits 0x" + Integer.toHexString(unknown) + " at rank " + org + ")");
            }
        }
        return flags;
    }

    private Ids ids(int[] parents, boolean hasTexts) {
        int count = parents.length;
        byte[] marks = hasTexts ? textMarks(count) : new byte[0];
        String what = "the ids";
        // Each takes at least two bytes. If they are missing, decoding fails before the arrays are full.
        int room = Math.min(count, bytes.remaining() / 2 + 1);
        byte[] packed = new byte[Math.multiplyExact(Hex.BYTES, room)];
        String[] texts = new String[room];
        for (int org = 0; org < count; org++) {
            if (!hasTexts || (marks[org / 8] >> org % 8 & 1) == 0) {
                require(Hex.BYTES, what);
                bytes.get(packed, Hex.BYTES * org, Hex.BYTES);
            } else {
                require(1, what);
                texts[org] = text(bytes.get() & 255, org, what);
                checkId(texts[org], org);
            }
        }
        checkOrder(parents, packed, texts);
        try {
            return new Ids(packed, texts);
        } catch (Ids.DuplicateFound found) {
            throw new DecodeException(Reason.DUPLICATE, "organization `" + found.id + "` occurs twice");
        }
    }

    private byte[] textMarks(int count) {
        int length = (count + 7) / 8;
        require(length, "the marks of text ids");
        byte[] marks = new byte[length];
        bytes.get(marks);
        int all = 0;
        for (byte mark : marks) {
            all |= mark;
        }
        if (all == 0) {
            throw broken(0, "the section of text ids has a text id");
        }
        if (count % 8 > 0 && (marks[length - 1] & 255) >> count % 8 != 0) {
            throw broken(count, "marks of text ids end with the last organization");
        }
        return marks;
    }

    private static void checkId(String id, int org) {
        if (Hex.isPackable(id)) {
            throw broken(org, "an id of upper-case hexadecimal digits is packed");
        }
        int length = Utf8.length(id);
        if (length == 0) {
            throw new DecodeException(Reason.ID, BuildException.empty().getMessage());
        }
        if (length > OrgStructure.MAX_ID_BYTES) {
            throw new DecodeException(Reason.ID, BuildException.tooLong(id, length).getMessage());
        }
    }

    /** Are the organizations in preorder, heaviest child first, ties by id? */
    private static void checkOrder(int[] parents, byte[] packed, String[] texts) {
        int count = parents.length;
        // The next one is a child of the previous one or of one of its ancestors: those whose subtree is
        // open.
        for (int org = 0; org < count; org++) {
            int open = org - 1;
            while (open >= 0 && open != parents[org]) {
                open = parents[open];
            }
            if (open != parents[org]) {
                throw broken(org, "an organization follows its parent, and subtrees do not interleave");
            }
        }
        int[] ends = Numbering.subtreeEnds(parents);
        for (int org = 0; org < count; org++) {
            int next = ends[org];
            if (next == count || parents[next] != parents[org]) {
                continue;
            }
            int heavier = Integer.compare(next - org, ends[next] - next);
            if (heavier < 0 || heavier == 0 && Utf8.compare(id(org, packed, texts), id(next, packed, texts)) >= 0) {
                throw broken(next, "siblings come heaviest first, ties by id");
            }
        }
    }

    private static String id(int org, byte[] packed, String[] texts) {
        return texts[org] != null ? texts[org] : Hex.unpack(packed, Hex.BYTES * org);
    }

    private Texts table(int organizations) {
        String what = "the texts";
        int count = count(4, what);
        String[] texts = new String[count];
        for (int place = 0; place < count; place++) {
            texts[place] = text(number(what), place, what);
            if (place > 0 && Utf8.compare(texts[place - 1], texts[place]) >= 0) {
                throw broken(place, "texts ascend");
            }
        }
        what = "the organizations with a text";
        int entries = count(8, what);
        if (entries == 0) {
            throw broken(0, "a table of texts has an organization");
        }
        int[] ranks = new int[entries];
        int[] numbers = new int[entries];
        boolean[] used = new boolean[count];
        for (int entry = 0; entry < entries; entry++) {
            long rank = number(what);
            long number = number(what);
            if (number >= count) {
                throw broken(rank, "an organization's text is one of those listed");
            }
            if (rank >= organizations || entry > 0 && ranks[entry - 1] >= rank) {
                throw broken(rank, "organizations with a text ascend and are in the tree");
            }
            ranks[entry] = (int) rank;
            numbers[entry] = (int) number;
            used[(int) number] = true;
        }
        for (int place = 0; place < count; place++) {
            if (!used[place]) {
                throw broken(place, "a text belongs to some organization");
            }
        }
        return new Texts(texts, ranks, numbers);
    }

    /**
     * Reads an item count. Refuses a count for which the remaining bytes are too few, at the given size per
     * item.
     */
    private int count(int each, String what) {
        long count = number(what);
        if (bytes.remaining() / each < count) {
            throw truncated(what);
        }
        return (int) count;
    }

    private long number(String what) {
        require(4, what);
        return bytes.getInt() & 0xffff_ffffL;
    }

    private String text(long length, int place, String what) {
        require(length, what);
        ByteBuffer utf8 = bytes.slice();
        utf8.limit((int) length);
        bytes.position(bytes.position() + (int) length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException malformed) {
            throw broken(place, "a text is UTF-8");
        }
    }

    private void require(long length, String what) {
        if (bytes.remaining() < length) {
            throw truncated(what);
        }
    }

    private DecodeException truncated(String what) {
        return new DecodeException(Reason.TRUNCATED, "organization tree cut short: " + what + " end after "
            + bytes.capacity() + " bytes");
    }

    private static DecodeException broken(long place, String rule) {
        return new DecodeException(Reason.NOT_CANONICAL, "organization tree is not canonical at " + place + ": "
            + rule);
    }
}
