"""boto3, unmodified: with_boto3.py ENDPOINT REGION KEY_ID SECRET FOLDER"""

import hashlib
import os
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from common import MIB, endpoint, finish, folder, key_id, region, same, secret


def refused(call, **arguments):
    """The (status, code) a call is refused with."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError(f"{call} was not refused")


def with_boto3():
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )
    s3.create_bucket(Bucket="boto", CreateBucketConfiguration={"LocationConstraint": region})
    same(s3.get_bucket_location(Bucket="boto")["LocationConstraint"], region)
    assert "boto" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

    body = os.urandom(300_000)
    put = s3.put_object(Bucket="boto", Key="dir/한 글+&.bin", Body=body, ContentType="image/png", Metadata={"a": "b"})
    same(put["ETag"], '"%s"' % hashlib.md5(body).hexdigest())
    got = s3.get_object(Bucket="boto", Key="dir/한 글+&.bin", ChecksumMode="ENABLED")
    same(got["Body"].read(), body)
    same((got["ContentType"], got["Metadata"]), ("image/png", {"a": "b"}))
    same(s3.get_object(Bucket="boto", Key="dir/한 글+&.bin", Range="bytes=5-9")["Body"].read(), body[5:10])
    same(refused(s3.get_object, Bucket="boto", Key="none"), (404, "NoSuchKey"))
    same(refused(s3.put_object, Bucket="boto", Key="dir/한 글+&.bin", IfNoneMatch="*"), (412, "PreconditionFailed"))

    large = os.urandom(23 * MIB)
    path = os.path.join(folder, "large")
    with open(path, "wb") as file:
        file.write(large)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        s3.upload_file(path, "boto", "large", Config=parts, ExtraArgs={"ChecksumAlgorithm": algorithm})
        back = os.path.join(folder, "back")
        s3.download_file("boto", "large", back, Config=parts)
        with open(back, "rb") as file:
            assert file.read() == large, algorithm
    attributes = s3.get_object_attributes(
        Bucket="boto", Key="large", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "ObjectSize"]
    )
    same((attributes["ObjectSize"], attributes["ObjectParts"]["TotalPartsCount"]), (23 * MIB, 5))

    keys = sorted(["a", "a/b", "a/c/d", "b c", "é", "\U0001f600", "z%2F"], key=lambda key: key.encode())
    for key in keys:
        s3.put_object(Bucket="boto", Key="list/" + key, Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto", Prefix="list/", PaginationConfig={"PageSize": 2})
    same([entry["Key"] for page in pages for entry in page.get("Contents", [])], ["list/" + key for key in keys])
    rolled = s3.list_objects_v2(Bucket="boto", Prefix="list/a", Delimiter="/")
    same([common["Prefix"] for common in rolled["CommonPrefixes"]], ["list/a/"])
    old = s3.list_objects(Bucket="boto", Prefix="list/", MaxKeys=3)
    same([entry["Key"] for entry in old["Contents"]], ["list/" + key for key in keys[:3]])

    upload = s3.create_multipart_upload(Bucket="boto", Key="m")["UploadId"]
    part = s3.upload_part(Bucket="boto", Key="m", UploadId=upload, PartNumber=1, Body=b"x" * 10)
    same([part["PartNumber"] for part in s3.list_parts(Bucket="boto", Key="m", UploadId=upload)["Parts"]], [1])
    same([entry["Key"] for entry in s3.list_multipart_uploads(Bucket="boto")["Uploads"]], ["m"])
    s3.complete_multipart_upload(
        Bucket="boto", Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    s3.copy_object(Bucket="boto", Key="copied", CopySource={"Bucket": "boto", "Key": "m"})
    same(s3.get_object(Bucket="boto", Key="copied")["Body"].read(), b"x" * 10)

    url = s3.generate_presigned_url("put_object", Params={"Bucket": "boto", "Key": "signed"}, ExpiresIn=60)
    with urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT")) as answer:
        same(answer.status, 200)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "signed"}, ExpiresIn=60)
    with urllib.request.urlopen(url) as answer:
        same(answer.read(), b"by url")
    form = s3.generate_presigned_post("boto", "form/${filename}", Conditions=[["content-length-range", 1, 100]])
    same(post(form, "f.txt", b"by form"), 204)
    same(s3.get_object(Bucket="boto", Key="form/f.txt")["Body"].read(), b"by form")

    for refusal, arguments in [
        ((501, "NotImplemented"), {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}),
        ((501, "NotImplemented"), {"ServerSideEncryption": "aws:kms"}),
        ((501, "NotImplemented"), {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2090-01-01"}),
        ((501, "NotImplemented"), {"StorageClass": "GLACIER"}),
        ((501, "NotImplemented"), {"WriteOffsetBytes": 10}),
        ((400, "AccessControlListNotSupported"), {"ACL": "public-read"}),
        ((400, "AccessControlListNotSupported"), {"GrantRead": "id=1"}),
        ((403, "AccessDenied"), {"ExpectedBucketOwner": "123456789012"}),
    ]:
        same(refused(s3.put_object, Bucket="boto", Key="m", Body=b"other", **arguments), refusal)
    same(s3.get_object(Bucket="boto", Key="m")["Body"].read(), b"x" * 10)
    s3.put_object(Bucket="boto", Key="owned", Body=b"", ACL="bucket-owner-full-control", StorageClass="STANDARD")
    same(s3.get_bucket_acl(Bucket="boto")["Grants"][0]["Permission"], "FULL_CONTROL")
    same(s3.get_object_acl(Bucket="boto", Key="m")["Owner"], s3.get_bucket_acl(Bucket="boto")["Owner"])
    block = {
        name: True for name in ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
    }
    same(s3.get_public_access_block(Bucket="boto")["PublicAccessBlockConfiguration"], block)
    s3.put_public_access_block(Bucket="boto", PublicAccessBlockConfiguration=block)
    same(s3.get_bucket_policy_status(Bucket="boto")["PolicyStatus"]["IsPublic"], False)
    head = s3.head_object(Bucket="boto", Key="large", PartNumber=2)
    same((head["ResponseMetadata"]["HTTPStatusCode"], head["ContentLength"]), (206, 5 * MIB))
    s3.put_object(Bucket="boto", Key="odd/\r\x07", Body=b"")
    same(s3.list_objects_v2(Bucket="boto", Prefix="odd/")["Contents"][0]["Key"], "odd/\r\x07")
    s3.copy_object(Bucket="boto", Key="odd/2", CopySource={"Bucket": "boto", "Key": "m"}, IfNoneMatch="*")
    same(
        refused(s3.copy_object, Bucket="boto", Key="odd/2", CopySource={"Bucket": "boto", "Key": "m"}, IfNoneMatch="*"),
        (412, "PreconditionFailed"),
    )

    s3.put_bucket_versioning(Bucket="boto", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="boto", Key="v", Body=b"1")["VersionId"]
    s3.delete_object(Bucket="boto", Key="v")
    same(s3.get_object(Bucket="boto", Key="v", VersionId=version)["Body"].read(), b"1")
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 9}}
    s3.put_bucket_lifecycle_configuration(Bucket="boto", LifecycleConfiguration={"Rules": [rule]})
    same(s3.get_bucket_lifecycle_configuration(Bucket="boto")["Rules"], [rule])
    s3.put_bucket_cors(Bucket="boto", CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
    same(s3.get_bucket_cors(Bucket="boto")["CORSRules"][0]["AllowedOrigins"], ["*"])
    s3.put_object_tagging(Bucket="boto", Key="m", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    same(s3.get_object_tagging(Bucket="boto", Key="m")["TagSet"], [{"Key": "k", "Value": "v"}])

    entries = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket="boto"):
        entries += page.get("Versions", []) + page.get("DeleteMarkers", [])
    doomed = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
    done = s3.delete_objects(Bucket="boto", Delete={"Objects": doomed})
    same((len(done["Deleted"]), done.get("Errors")), (len(doomed), None))
    s3.create_multipart_upload(Bucket="boto", Key="unfinished")
    s3.delete_bucket(Bucket="boto")
    same(refused(s3.get_object, Bucket="boto", Key="m"), (404, "NoSuchBucket"))


def post(form, name, content):
    edge = "form-edge"
    body = b""
    for field, value in form["fields"].items():
        body += f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
    body += f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body += content + f"\r\n--{edge}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    with urllib.request.urlopen(urllib.request.Request(form["url"], data=body, headers=kind)) as answer:
        return answer.status


with_boto3()
finish("boto3 " + boto3.__version__)
