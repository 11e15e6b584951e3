"""The AWS CLI, unmodified: aws_cli.py ENDPOINT REGION KEY_ID SECRET FOLDER AWS"""

import json
import os
import sys
import urllib.request

from common import MIB, endpoint, finish, folder, holds, key_id, read, region, run, same, secret, write

program = sys.argv[6]
environment = dict(
    os.environ,
    AWS_ACCESS_KEY_ID=key_id,
    AWS_SECRET_ACCESS_KEY=secret,
    AWS_DEFAULT_REGION=region,
    AWS_ENDPOINT_URL=endpoint,
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    AWS_PAGER="",
)


def aws(*arguments, fails=False):
    return run(program, *arguments, environment=environment, fails=fails)


def api(operation, *arguments):
    text = aws("s3api", operation, "--bucket", "cli", *arguments)
    return json.loads(text) if text.strip() else None


def refused(operation, *arguments):
    """The code that an operation is refused with."""
    text = aws("s3api", operation, "--bucket", "cli", *arguments, fails=True)
    return text.split("(")[1].split(")")[0]


aws("s3", "mb", "s3://cli")
holds(" cli\n" in aws("s3", "ls"))
large = os.urandom(23 * MIB)
path = write("cli/large", large)
aws("s3", "cp", path, "s3://cli/dir/large")
back = os.path.join(folder, "cli-back")
aws("s3", "cp", "s3://cli/dir/large", back)
same(read(back), large)
for name in ["one", "sub/two"]:
    write(f"cli/tree/{name}", name.encode())
tree = os.path.join(folder, "cli/tree")
aws("s3", "sync", tree, "s3://cli/tree")
same(aws("s3", "sync", tree, "s3://cli/tree"), "")
listed = aws("s3", "ls", "--recursive", "s3://cli/")
same([line.split()[-1] for line in listed.splitlines()], ["dir/large", "tree/one", "tree/sub/two"])
head = api("head-object", "--key", "dir/large", "--checksum-mode", "ENABLED")
same(head["ContentLength"], 23 * MIB)
holds(any(name.startswith("Checksum") for name in head), head)
same(api("head-object", "--key", "dir/large", "--range", "bytes=1-5")["ContentLength"], 5)
same(api("head-object", "--key", "dir/large", "--part-number", "1")["PartsCount"], 3)
same(api("get-object-attributes", "--key", "dir/large", "--object-attributes", "ETag")["ETag"], head["ETag"].strip('"'))
aws("s3", "mv", "s3://cli/tree/one", "s3://cli/tree/moved")
url = aws("s3", "presign", "s3://cli/tree/moved").strip()
with urllib.request.urlopen(url) as answer:
    same(answer.read(), b"one")
same(aws("s3", "cp", "s3://cli/tree/moved", "-"), "one")
small = write("cli/small", b"small")
put = api("put-object", "--key", "kept", "--body", small, "--expires", "2030-01-02T03:04:05Z", "--tagging", "a=1&b=2")
same(api("get-object", "--key", "kept", back)["TagCount"], 2)
same(refused("put-object", "--key", "kept", "--body", small, "--if-none-match", "*"), "PreconditionFailed")
same(refused("put-object", "--key", "kept", "--body", small, "--acl", "public-read"), "AccessControlListNotSupported")
same(refused("put-object", "--key", "kept", "--body", small, "--storage-class", "GLACIER"), "NotImplemented")
same(refused("put-object", "--key", "kept", "--body", small, "--server-side-encryption", "aws:kms"), "NotImplemented")
same(refused("put-object", "--key", "kept", "--body", small, "--write-offset-bytes", "5"), "NotImplemented")
same(refused("put-object", "--key", "kept", "--body", small, "--object-lock-legal-hold-status", "ON"), "NotImplemented")
same(refused("put-object", "--key", "kept", "--body", small, "--expected-bucket-owner", "123456789012"), "AccessDenied")
same(refused("get-object", "--key", "none", back), "NoSuchKey")
same(refused("get-object", "--key", "kept", "--if-match", "other", back), "PreconditionFailed")
same(api("get-bucket-acl")["Grants"][0]["Permission"], "FULL_CONTROL")
same(api("get-object-acl", "--key", "kept")["Grants"][0]["Permission"], "FULL_CONTROL")
same(api("get-public-access-block")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"], True)
same(api("get-bucket-ownership-controls")["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced")
same(api("get-bucket-policy-status")["PolicyStatus"]["IsPublic"], False)
same(api("get-bucket-location")["LocationConstraint"], region)
same(refused("get-bucket-encryption"), "ServerSideEncryptionConfigurationNotFoundError")
same(refused("get-bucket-policy"), "NoSuchBucketPolicy")
same(refused("get-bucket-tagging"), "NoSuchTagSet")
same(refused("get-object-lock-configuration"), "ObjectLockConfigurationNotFoundError")
same(refused("put-bucket-encryption", "--server-side-encryption-configuration", "Rules=[]"), "NotImplemented")
upload = api("create-multipart-upload", "--key", "open")["UploadId"]
same([found["UploadId"] for found in api("list-multipart-uploads")["Uploads"]], [upload])
copied = api("copy-object", "--key", "copied", "--copy-source", "cli/kept", "--tagging-directive", "COPY")
same(copied["CopyObjectResult"]["ETag"], put["ETag"])
same(len(api("get-object-tagging", "--key", "copied")["TagSet"]), 2)
aws("s3", "rm", "--recursive", "s3://cli/")
# The unfinished upload does not keep the bucket.
aws("s3", "rb", "s3://cli")
same(" cli\n" in aws("s3", "ls"), False)
finish("the AWS CLI")
