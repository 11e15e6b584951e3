"""rclone, unmodified: rclone.py ENDPOINT REGION KEY_ID SECRET FOLDER"""

import hashlib
import json
import os
import urllib.request

from common import MIB, endpoint, finish, folder, holds, key_id, read, region, run, same, says, secret, write

environment = dict(
    os.environ,
    RCLONE_CONFIG=os.path.join(folder, "rclone.conf"),
    RCLONE_CONFIG_S_TYPE="s3",
    RCLONE_CONFIG_S_PROVIDER="Other",
    RCLONE_CONFIG_S_ENDPOINT=endpoint,
    RCLONE_CONFIG_S_REGION=region,
    RCLONE_CONFIG_S_LOCATION_CONSTRAINT=region,
    RCLONE_CONFIG_S_ACCESS_KEY_ID=key_id,
    RCLONE_CONFIG_S_SECRET_ACCESS_KEY=secret,
    RCLONE_RETRIES="1",
    RCLONE_LOW_LEVEL_RETRIES="1",
)


def rclone(*arguments, fails=False, **settings):
    own = {f"RCLONE_{name.upper()}": value for name, value in settings.items()}
    return run("rclone", *arguments, environment={**environment, **own}, fails=fails)


def keys(place):
    return sorted(rclone("lsf", "-R", "--files-only", place).splitlines())


rclone("mkdir", "s:rclone-bucket")
holds("rclone-bucket" in rclone("lsd", "s:"))
for name in ["one", "sub/two", "sub/한 글+&"]:
    write(f"rc/tree/{name}", name.encode())
tree = os.path.join(folder, "rc/tree")
rclone("copy", tree, "s:rclone-bucket/tree")
same(keys("s:rclone-bucket/tree"), ["one", "sub/two", "sub/한 글+&"])
same(rclone("cat", "s:rclone-bucket/tree/sub/한 글+&"), "sub/한 글+&")
rclone("check", tree, "s:rclone-bucket/tree")
listed = {entry["Path"]: entry for entry in json.loads(rclone("lsjson", "-R", "--hash", "s:rclone-bucket/tree"))}
same(listed["one"]["Hashes"]["md5"], hashlib.md5(b"one").hexdigest())
same(listed["one"]["Size"], 3)
same(listed["sub"]["IsDir"], True)
local = json.loads(rclone("lsjson", tree + "/one"))[0]["ModTime"]
same(listed["one"]["ModTime"][:19], local[:19])

large = os.urandom(23 * MIB)
path = write("rc/large", large)
rclone("copyto", path, "s:rclone-bucket/large", s3_upload_cutoff="5M", s3_chunk_size="5M")
back = os.path.join(folder, "rc-back")
rclone("copyto", "s:rclone-bucket/large", back)
same(read(back), large)
same(rclone("cat", "--offset", "5", "--count", "5", "s:rclone-bucket/tree/sub/two"), "wo")
same(rclone("md5sum", "s:rclone-bucket/large").split()[0], hashlib.md5(large).hexdigest())
rclone("copyto", "s:rclone-bucket/large", "s:rclone-bucket/copied")
same(json.loads(rclone("size", "--json", "s:rclone-bucket/copied"))["bytes"], 23 * MIB)
rclone("copyto", "s:rclone-bucket/large", "s:rclone-bucket/parts", s3_copy_cutoff="5M")
same(rclone("md5sum", "--download", "s:rclone-bucket/parts").split()[0], hashlib.md5(large).hexdigest())
rclone("moveto", "s:rclone-bucket/copied", "s:rclone-bucket/moved")
same([key for key in keys("s:rclone-bucket") if "/" not in key], ["large", "moved", "parts"])
same(json.loads(rclone("size", "--json", "s:rclone-bucket/tree"))["count"], 3)
rclone("touch", "s:rclone-bucket/tree/one", "-t", "2020-01-02T03:04:05")
same(json.loads(rclone("lsjson", "s:rclone-bucket/tree/one"))[0]["ModTime"][:19], "2020-01-02T03:04:05")
run("sh", "-c", "printf piped | rclone rcat s:rclone-bucket/piped", environment=environment)
same(rclone("cat", "s:rclone-bucket/piped"), "piped")
url = rclone("link", "--expire", "1m", "s:rclone-bucket/piped").strip()
with urllib.request.urlopen(url) as answer:
    same(answer.read(), b"piped")
os.remove(os.path.join(tree, "sub/two"))
rclone("sync", tree, "s:rclone-bucket/tree")
same(keys("s:rclone-bucket/tree"), ["one", "sub/한 글+&"])
down = os.path.join(folder, "rc-down")
rclone("sync", "s:rclone-bucket/tree", down)
same(read(os.path.join(down, "sub/한 글+&")).decode(), "sub/한 글+&")
same(rclone("lsf", "--dirs-only", "s:rclone-bucket").split(), ["tree/"])
says("NotImplemented", rclone("copyto", path, "s:rclone-bucket/x", fails=True, s3_storage_class="GLACIER"))
says(
    "NotImplemented",
    rclone("copyto", path, "s:rclone-bucket/x", fails=True, s3_server_side_encryption="aws:kms"),
)
says(
    "AccessControlListNotSupported",
    rclone("copyto", path, "s:rclone-bucket/x", fails=True, s3_acl="public-read", s3_no_check_bucket="true"),
)
rclone("copyto", os.path.join(tree, "one"), "s:rclone-bucket/x", s3_acl="private", s3_storage_class="STANDARD")
same(rclone("cat", "s:rclone-bucket/x"), "one")
says("not found", rclone("copyto", "s:rclone-bucket/none", back, fails=True))
says("directory not found", rclone("ls", "s:rclone-none", fails=True))
same(json.loads(rclone("backend", "list-multipart-uploads", "s:rclone-bucket")), {"rclone-bucket": []})
rclone("backend", "versioning", "s:rclone-bucket", "Enabled")
same(rclone("backend", "versioning", "s:rclone-bucket").strip(), "Enabled")
rclone("deletefile", "s:rclone-bucket/x")
same([key for key in keys("s:rclone-bucket") if key == "x"], [])
same(len([key for key in rclone("lsf", "--s3-versions", "s:rclone-bucket").splitlines() if key.startswith("x")]), 1)
rclone("purge", "s:rclone-bucket/tree")
same([key for key in keys("s:rclone-bucket") if key.startswith("tree")], [])
rclone("delete", "s:rclone-bucket")
rclone("backend", "cleanup-hidden", "s:rclone-bucket")
same(rclone("lsf", "-R", "--s3-versions", "s:rclone-bucket"), "")
rclone("rmdir", "s:rclone-bucket")
same("rclone-bucket" in rclone("lsd", "s:"), False)
finish("rclone")
