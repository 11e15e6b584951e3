import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * {@link AwsService} over Landfall's HTTP API, with nothing but JDK 17. Keys are {@code videos/ast_...} and {@code images/ast_...}.
 *
 * <p>The service knows who its members are; Landfall believes it because both know one secret ({@code [auth]
 * hs256_secret}). The bytes never pass through here.
 */
public final class LandfallAwsService implements AwsService {
    /** A call signs, lists or writes a row; only the last one of an upload waits for the store, for 25 s at most. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(60);
    private static final Duration TOKEN_LIFE = Duration.ofMinutes(5);
    /** Part URLs that a new upload brings along; the others are asked for, so many at a time. */
    private static final int URLS_AT_ONCE = 1000;

    private final URI server;
    private final byte[] secret;
    private final HttpClient http = HttpClient.newHttpClient();

    public LandfallAwsService(URI server, String secret) {
        this.server = server;
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String getFileUrl(String member, String key) {
        var role = key.startsWith("images/") ? "image" : "video";
        return text(call(member, "GET", "/v1/" + key + "/files/" + role + "/url", null).expect(200), "url");
    }

    @Override
    public Upload getUploadVideoUrl(String member, String fileName, long size) {
        return create(member, "videos", "video", fileName, size);
    }

    @Override
    public Upload getPublicUploadUrl(String member, String fileName, long size) {
        return create(member, "images", "image", fileName, size);
    }

    @Override
    public void deleteFile(String member, String key) {
        call(member, "DELETE", "/v1/" + key, null).expect(204, 404);
    }

    /** The server commits what has arrived. Parts that are missing, or a file that is refused, are no file. */
    @Override
    public boolean isExistFile(String member, String key) {
        var answer = call(member, "POST", "/v1/" + key + "/complete", Map.of());
        if (answer.status() >= 400) {
            answer.expect(404, 409, 410, 422);
            return false;
        }
        return text(answer.expect(200, 202), "status").equals("CREATED");
    }

    private Upload create(String member, String collection, String role, String fileName, long size) {
        var file = Map.of("file_name", fileName, "size", size, "content_type", typeOf(fileName));
        var body = Map.of("title", fileName, "files", Map.of(role, file));
        var asset = call(member, "POST", "/v1/" + collection, body).expect(201);
        var key = collection + "/" + text(asset, "id");
        var upload = object(object(object(asset, "files"), role), "upload");
        var partSize = number(upload, "part_size");
        var parts = new ArrayList<Part>();
        read(parts, upload, partSize);
        while (parts.size() < number(upload, "part_count")) {
            var numbers = new ArrayList<Object>();
            for (long next = parts.size() + 1; next <= number(upload, "part_count"); next++) {
                if (numbers.size() < URLS_AT_ONCE) numbers.add(next);
            }
            var path = "/v1/" + key + "/files/" + role + "/part-urls";
            read(parts, call(member, "POST", path, Map.of("numbers", numbers)).expect(200), partSize);
        }
        return new Upload(key, List.copyOf(parts));
    }

    private static void read(List<Part> parts, Map<String, Object> from, long partSize) {
        for (var one : (List<?>) from.get("parts")) {
            @SuppressWarnings("unchecked")
            var part = (Map<String, Object>) one;
            var number = (int) number(part, "number");
            parts.add(new Part(number, (number - 1) * partSize, number(part, "size"), text(part, "url")));
        }
    }

    private static String typeOf(String fileName) {
        var extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase();
        return switch (extension) {
            case "mp4", "m4v" -> "video/mp4";
            case "mov" -> "video/quicktime";
            case "webm" -> "video/webm";
            case "png" -> "image/png";
            case "jpg", "jpeg" -> "image/jpeg";
            default -> throw new IllegalArgumentException("no type is known for " + fileName);
        };
    }

    private record Answer(int status, String body, String what) {
        Map<String, Object> expect(Integer... statuses) {
            if (!Arrays.asList(statuses).contains(status)) {
                throw new IllegalStateException(what + " was answered with " + status + ": " + body);
            }
            return body.isBlank() ? Map.of() : new Json(body).object();
        }
    }

    private Answer call(String member, String method, String path, Object body) {
        BodyPublisher content = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(Json.write(body));
        var request = HttpRequest.newBuilder(server.resolve(path)).timeout(CALL_LIMIT).method(method, content);
        request.header("Authorization", "Bearer " + token(member)).header("Content-Type", "application/json");
        try {
            HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.body(), method + " " + path);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", stopped);
        }
    }

    /** A JWT (RFC 7519) whose subject is the member, signed with HS256. */
    private String token(String member) {
        var until = Instant.now().plus(TOKEN_LIFE).getEpochSecond();
        var message = base64(Json.write(Map.of("alg", "HS256", "typ", "JWT")).getBytes(StandardCharsets.UTF_8)) + "."
                + base64(Json.write(Map.of("sub", member, "exp", until)).getBytes(StandardCharsets.UTF_8));
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return message + "." + base64(mac.doFinal(message.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has HmacSHA256", impossible);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static String text(Map<String, Object> of, String name) {
        return (String) of.get(name);
    }

    private static long number(Map<String, Object> of, String name) {
        return ((Number) of.get(name)).longValue();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Map<String, Object> of, String name) {
        return (Map<String, Object>) of.get(name);
    }

    /** As much of JSON (RFC 8259) as the API needs; a service that has Jackson uses that. */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Map<String, Object> object() {
            var read = new LinkedHashMap<String, Object>();
            for (expect('{'); !has('}'); has(',')) {
                var name = string();
                expect(':');
                read.put(name, value());
            }
            return read;
        }

        private Object value() {
            return switch (peek()) {
                case '{' -> object();
                case '[' -> array();
                case '"' -> string();
                default -> word();
            };
        }

        private List<Object> array() {
            var read = new ArrayList<Object>();
            for (expect('['); !has(']'); has(',')) read.add(value());
            return read;
        }

        private Object word() {
            var from = at;
            while (at < text.length() && ",]} \n\r\t".indexOf(text.charAt(at)) < 0) at++;
            var word = text.substring(from, at);
            return switch (word) {
                case "true" -> true;
                case "false" -> false;
                case "null" -> null;
                default -> Double.valueOf(word);
            };
        }

        private String string() {
            var read = new StringBuilder();
            for (expect('"'); text.charAt(at) != '"'; at++) {
                if (text.charAt(at) != '\\') {
                    read.append(text.charAt(at));
                    continue;
                }
                var escaped = text.charAt(++at);
                if (escaped == 'u') {
                    read.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                    at += 4;
                } else {
                    var plain = "bfnrt".indexOf(escaped);
                    read.append(plain < 0 ? escaped : "\b\f\n\r\t".charAt(plain));
                }
            }
            at++;
            return read.toString();
        }

        private char peek() {
            while (Character.isWhitespace(text.charAt(at))) at++;
            return text.charAt(at);
        }

        private boolean has(char wanted) {
            if (peek() != wanted) return false;
            at++;
            return true;
        }

        private void expect(char wanted) {
            if (!has(wanted)) throw new IllegalStateException("no JSON at " + at + ": " + text);
        }

        static String write(Object value) {
            if (value instanceof Map<?, ?> map) {
                var pairs = map.entrySet().stream().map(one -> write(one.getKey()) + ":" + write(one.getValue()));
                return "{" + String.join(",", pairs.toList()) + "}";
            }
            if (value instanceof List<?> list) {
                return "[" + String.join(",", list.stream().map(Json::write).toList()) + "]";
            }
            return value instanceof Number ? value.toString() : quoted(value.toString());
        }

        private static String quoted(String text) {
            var written = new StringBuilder("\"");
            text.chars().forEach(c -> {
                if (c == '"' || c == '\\' || c < ' ') written.append(String.format("\\u%04x", c));
                else written.append((char) c);
            });
            return written.append('"').toString();
        }
    }

    /** Tries all five: {@code java LandfallAwsService.java SERVER SECRET MEMBER FILM PICTURE}. */
    public static void main(String[] given) throws Exception {
        AwsService files = new LandfallAwsService(URI.create(given[0]), given[1]);
        var member = given[2];
        var film = send(files, member, Path.of(given[3]), false);
        var picture = send(files, member, Path.of(given[4]), true);
        for (var key : List.of(film, picture)) System.out.println(key + " " + files.getFileUrl(member, key));
        files.deleteFile(member, picture);
        files.deleteFile(member, picture);
        System.out.println("deleted: " + !files.isExistFile(member, picture));
    }

    /** What a client does, in a browser or an app: it PUTs each part and tells the service that it has. */
    private static String send(AwsService files, String member, Path file, boolean isPublic) throws Exception {
        var name = file.getFileName().toString();
        var size = Files.size(file);
        var upload = isPublic ? files.getPublicUploadUrl(member, name, size) : files.getUploadVideoUrl(member, name, size);
        System.out.println("there before it is sent: " + files.isExistFile(member, upload.key()));
        var bytes = Files.readAllBytes(file);
        var http = HttpClient.newHttpClient();
        for (var part : upload.parts()) {
            var body = BodyPublishers.ofByteArray(bytes, (int) part.offset(), (int) part.size());
            var answer = http.send(HttpRequest.newBuilder(URI.create(part.url())).PUT(body).build(), BodyHandlers.ofString());
            if (answer.statusCode() != 200) throw new IllegalStateException("part " + part.number() + ": " + answer.body());
        }
        System.out.println("there after it was sent: " + files.isExistFile(member, upload.key()));
        return upload.key();
    }
}

/** What a service asks of its file storage. A key is what its database keeps of a file. */
interface AwsService {
    /** Where the member's file is read: a URL that ends, for a video; a plain one, for a public picture. */
    String getFileUrl(String member, String key);

    /** Where a video is sent, part by part. */
    Upload getUploadVideoUrl(String member, String fileName, long size);

    /** Where a picture is sent that everybody may see once it is published. */
    Upload getPublicUploadUrl(String member, String fileName, long size);

    /** Deletes a file, or gives an upload up. Deleting again does nothing. */
    void deleteFile(String member, String key);

    /** Whether the file is there, whole and checked. To be asked when the client says that it has sent everything. */
    boolean isExistFile(String member, String key);

    /** A key, and what the client has to send: each part by a PUT of exactly its bytes. */
    record Upload(String key, List<Part> parts) {}

    record Part(int number, long offset, long size, String url) {}
}
