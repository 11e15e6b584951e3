"""s5cmd, unmodified: s5cmd.py ENDPOINT REGION KEY_ID SECRET FOLDER S5CMD"""

import json
import os
import sys
import urllib.request

from common import MIB, endpoint, finish, folder, holds, key_id, read, region, run, same, says, secret, write

program = sys.argv[6]
environment = dict(
    os.environ,
    AWS_ACCESS_KEY_ID=key_id,
    AWS_SECRET_ACCESS_KEY=secret,
    AWS_REGION=region,
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
)


def s5(*arguments, fails=False):
    return run(program, "--endpoint-url", endpoint, *arguments, environment=environment, fails=fails)


def keys(place):
    return [json.loads(line)["key"] for line in s5("--json", "ls", place).splitlines()]


bucket = "s3://s5cmd"
s5("mb", bucket)
holds(any("s5cmd" in line for line in s5("ls").splitlines()))
says("BucketAlreadyOwnedByYou", s5("mb", bucket, fails=True))
small = write("s5/one", b"one")
s5("cp", small, f"{bucket}/dir/one")
same(s5("cat", f"{bucket}/dir/one"), "one")
large = os.urandom(23 * MIB)
s5("cp", "--part-size", "5", "--concurrency", "4", write("s5/large", large), f"{bucket}/large")
back = os.path.join(folder, "s5-back")
s5("cp", "--part-size", "5", f"{bucket}/large", back)
same(read(back), large)
head = json.loads(s5("--json", "head", f"{bucket}/large"))
same((head["size"], head["etag"][-2:]), (23 * MIB, "-5"))
s5("cp", "--content-type", "image/png", "--metadata", "a=b", small, f"{bucket}/typed")
head = json.loads(s5("--json", "head", f"{bucket}/typed"))
same((head["content_type"], head["metadata"]), ("image/png", {"a": "b"}))
same(sorted(key.removeprefix("s3://s5cmd/") for key in keys(f"{bucket}/*")), ["dir/one", "large", "typed"])
same(sorted(keys(f"{bucket}/")), ["s3://s5cmd/dir/", "s3://s5cmd/large", "s3://s5cmd/typed"])
same(keys(f"{bucket}/d*"), ["s3://s5cmd/dir/one"])
says("no object found", s5("ls", f"{bucket}/none*", fails=True))
s5("cp", f"{bucket}/dir/one", f"{bucket}/copied")
same(s5("cat", f"{bucket}/copied"), "one")
s5("mv", f"{bucket}/copied", f"{bucket}/moved")
same(s5("cat", f"{bucket}/moved"), "one")
says("not found", s5("head", f"{bucket}/copied", fails=True))
for name in ["a", "b/c", "b/한 글+&"]:
    write(f"s5/tree/{name}", name.encode())
tree = os.path.join(folder, "s5/tree")
s5("sync", f"{tree}/", f"{bucket}/tree/")
same(sorted(key.removeprefix("s3://s5cmd/tree/") for key in keys(f"{bucket}/tree/*")), ["a", "b/c", "b/한 글+&"])
same(s5("sync", f"{tree}/", f"{bucket}/tree/"), "")
os.remove(os.path.join(tree, "a"))
s5("sync", "--delete", f"{tree}/", f"{bucket}/tree/")
same(sorted(key.removeprefix("s3://s5cmd/tree/") for key in keys(f"{bucket}/tree/*")), ["b/c", "b/한 글+&"])
down = os.path.join(folder, "s5-down")
s5("cp", f"{bucket}/tree/*", f"{down}/")
same(read(os.path.join(down, "b/한 글+&")).decode(), "b/한 글+&")
same(json.loads(s5("--json", "du", f"{bucket}/dir/*"))["size"], 3)
url = s5("presign", "--expire", "60s", f"{bucket}/moved").strip()
with urllib.request.urlopen(url) as answer:
    same(answer.read(), b"one")
run("sh", "-c", f"printf piped | {program} --endpoint-url {endpoint} pipe {bucket}/piped", environment=environment)
same(s5("cat", f"{bucket}/piped"), "piped")
says("NotImplemented", s5("cp", "--sse", "aws:kms", small, f"{bucket}/kms", fails=True))
says("AccessControlListNotSupported", s5("cp", "--acl", "public-read", small, f"{bucket}/acl", fails=True))
s5("cp", "--acl", "bucket-owner-full-control", small, f"{bucket}/acl")
same(s5("cat", f"{bucket}/acl"), "one")
says("NotImplemented", s5("cp", "--storage-class", "GLACIER", small, f"{bucket}/cold", fails=True))
s5("cp", "--storage-class", "STANDARD", small, f"{bucket}/warm")
same(s5("cat", f"{bucket}/warm"), "one")
s5("bucket-version", "--set", "Enabled", bucket)
says("Enabled", s5("bucket-version", bucket))
s5("cp", write("s5/two", b"two"), f"{bucket}/warm")
same(len(s5("ls", "--all-versions", f"{bucket}/warm").splitlines()), 2)
s5("rm", f"{bucket}/warm")
says("not found", s5("head", f"{bucket}/warm", fails=True))
s5("rm", "--all-versions", f"{bucket}/*")
says("no object found", s5("ls", "--all-versions", f"{bucket}/*", fails=True))
s5("rb", bucket)
same(any("s5cmd" in line for line in s5("ls").splitlines()), False)
finish("s5cmd")
