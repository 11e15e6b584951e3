//! HTTP as RFC 9110 has it: ranges, conditions, dates, and headers that come back as they were given.

use crate::signing::signed;
use crate::support::{BUCKET, MIB, Store, error_of, for_seconds, pattern};
use reqwest::Response;

async fn ask(store: &Store, method: &str, path: &str, query: &str, headers: &[(&'static str, &str)]) -> Response {
    // Unsigned headers are as good: they are no `x-amz-` ones.
    let mut request = signed(store, method, path, query, &[], Vec::new());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

fn text<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("text"))
}

#[tokio::test]
async fn head_says_206_for_a_range_and_for_a_part() {
    let store = Store::start().await;
    let id = store.create_upload("m").await;
    let tags = [
        store.upload_part("m", &id, 1, pattern(5 * MIB, 1)).await,
        store.upload_part("m", &id, 2, pattern(10, 2)).await,
    ];
    let parts = crate::multipart::listed(&[(1, &tags[0]), (2, &tags[1])]);
    let complete = store.client.complete_multipart_upload().bucket(BUCKET).key("m").upload_id(&id);
    complete.multipart_upload(parts).send().await.expect("a completion");
    let whole = 5 * MIB + 10;
    for method in ["GET", "HEAD"] {
        let range = ask(&store, method, "/private/m", "", &[("range", "bytes=1-2")]).await;
        assert_eq!((range.status().as_u16(), text(&range, "content-length")), (206, "2"), "{method}");
        assert_eq!(text(&range, "content-range"), format!("bytes 1-2/{whole}"));
        let part = ask(&store, method, "/private/m", "partNumber=2", &[]).await;
        assert_eq!((part.status().as_u16(), text(&part, "content-length")), (206, "10"), "{method}");
        assert_eq!(text(&part, "x-amz-mp-parts-count"), "2");
        let all = ask(&store, method, "/private/m", "", &[]).await;
        assert_eq!(all.status(), 200, "{method}");
        let none = ask(&store, method, "/private/m", "", &[("range", "bytes=99999999-")]).await;
        assert_eq!(none.status(), 416, "{method}");
    }
    // A range that cannot be read counts as none, signed or not.
    for range in ["lines=1-2", "bytes=2-1", "bytes=a-b", "bytes=0-1,3-4"] {
        assert_eq!(ask(&store, "GET", "/private/m", "", &[("range", range)]).await.status(), 200, "{range}");
        let signed = signed(&store, "GET", "/private/m", "", &[("range", range)], Vec::new());
        assert_eq!(signed.send().await.expect("an answer").status(), 200, "{range}");
    }
}

#[tokio::test]
async fn a_range_is_read_as_http_has_it() {
    let store = Store::start().await;
    store.put("k", "0123456789").await;
    let huge = "9".repeat(40);
    for (range, status, expected) in [
        ("BYTES=0-1", 206, "bytes 0-1/10"),
        ("bytes=0-1,", 206, "bytes 0-1/10"),
        ("bytes=,, 0-1", 206, "bytes 0-1/10"),
        (&format!("bytes=-{huge}"), 206, "bytes 0-9/10"),
        (&format!("bytes=3-{huge}"), 206, "bytes 3-9/10"),
        (&format!("bytes={huge}-"), 416, "bytes */10"),
        (&format!("bytes={huge}1-{huge}2"), 416, "bytes */10"),
        (&format!("bytes={huge}2-{huge}1"), 200, ""),
        ("bytes=-0", 416, "bytes */10"),
        ("bytes=0-1,3-4", 200, ""),
        ("bytes=,", 200, ""),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&store, method, "/private/k", "", &[("range", range)]).await;
            assert_eq!((answer.status().as_u16(), text(&answer, "content-range")), (status, expected), "{range}");
        }
    }
}

#[tokio::test]
async fn a_part_number_is_a_number_of_a_part() {
    let store = Store::start().await;
    store.put("k", "x").await;
    for number in ["0", "-1", "10001", "x", "", "18446744073709551616", "1.5"] {
        let answer = ask(&store, "GET", "/private/k", &format!("partNumber={number}"), &[]).await;
        assert_eq!(answer.status(), 400, "{number}");
        let (code, message) = error_of(&answer.text().await.expect("a body"));
        assert_eq!(code, "InvalidArgument", "{number}");
        assert_eq!(message, "Part number must be an integer between 1 and 10000, inclusive", "{number}");
    }
    let beyond = ask(&store, "GET", "/private/k", "partNumber=2", &[]).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(error_of(&beyond.text().await.expect("a body")).0, "InvalidPartNumber");
    assert_eq!(ask(&store, "GET", "/private/k", "partNumber=1", &[]).await.status(), 206);
}

#[tokio::test]
async fn if_range_keeps_a_range_only_for_the_same_object() {
    let store = Store::start().await;
    let tag = store.put("k", "hello").await;
    let date = text(&ask(&store, "HEAD", "/private/k", "", &[]).await, "last-modified").to_owned();
    let weak = format!("W/{tag}");
    for (condition, status) in [
        (tag.as_str(), 206),
        (date.as_str(), 206),
        (weak.as_str(), 200),
        ("\"other\"", 200),
        ("*", 200),
        ("", 200),
        ("\"other\", \"a\"", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ] {
        let answer = ask(&store, "GET", "/private/k", "", &[("range", "bytes=0-0"), ("if-range", condition)]).await;
        assert_eq!(answer.status(), status, "{condition}");
    }
}

#[tokio::test]
async fn conditions_take_lists_of_tags_and_all_forms_of_a_date() {
    let store = Store::start().await;
    let tag = store.put("k", "hello").await;
    let (old, new) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Wed, 01 Jan 2070 00:00:00 GMT");
    for (name, value, status) in [
        ("if-match", format!("\"a\", {tag}"), 200),
        ("if-match", "\"a\", \"b\"".to_owned(), 412),
        ("if-match", format!("W/{tag}"), 412),
        ("if-none-match", format!("\"a\",{tag}"), 304),
        ("if-none-match", format!("W/{tag}"), 304),
        ("if-none-match", "\"a\", \"b\"".to_owned(), 200),
        ("if-modified-since", old.to_owned(), 200),
        ("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT".to_owned(), 200),
        ("if-modified-since", "Sun Nov  6 08:49:37 1994".to_owned(), 200),
        ("if-modified-since", new.to_owned(), 304),
        ("if-modified-since", "not a date".to_owned(), 200),
        ("if-modified-since", "1994-11-06T08:49:37Z".to_owned(), 200),
        ("if-unmodified-since", old.to_owned(), 412),
        ("if-unmodified-since", "Sunday, 06-Nov-94 08:49:37 GMT".to_owned(), 412),
        ("if-unmodified-since", "Sun Nov  6 08:49:37 1994".to_owned(), 412),
        ("if-unmodified-since", "not a date".to_owned(), 200),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ask(&store, method, "/private/k", "", &[(name, value.as_str())]).await;
            assert_eq!(answer.status(), status, "{method} {name}: {value}");
        }
    }
}

#[tokio::test]
async fn expires_comes_back_as_it_was_given() {
    let store = Store::start().await;
    for (at, given) in
        ["tomorrow", "0", "Wed, 01 Jan 2070 00:00:00 GMT", "2070-01-01T00:00:00Z"].into_iter().enumerate()
    {
        let path = format!("/private/e{at}");
        let put = signed(&store, "PUT", &path, "", &[], b"x".to_vec()).header("expires", given);
        assert_eq!(put.send().await.expect("an answer").status(), 200, "{given}");
        for method in ["GET", "HEAD"] {
            assert_eq!(text(&ask(&store, method, &path, "", &[]).await, "expires"), given, "{method}");
        }
        let copy = signed(&store, "PUT", "/private/c", "", &[("x-amz-copy-source", path.as_str())], Vec::new());
        assert_eq!(copy.send().await.expect("an answer").status(), 200);
        assert_eq!(text(&ask(&store, "HEAD", "/private/c", "", &[]).await, "expires"), given);
    }
    let get = store.client.get_object().bucket(BUCKET).key("e0").presigned(for_seconds(60)).await.expect("a URL");
    assert_eq!(text(&store.http.get(get.uri()).send().await.expect("an answer"), "expires"), "tomorrow");
    let wished = ask(&store, "GET", "/private/e0", "response-expires=soon", &[]).await;
    assert_eq!(text(&wished, "expires"), "soon");
}

#[tokio::test]
async fn tags_are_counted_on_get_and_head() {
    let store = Store::start().await;
    let put = signed(&store, "PUT", "/private/k", "", &[("x-amz-tagging", "a=1&b=2")], b"x".to_vec());
    assert_eq!(put.send().await.expect("an answer").status(), 200);
    store.put("bare", "x").await;
    for method in ["GET", "HEAD"] {
        assert_eq!(text(&ask(&store, method, "/private/k", "", &[]).await, "x-amz-tagging-count"), "2");
        assert_eq!(text(&ask(&store, method, "/private/bare", "", &[]).await, "x-amz-tagging-count"), "");
    }
}

#[tokio::test]
async fn the_tag_among_attributes_has_no_quotes() {
    let store = Store::start().await;
    let tag = store.put("k", "x").await;
    let got = signed(&store, "GET", "/private/k", "attributes=", &[("x-amz-object-attributes", "ETag")], Vec::new());
    let body = got.send().await.expect("an answer").text().await.expect("a body");
    assert!(body.contains(&format!("<ETag>{}</ETag>", tag.trim_matches('"'))), "{body}");
}

/// The characters of keys as a reader of XML would see them.
fn keys(body: &str) -> Vec<String> {
    assert!(!body.contains(|c: char| c.is_control() && c != '\n'), "a document that no reader takes: {body:?}");
    let names = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
    names.map(|name| name.replace("&#13;", "\r").replace("&amp;", "&").replace("&lt;", "<")).collect()
}

#[tokio::test]
async fn lists_of_odd_keys_are_well_formed() {
    let store = Store::start().await;
    let odd = ["a\u{1}", "b\r\n", "c&<", "d\u{ffff}", "e 한"];
    for key in odd {
        store.put(key, "x").await;
        store.create_upload(key).await;
    }
    let shown = ["a\u{fffd}", "b\r\n", "c&<", "d\u{fffd}", "e 한"];
    for query in ["", "list-type=2", "versions=", "uploads="] {
        let answer = ask(&store, "GET", "/private", query, &[]).await;
        assert_eq!(keys(&answer.text().await.expect("a body")), shown, "?{query}");
        let query =
            if query.is_empty() { "encoding-type=url".to_owned() } else { format!("encoding-type=url&{query}") };
        let answer = ask(&store, "GET", "/private", &query, &[]).await;
        let found = keys(&answer.text().await.expect("a body"));
        let plain = |key: &String| percent_decode(key);
        assert_eq!(found.iter().map(plain).collect::<Vec<_>>(), odd, "?{query}");
    }
    for page in ["delimiter=%0D", "prefix=b%0D"] {
        let body = ask(&store, "GET", "/private", page, &[]).await.text().await.expect("a body");
        assert!(!body.contains('\r') && body.contains("&#13;"), "{page}: {body:?}");
    }
    let id = store.create_upload("a\u{1}").await;
    let query = format!("uploadId={id}");
    let body = ask(&store, "GET", "/private/a%01", &query, &[]).await.text().await.expect("a body");
    assert_eq!(keys(&body), ["a\u{fffd}"], "the parts of an upload");
    let missing = ask(&store, "GET", "/private/none%01", "", &[]).await.text().await.expect("a body");
    assert_eq!(error_of(&missing).0, "NoSuchKey");
    assert!(!missing.contains('\u{1}'));
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("a byte"));
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("text")
}
