"""A browser's form, as curl sends it too: form.py ENDPOINT REGION KEY_ID SECRET FOLDER"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import subprocess

import boto3
from botocore.config import Config

from common import MIB, endpoint, finish, key_id, region, same, secret, write

BUCKET = "form-bucket"
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name=region,
    aws_access_key_id=key_id,
    aws_secret_access_key=secret,
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
)
s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
now = datetime.datetime.now(datetime.timezone.utc)


def signed(conditions, expiration=None, fields=(), day=None):
    """The fields of a form whose policy has these conditions."""
    date = now.strftime("%Y%m%dT%H%M%SZ")
    credential = f"{key_id}/{day or date[:8]}/{region}/s3/aws4_request"
    own = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": credential, "x-amz-date": date}
    expiration = expiration or (now + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    policy = {"expiration": expiration, "conditions": [{"bucket": BUCKET}, *conditions, *[{k: v} for k, v in own.items()]]}
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    key = ("AWS4" + secret).encode()
    for step in [day or date[:8], region, "s3", "aws4_request", text]:
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return {**dict(fields), **own, "policy": text, "x-amz-signature": key.hex()}


def send(fields, path, *arguments, bucket=BUCKET, name="f.txt"):
    """Status, code of an error, headers, body."""
    command = ["curl", "--silent", "--show-error", "--include"]
    for field, value in fields.items():
        command += ["--form-string", f"{field}={value}"]
    done = subprocess.run(
        [*command, "--form", f"file=@{path};filename={name}", *arguments, f"{endpoint}/{bucket}"],
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\r\n\r\n")
    lines = head.split("\r\n")
    headers = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
    code = body.split("<Code>")[1].split("</Code>")[0] if "<Code>" in body else None
    return int(lines[0].split()[1]), code, headers, body


small = write("form-small", b"fifteen bytes!!")
any_key = ["starts-with", "$key", "up/"]
plain = signed([any_key], fields={"key": "up/${filename}"})
status, _, headers, body = send(plain, small)
same((status, body), (204, ""))
same(headers["location"], f"{endpoint}/{BUCKET}/up/f.txt")
same(headers["etag"], f'"{hashlib.md5(b"fifteen bytes!!").hexdigest()}"')
same(s3.get_object(Bucket=BUCKET, Key="up/f.txt")["Body"].read(), b"fifteen bytes!!")
same(send(plain, small, name="한글.txt")[0], 204)
same(s3.head_object(Bucket=BUCKET, Key="up/한글.txt")["ContentLength"], 15)

# What a form says of its object.
fields = {
    "key": "up/typed",
    "Content-Type": "image/png",
    "Cache-Control": "no-store",
    "x-amz-meta-a": "b",
    "acl": "private",
    "tagging": "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>",
}
conditions = [any_key, *[{name: value} for name, value in fields.items() if name != "key"]]
same(send(signed(conditions, fields=fields), small)[0], 204)
head = s3.head_object(Bucket=BUCKET, Key="up/typed")
same((head["ContentType"], head["CacheControl"], head["Metadata"]), ("image/png", "no-store", {"a": "b"}))
same(s3.get_object_tagging(Bucket=BUCKET, Key="up/typed")["TagSet"], [{"Key": "k", "Value": "v"}])

# What it is answered.
for wish, expected in [("200", 200), ("201", 201), ("204", 204), ("418", 204)]:
    fields = {"key": "up/wish", "success_action_status": wish}
    same(send(signed([any_key, {"success_action_status": wish}], fields=fields), small)[0], expected)
fields = {"key": "up/wish", "success_action_status": "201"}
body = send(signed([any_key, {"success_action_status": "201"}], fields=fields), small)[3]
same(body.split("<Location>")[1].split("</Location>")[0], f"{endpoint}/{BUCKET}/up/wish")
target = "https://app.example.com/done?a=1"
fields = {"key": "up/wish", "success_action_redirect": target}
status, _, headers, _ = send(signed([any_key, {"success_action_redirect": target}], fields=fields), small)
same((status, headers["location"].startswith(f"{target}&bucket={BUCKET.replace('-', '%2D')}&key=up%2Fwish&etag=")), (303, True))

# How it is refused.
sizes = lambda low, high: signed([any_key, ["content-length-range", low, high]], fields={"key": "up/size"})
same(send(sizes(15, 15), small)[0], 204)
same(send(sizes(16, 99), small)[:2], (400, "EntityTooSmall"))
same(send(sizes(0, 14), small)[:2], (400, "EntityTooLarge"))
same(send(signed([any_key], fields={"key": "other/a"}), small)[:2], (403, "AccessDenied"))
same(send(signed([any_key], fields={"key": "up/a", "x-amz-meta-a": "1"}), small)[:2], (403, "AccessDenied"))
same(send({**plain, "x-ignore-a": "1"}, small)[0], 204)
same(send({**plain, "x-amz-signature": "0" * 64}, small)[:2], (403, "SignatureDoesNotMatch"))
same(send({**plain, "x-amz-signature": plain["x-amz-signature"].upper()}, small)[:2], (403, "SignatureDoesNotMatch"))
same(send({"key": "up/a"}, small)[:2], (403, "AccessDenied"))
same(send(signed([any_key], expiration="2020-01-01T00:00:00Z", fields={"key": "up/a"}), small)[:2], (403, "AccessDenied"))
for bad in ["soon", "2090-13-01T00:00:00Z", "2090-01-01"]:
    same(send(signed([any_key], expiration=bad, fields={"key": "up/a"}), small)[:2], (400, "InvalidPolicyDocument"))
same(send(signed([any_key], day="20200101", fields={"key": "up/a"}), small)[:2], (403, "SignatureDoesNotMatch"))
no_key = dict(plain)
del no_key["key"]
same(send(no_key, small)[:2], (403, "AccessDenied"))
same(send(plain, small, bucket="form-none")[:2], (403, "AccessDenied"))
for name, value, told in [
    ("acl", "public-read", (400, "AccessControlListNotSupported")),
    ("x-amz-storage-class", "GLACIER", (501, "NotImplemented")),
    ("x-amz-server-side-encryption", "aws:kms", (501, "NotImplemented")),
]:
    same(send(signed([any_key, {name: value}], fields={"key": "up/a", name: value}), small)[:2], told)

large = os.urandom(80 * MIB)
same(send(signed([any_key], fields={"key": "up/large"}), write("form-large", large))[0], 204)
same(hashlib.md5(s3.get_object(Bucket=BUCKET, Key="up/large")["Body"].read()).digest(), hashlib.md5(large).digest())
finish("a form")
