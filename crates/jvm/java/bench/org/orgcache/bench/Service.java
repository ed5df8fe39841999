package org.orgcache.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The service `orgcache` with the sample rows, asked one question per request over one connection: TCP or a
 * Unix socket.
 *
 * <p>The client writes requests and reads responses with no client library, so that only the service is
 * measured.
 */
final class Service {
    private static final String STORE = "7BABA5FF80494CAFA54DEBD22EC46F01";
    private static final String COUNTRY = "2E60544D37534C0B89E765FE29BC0B43";
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *([0-9]+)");

    private final String name;
    private final SocketChannel channel;
    private final byte[] question;
    private final ByteBuffer answer = ByteBuffer.allocate(1 << 16);

    /**
     * Logs in. User and password must need no JSON escapes.
     *
     * @param address {@code http://HOST:PORT} or {@code unix:PATH}
     */
    Service(String address, String user, String password) throws Exception {
        boolean isUnix = address.startsWith("unix:");
        name = isUnix ? "service, Unix socket" : "service, TCP";
        channel = isUnix ? connectUnix(address.substring("unix:".length())) : connectTcp(URI.create(address));
        String form = "{\"user\": \"" + user + "\", \"password\": \"" + password + "\"}";
        String login = send(("POST /v1/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            + "content-length: " + form.length() + "\r\n\r\n" + form).getBytes(StandardCharsets.UTF_8));
        Matcher token = Pattern.compile("\"token\":\"([0-9a-f]+)\"").matcher(login);
        if (!token.find()) {
            throw new IOException("the service gave no token: " + login);
        }
        question = ("GET /v1/questions?call=may_reference&org=" + STORE + "&referenced_org=" + COUNTRY
            + " HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer " + token.group(1) + "\r\n\r\n")
            .getBytes(StandardCharsets.UTF_8);
    }

    private static SocketChannel connectTcp(URI url) throws IOException {
        SocketChannel channel = SocketChannel.open(new InetSocketAddress(url.getHost(), url.getPort()));
        channel.socket().setTcpNoDelay(true);
        return channel;
    }

    /** Looked up by name, since these classes exist only since Java 16. */
    private static SocketChannel connectUnix(String path) throws Exception {
        SocketAddress address = (SocketAddress) Class.forName("java.net.UnixDomainSocketAddress")
            .getMethod("of", String.class).invoke(null, path);
        SocketChannel channel = (SocketChannel) SocketChannel.class
            .getMethod("open", Class.forName("java.net.ProtocolFamily"))
            .invoke(null, StandardProtocolFamily.valueOf("UNIX"));
        channel.connect(address);
        return channel;
    }

    String name() {
        return name;
    }

    /** Asks whether an order of a store may refer to a record of its country. */
    long ask(int times) {
        try {
            long yes = 0;
            for (int i = 0; i < times; i++) {
                yes += send(question).contains("true") ? 1 : 0;
            }
            if (yes < times) {
                throw new IllegalStateException("the service said no");
            }
            return yes;
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    private String send(byte[] request) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(request);
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
        answer.clear();
        while (true) {
            if (channel.read(answer) < 0) {
                throw new IOException("the service closed the connection");
            }
            String text = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
            int body = text.indexOf("\r\n\r\n") + 4;
            Matcher length = LENGTH.matcher(text);
            if (body >= 4 && length.find() && answer.position() >= body + Integer.parseInt(length.group(1))) {
                if (!text.startsWith("HTTP/1.1 200")) {
                    throw new IOException(text);
                }
                return text.substring(body);
            }
        }
    }
}
