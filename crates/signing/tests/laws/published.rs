//! The example that AWS publishes for presigned URLs, byte for byte.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters (AWS
//! Signature Version 4)": GET of test.txt in examplebucket at 2013-05-24T00:00:00Z for 86,400 s.

use std::error::Error;

use signing::{Addressing, Credentials, Endpoint, GetOptions, Object, SigningKey, Validity, presign_get};

#[test]
fn get_of_the_s3_reference_is_equal_byte_for_byte() -> Result<(), Box<dyn Error>> {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None);
    let at = "2013-05-24T00:00:00Z".parse()?;
    let url = presign_get(
        &SigningKey::at(&credentials, at, "us-east-1"),
        &Endpoint::parse("https://s3.amazonaws.com", Addressing::VirtualHost)?,
        Object { bucket: "examplebucket", key: "test.txt" },
        &GetOptions::default(),
        Validity::starting(at, 86_400)?,
    )?;
    assert_eq!(
        url.expose(),
        "https://examplebucket.s3.amazonaws.com/test.txt\
         ?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
    Ok(())
}
