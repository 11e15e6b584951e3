"""curl, unmodified: its own signatures, and headers as they are: curl.py ENDPOINT REGION KEY_ID SECRET FOLDER"""

import hashlib
import os
import re
import subprocess

from common import MIB, endpoint, finish, key_id, region, same, secret, write

BUCKET = "curl-bucket"
EMPTY = hashlib.sha256(b"").hexdigest()


class Answer:
    """What came back: status, headers in lower case, body."""

    def __init__(self, output):
        head, _, self.body = output.partition(b"\r\n\r\n")
        while head.startswith(b"HTTP/1.1 100"):
            head, _, self.body = self.body.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
        self.text = self.body.decode("utf-8", "replace")

    def of(self, tag):
        found = re.search(f"<{tag}>(.*?)</{tag}>", self.text, re.DOTALL)
        return found.group(1) if found else None

    @property
    def told(self):
        return self.status, self.of("Code")


def curl(path, *arguments, method="GET", body=None, headers=()):
    """A request that curl signs itself."""
    command = ["curl", "--silent", "--show-error", "--include", "--path-as-is"]
    command += ["--user", f"{key_id}:{secret}", "--aws-sigv4", f"aws:amz:{region}:s3"]
    command += ["--head"] if method == "HEAD" else ["--request", method]
    payload = EMPTY
    if body is not None:
        payload = hashlib.sha256(body).hexdigest()
        command += ["--data-binary", "@" + write("curl-body", body), "--header", "content-type: text/plain"]
    command += ["--header", f"x-amz-content-sha256: {payload}"]
    for header in headers:
        command += ["--header", header]
    done = subprocess.run([*command, *arguments, endpoint + path], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Answer(done.stdout)


same(curl(f"/{BUCKET}", method="PUT").headers["location"], f"/{BUCKET}")
same(curl("/").of("Name") is not None, True)
put = curl(f"/{BUCKET}/o", method="PUT", body=b"hello", headers=["expires: tomorrow", "x-amz-tagging: a=1&b=2"])
same((put.status, put.headers["etag"]), (200, f'"{hashlib.md5(b"hello").hexdigest()}"'))
tag = put.headers["etag"]
got = curl(f"/{BUCKET}/o")
same((got.status, got.body, got.headers["expires"], got.headers["x-amz-tagging-count"]), (200, b"hello", "tomorrow", "2"))

# Ranges, for GET and HEAD.
got = curl(f"/{BUCKET}/o", headers=["range: bytes=1-2"])
same((got.status, got.body, got.headers["content-range"]), (206, b"el", "bytes 1-2/5"))
head = curl(f"/{BUCKET}/o", method="HEAD", headers=["range: bytes=1-2"])
same((head.status, head.headers["content-length"], head.headers["content-range"]), (206, "2", "bytes 1-2/5"))
same(curl(f"/{BUCKET}/o", headers=["range: bytes=-2"]).body, b"lo")
same(curl(f"/{BUCKET}/o", headers=["range: lines=1-2"]).status, 200)
got = curl(f"/{BUCKET}/o", headers=["range: bytes=9-"])
same((got.told, got.headers["content-range"]), ((416, "InvalidRange"), "bytes */5"))
same(curl(f"/{BUCKET}/o", headers=["range: bytes=0-0", f"if-range: {tag}"]).status, 206)
same(curl(f"/{BUCKET}/o", headers=["range: bytes=0-0", 'if-range: "other"']).status, 200)

# Conditions.
modified = curl(f"/{BUCKET}/o", method="HEAD").headers["last-modified"]
same(curl(f"/{BUCKET}/o", headers=[f'if-none-match: "a", W/{tag}']).status, 304)
same(curl(f"/{BUCKET}/o", headers=[f'if-match: "a", {tag}']).status, 200)
same(curl(f"/{BUCKET}/o", headers=['if-match: "a", "b"']).told, (412, "PreconditionFailed"))
same(curl(f"/{BUCKET}/o", headers=[f"if-modified-since: {modified}"]).status, 304)
same(curl(f"/{BUCKET}/o", headers=["if-modified-since: Sunday, 06-Nov-94 08:49:37 GMT"]).status, 200)
same(curl(f"/{BUCKET}/o", headers=["if-unmodified-since: Sun Nov  6 08:49:37 1994"]).told, (412, "PreconditionFailed"))
same(curl(f"/{BUCKET}/o", headers=["if-modified-since: yesterday"]).status, 200)
same(curl(f"/{BUCKET}/o", method="PUT", body=b"x", headers=["if-none-match: *"]).told, (412, "PreconditionFailed"))
same(curl(f"/{BUCKET}/o", method="PUT", body=b"x", headers=['if-match: "other"']).told, (412, "PreconditionFailed"))

# What a write means, or nothing at all.
for header, told in [
    ("x-amz-write-offset-bytes: 5", (501, "NotImplemented")),
    ("x-amz-server-side-encryption: aws:kms", (501, "NotImplemented")),
    ("x-amz-server-side-encryption-customer-algorithm: AES256", (501, "NotImplemented")),
    ("x-amz-object-lock-mode: GOVERNANCE", (501, "NotImplemented")),
    ("x-amz-storage-class: GLACIER", (501, "NotImplemented")),
    ("x-amz-acl: public-read", (400, "AccessControlListNotSupported")),
    ("x-amz-grant-read: id=1", (400, "AccessControlListNotSupported")),
    ("x-amz-expected-bucket-owner: 123456789012", (403, "AccessDenied")),
    ("content-range: bytes 0-0/5", (501, "NotImplemented")),
]:
    same((header, curl(f"/{BUCKET}/o", method="PUT", body=b"x", headers=[header]).told), (header, told))
same(curl(f"/{BUCKET}/o").body, b"hello")
same(curl(f"/{BUCKET}/o", method="PUT", body=b"hello", headers=["x-amz-acl: bucket-owner-full-control"]).status, 200)

# Parts, with a document that holds CDATA.
created = curl(f"/{BUCKET}/m?uploads=", method="POST")
upload = created.of("UploadId")
part = os.urandom(5 * MIB)
tags = [curl(f"/{BUCKET}/m?partNumber={n}&uploadId={upload}", method="PUT", body=part).headers["etag"] for n in (1, 2)]
parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag><![CDATA[{t}]]></ETag></Part>" for n, t in zip((1, 2), tags))
done = curl(
    f"/{BUCKET}/m?uploadId={upload}",
    method="POST",
    body=f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode(),
)
same((done.status, done.of("Location")), (200, f"{endpoint}/{BUCKET}/m"))
head = curl(f"/{BUCKET}/m?partNumber=2", method="HEAD")
same((head.status, head.headers["x-amz-mp-parts-count"]), (206, "2"))
attributes = curl(f"/{BUCKET}/m?attributes=", headers=["x-amz-object-attributes: ETag"])
same(attributes.of("ETag"), done.of("ETag").replace("&quot;", "").strip('"'))

# What an owner asks of a bucket.
same(curl(f"/{BUCKET}?acl=").of("Permission"), "FULL_CONTROL")
same(curl(f"/{BUCKET}/o?acl=").of("Permission"), "FULL_CONTROL")
same(curl(f"/{BUCKET}?publicAccessBlock=").of("RestrictPublicBuckets"), "true")
same(curl(f"/{BUCKET}?ownershipControls=").of("ObjectOwnership"), "BucketOwnerEnforced")
same(curl(f"/{BUCKET}?policyStatus=").of("IsPublic"), "false")
same(curl(f"/{BUCKET}?encryption=").told, (404, "ServerSideEncryptionConfigurationNotFoundError"))

# Lists of odd keys, without encoding-type.
for key in ["r%0D", "b%07", "f%EF%BF%BF"]:
    same(curl(f"/{BUCKET}/odd/{key}", method="PUT", body=b"").status, 200)
listed = curl(f"/{BUCKET}?list-type=2&prefix=odd%2F")
same(re.findall("<Key>(.*?)</Key>", listed.text), ["odd/b\ufffd", "odd/f\ufffd", "odd/r&#13;"])

same(curl("/curl-none/o").told, (404, "NoSuchBucket"))
answer = curl(f"/{BUCKET}/none")
same((answer.told, answer.of("RequestId")), ((404, "NoSuchKey"), answer.headers["x-amz-request-id"]))
keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in ["o", "m", "odd/r&#13;"])
same(curl(f"/{BUCKET}?delete=", method="POST", body=f"<Delete>{keys}</Delete>".encode()).status, 200)
same(curl(f"/{BUCKET}", method="DELETE").told, (409, "BucketNotEmpty"))
for key in ["b%07", "f%EF%BF%BF"]:
    same(curl(f"/{BUCKET}/odd/{key}", method="DELETE").status, 204)
# An unfinished upload does not keep a bucket.
same(curl(f"/{BUCKET}/m?uploads=", method="POST").status, 200)
same(curl(f"/{BUCKET}", method="DELETE").status, 204)
same(curl(f"/{BUCKET}/o").told, (404, "NoSuchBucket"))
finish("curl")
