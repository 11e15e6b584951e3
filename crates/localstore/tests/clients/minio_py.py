"""minio-py, unmodified: minio_py.py ENDPOINT REGION KEY_ID SECRET FOLDER"""

import datetime
import io
import os
import urllib.request

from common import MIB, endpoint, finish, folder, holds, key_id, read, region, same, secret, write
from minio import Minio
from minio.commonconfig import ENABLED, REPLACE, ComposeSource, CopySource, Filter, Tags
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.sseconfig import Rule as EncryptionRule
from minio.sseconfig import SSEConfig
from minio.versioningconfig import VersioningConfig

client = Minio(endpoint.removeprefix("http://"), key_id, secret, region=region, secure=False)


def refused(call, *arguments, **named):
    try:
        done = call(*arguments, **named)
        if hasattr(done, "__next__"):
            list(done)
    except S3Error as error:
        holds(error.request_id and error.host_id and error.message, error)
        return error.code
    raise AssertionError(f"{call} was not refused")


bucket = "minio-py"
client.make_bucket(bucket)
same(client.bucket_exists(bucket), True)
same(client.bucket_exists("minio-none"), False)
holds(bucket in [found.name for found in client.list_buckets()])

body = os.urandom(300_000)
put = client.put_object(bucket, "dir/한 글+&.bin", io.BytesIO(body), len(body), "image/png", metadata={"a": "b"})
stat = client.stat_object(bucket, "dir/한 글+&.bin")
same((stat.size, stat.content_type, stat.etag), (len(body), "image/png", put.etag))
same(stat.metadata["x-amz-meta-a"], "b")
answer = client.get_object(bucket, "dir/한 글+&.bin")
same(answer.read(), body)
answer = client.get_object(bucket, "dir/한 글+&.bin", offset=5, length=5)
same(answer.read(), body[5:10])
same(refused(client.get_object, bucket, "none"), "NoSuchKey")
same(refused(client.list_objects, "minio-none"), "NoSuchBucket")

large = os.urandom(17 * MIB)
client.fput_object(bucket, "large", write("minio-large", large), part_size=5 * MIB)
client.fget_object(bucket, "large", os.path.join(folder, "minio-back"))
same(read(os.path.join(folder, "minio-back")), large)
holds(client.stat_object(bucket, "large").etag.endswith("-4"))
client.put_object(bucket, "unknown", io.BytesIO(large), -1, part_size=10 * MIB)
same(client.get_object(bucket, "unknown").read(), large)

client.copy_object(bucket, "copied", CopySource(bucket, "dir/한 글+&.bin"))
same(client.stat_object(bucket, "copied").metadata["x-amz-meta-a"], "b")
client.copy_object(
    bucket, "changed", CopySource(bucket, "copied"), metadata={"c": "d"}, metadata_directive=REPLACE
)
same(client.stat_object(bucket, "changed").metadata["x-amz-meta-c"], "d")
client.compose_object(bucket, "composed", [ComposeSource(bucket, "large"), ComposeSource(bucket, "copied")])
same(client.get_object(bucket, "composed").read(), large + body)

same(
    [found.object_name for found in client.list_objects(bucket, recursive=True)],
    sorted(["changed", "composed", "copied", "dir/한 글+&.bin", "large", "unknown"], key=str.encode),
)
same([found.object_name for found in client.list_objects(bucket, prefix="d")], ["dir/"])
same(
    [found.object_name for found in client.list_objects(bucket, recursive=True, use_api_v1=True)][:2],
    ["changed", "composed"],
)

tags = Tags(for_object=True)
tags["k"] = "v w"
client.set_object_tags(bucket, "copied", tags)
same(dict(client.get_object_tags(bucket, "copied")), {"k": "v w"})
client.delete_object_tags(bucket, "copied")
same(client.get_object_tags(bucket, "copied"), None)

url = client.presigned_get_object(bucket, "copied", datetime.timedelta(minutes=1))
with urllib.request.urlopen(url) as got:
    same(got.read(), body)
url = client.presigned_put_object(bucket, "signed", datetime.timedelta(minutes=1))
with urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT")) as got:
    same(got.status, 200)
policy = PostPolicy(bucket, datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1))
policy.add_equals_condition("key", "form")
policy.add_content_length_range_condition(1, 100)
fields = client.presigned_post_policy(policy)
same(sorted(fields), ["policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"])

same(client.get_bucket_versioning(bucket).status, None)
client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
same(client.get_bucket_versioning(bucket).status, "Enabled")
first = client.put_object(bucket, "v", io.BytesIO(b"1"), 1).version_id
client.remove_object(bucket, "v")
same(client.get_object(bucket, "v", version_id=first).read(), b"1")

rule = Rule(
    ENABLED,
    rule_filter=Filter(prefix=""),
    rule_id="a",
    abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(days_after_initiation=9),
)
client.set_bucket_lifecycle(bucket, LifecycleConfig([rule]))
same(client.get_bucket_lifecycle(bucket).rules[0].rule_id, "a")
client.delete_bucket_lifecycle(bucket)
same(client.get_bucket_lifecycle(bucket), None)
same(refused(client.get_bucket_policy, bucket), "NoSuchBucketPolicy")
same(client.get_bucket_encryption(bucket), None)
same(client.get_bucket_tags(bucket), None)
same(refused(client.set_bucket_encryption, bucket, SSEConfig(EncryptionRule.new_sse_s3_rule())), "NotImplemented")

doomed = [
    DeleteObject(found.object_name, found.version_id)
    for found in client.list_objects(bucket, recursive=True, include_version=True)
]
same(list(client.remove_objects(bucket, doomed)), [])
same(list(client.list_objects(bucket, recursive=True, include_version=True)), [])
client.remove_bucket(bucket)
same(client.bucket_exists(bucket), False)
finish("minio-py")
