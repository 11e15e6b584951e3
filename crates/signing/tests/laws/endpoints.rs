//! Where URLs point: addressing styles, hosts as they are signed, keys that are not normalised.

use signing::{
    Addressing::{Path, VirtualHost},
    Credentials, Endpoint, EndpointError, GetOptions, Object, PresignError, SigningKey, Validity, presign_get,
};

fn place(endpoint: &Endpoint, bucket: &str, key: &str) -> Result<String, PresignError> {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let signing_key = SigningKey::at(&Credentials::new("id", "secret", None), at, "auto");
    let validity = Validity::starting(at, 60)?;
    let object = Object { bucket, key };
    let url = presign_get(&signing_key, endpoint, object, &GetOptions::default(), validity)?;
    let (place, _) = url.expose().split_once('?').expect("has a query");
    Ok(place.to_owned())
}

#[test]
fn urls_are_built_as_the_style_says() -> Result<(), Box<dyn std::error::Error>> {
    let cases = [
        ("http://127.0.0.1:9000", Path, "http://127.0.0.1:9000/b/k"),
        ("http://127.0.0.1:9000/", Path, "http://127.0.0.1:9000/b/k"),
        ("http://[::1]:9000", Path, "http://[::1]:9000/b/k"),
        ("http://[2001:DB8::1]", Path, "http://[2001:db8::1]/b/k"),
        ("HTTPS://S3.Example.COM:443", Path, "https://s3.example.com/b/k"),
        ("http://s3.example.com:80", Path, "http://s3.example.com/b/k"),
        ("http://s3.example.com:443", Path, "http://s3.example.com:443/b/k"),
        ("https://example.com/storage/v1/s3/", Path, "https://example.com/storage/v1/s3/b/k"),
        ("https://s3.example.com", VirtualHost, "https://b.s3.example.com/k"),
        ("http://localhost:9000", VirtualHost, "http://b.localhost:9000/k"),
        ("https://example.com/s3", VirtualHost, "https://b.example.com/s3/k"),
    ];
    for (text, addressing, expected) in cases {
        assert_eq!(place(&Endpoint::parse(text, addressing)?, "b", "k")?, expected);
    }
    Ok(())
}

#[test]
fn keys_are_escaped_once_and_never_normalised() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = Endpoint::parse("http://s", VirtualHost)?;
    let cases = [
        ("a//b/", "/a//b/"),
        ("/a", "//a"),
        ("../a/./b/..", "/../a/./b/.."),
        ("a%2Fb", "/a%252Fb"),
        ("a+b c?d#e&f=g", "/a%2Bb%20c%3Fd%23e%26f%3Dg"),
        ("-._~", "/-._~"),
        ("한\u{0}\n", "/%ED%95%9C%00%0A"),
    ];
    for (key, expected) in cases {
        assert_eq!(place(&endpoint, "b", key)?, format!("http://b.s{expected}"));
    }
    Ok(())
}

#[test]
fn wrong_endpoints_say_what_is_wrong() {
    let cases = [
        ("", Path, EndpointError::Scheme),
        ("s3.example.com", Path, EndpointError::Scheme),
        ("ftp://s3.example.com", Path, EndpointError::Scheme),
        ("http://", Path, EndpointError::Host),
        ("http:///b", Path, EndpointError::Host),
        ("http://a..b", Path, EndpointError::Host),
        ("http://.a", Path, EndpointError::Host),
        ("http://a b", Path, EndpointError::Host),
        ("http://é.example.com", Path, EndpointError::Host),
        ("http://127.1", Path, EndpointError::Host),
        ("http://s3.0x7f", Path, EndpointError::Host),
        ("http://a.5.", VirtualHost, EndpointError::Host),
        ("http://[::1", Path, EndpointError::Host),
        ("http://[::z]", Path, EndpointError::Host),
        ("http://a:", Path, EndpointError::Port),
        ("http://a:0", Path, EndpointError::Port),
        ("http://a:65536", Path, EndpointError::Port),
        ("http://a:+80", Path, EndpointError::Port),
        ("http://a:80:81", Path, EndpointError::Port),
        ("http://a/b c", Path, EndpointError::Path),
        ("http://a//b", Path, EndpointError::Path),
        ("http://a/../b", Path, EndpointError::Path),
        ("http://a/%62", Path, EndpointError::Path),
        ("http://user@a", Path, EndpointError::Extra),
        ("http://a/?b", Path, EndpointError::Extra),
        ("http://a#b", Path, EndpointError::Extra),
        ("http://127.0.0.1:9000", VirtualHost, EndpointError::AddressNotName),
        ("http://[::1]:9000", VirtualHost, EndpointError::AddressNotName),
    ];
    for (text, addressing, expected) in cases {
        assert_eq!(Endpoint::parse(text, addressing), Err(expected), "{text}");
    }
}

#[test]
fn buckets_that_cannot_be_addressed_are_refused() -> Result<(), EndpointError> {
    let by_path = Endpoint::parse("http://s", Path)?;
    let by_host = Endpoint::parse("http://s", VirtualHost)?;
    for endpoint in [&by_path, &by_host] {
        assert_eq!(place(endpoint, "", "k"), Err(PresignError::Bucket));
        assert_eq!(place(endpoint, "a/b", "k"), Err(PresignError::Bucket));
        assert_eq!(place(endpoint, "b", ""), Err(PresignError::KeyEmpty));
        let long = "é".repeat(512);
        assert!(place(endpoint, "b", &long).is_ok());
        let bytes = long.len() + 1;
        let longer = place(endpoint, "b", &(long + "k"));
        assert_eq!(longer, Err(PresignError::KeyTooLong { bytes }));
    }
    for bucket in ["Upper", "under_score", "a..b", ".a", "a b", "é"] {
        let refused = place(&by_host, bucket, "k");
        assert_eq!(refused, Err(PresignError::BucketNotHostName), "{bucket}");
        assert!(place(&by_path, bucket, "k").is_ok(), "{bucket}");
    }
    Ok(())
}
