import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Asks orgcache over a Unix socket: `java UnixSocket.java SOCKET PATH TOKEN` prints the answer.
 *
 * It needs nothing but a JDK from 16 on. `java.net.http` does not support Unix sockets, so it writes the
 * request to a channel.
 */
public class UnixSocket {
    /** The answer to a GET, head and body. */
    static String get(Path socket, String path, String token) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Authorization: Bearer " + token + "\r\n\r\n";
            ByteBuffer bytes = StandardCharsets.US_ASCII.encode(request);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            byte[] answer = Channels.newInputStream(channel).readAllBytes();
            return new String(answer, StandardCharsets.UTF_8);
        }
    }

    public static void main(String[] arguments) throws IOException {
        System.out.println(get(Path.of(arguments[0]), arguments[1], arguments.length > 2 ? arguments[2] : ""));
    }
}
