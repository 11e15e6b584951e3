//! The web client's files: how they are typed, kept and protected, and what stands in their place.

use axum::body::Body;
use http::{Method, Request};
use serde_json::json;
use server::http::WebFile;

use crate::house::{Answer, House, Plan};

const FILES: &[WebFile] = &[
    WebFile { path: "index.html", bytes: b"<!doctype html><title>Landfall</title>" },
    WebFile { path: "config.json", bytes: b"{\"api\": \"https://elsewhere.example.com\"}" },
    WebFile { path: "favicon.svg", bytes: b"<svg/>" },
    WebFile { path: "assets/index-B1x2.js", bytes: b"run()" },
    WebFile { path: "assets/style-C3y4.css", bytes: b"a {}" },
    WebFile { path: "assets/thing.unknown", bytes: b"?" },
];

fn built() -> House {
    House::with(Plan { web_files: FILES, ..Plan::default() })
}

async fn ask(house: &House, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send_undocumented(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn files_have_their_types_and_their_times_to_be_kept() {
    let house = built();
    let (asked, kept) = ("no-cache", "public, max-age=31536000, immutable");
    for (path, kind, times) in [
        ("/", "text/html; charset=utf-8", asked),
        ("/index.html", "text/html; charset=utf-8", asked),
        ("/favicon.svg", "image/svg+xml", asked),
        ("/assets/index-B1x2.js", "text/javascript; charset=utf-8", kept),
        ("/assets/style-C3y4.css", "text/css; charset=utf-8", kept),
        ("/assets/thing.unknown", "application/octet-stream", kept),
    ] {
        let answer = ask(&house, Method::GET, path, &[]).await.expect(200);
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (kind, times), "{path}");
        let file = FILES.iter().find(|file| path.ends_with(file.path)).unwrap_or(&FILES[0]);
        assert_eq!(answer.raw, file.bytes, "{path}");
        let same = ask(&house, Method::GET, path, &[("if-none-match", answer.header("etag"))]).await.expect(304);
        assert_eq!((same.raw.len(), same.header("etag")), (0, answer.header("etag")), "{path}");
        ask(&house, Method::GET, path, &[("if-none-match", "\"other\"")]).await.expect(200);
        let head = ask(&house, Method::HEAD, path, &[]).await.expect(200);
        assert_eq!(head.header("content-type"), kind, "{path}");
    }
}

#[tokio::test]
async fn every_page_is_protected() {
    let house = built();
    let answer = ask(&house, Method::GET, "/", &[]).await.expect(200);
    let policy = answer.header("content-security-policy");
    for word in ["default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"] {
        assert!(policy.contains(word), "{word} is not in {policy}");
    }
    let [store] = &house.app.store_origins()[..] else { panic!("one store") };
    for fetch in ["connect-src", "img-src", "media-src"] {
        assert!(policy.contains(&format!("{fetch} 'self' blob: {store};")), "{fetch}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("data:"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("permissions-policy").contains("camera=()"));
}

#[tokio::test]
async fn what_is_no_file_is_not_found() {
    let house = built();
    for path in ["/nothing", "/assets/", "/assets", "/assets/../index.html", "/%2e%2e/secret", "//index.htm"] {
        assert_eq!(ask(&house, Method::GET, path, &[]).await.verdict(), (404, "not_found", ""), "{path}");
    }
    ask(&house, Method::POST, "/index.html", &[]).await.expect(404);
    ask(&house, Method::POST, "/", &[]).await.expect(405);
    assert_eq!(house.get("/openapi.json").await.expect(200).header("content-type"), "application/json");
}

#[tokio::test]
async fn web_config_is_the_servers_own() {
    for house in [built(), House::new()] {
        let answer = ask(&house, Method::GET, "/config.json", &[]).await.expect(200);
        assert_eq!((answer.body.clone(), answer.header("cache-control")), (json!({"api": "."}), "no-cache"));
    }
}

#[tokio::test]
async fn without_the_web_client_home_says_how_to_build_it_in_both_languages() {
    let house = House::new();
    let answer = house.send(Request::get("/").body(Body::empty()).unwrap()).await.expect(200);
    let text = String::from_utf8(answer.raw.to_vec()).unwrap();
    assert!(text.contains("was not built") && text.contains("빌드되지 않았습니다"), "{text}");
    assert_eq!(text.matches("cargo xtask run").count(), 2);
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    ask(&house, Method::GET, "/index.html", &[]).await.expect(404);
}
