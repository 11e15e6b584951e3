"""boto3 and the AWS CLI, unmodified, against the store: check.py ENDPOINT REGION KEY_ID SECRET FOLDER AWS"""

import hashlib
import json
import os
import subprocess
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region, key_id, secret, folder, aws = sys.argv[1:7]
MIB = 1024 * 1024


def refused(call, **arguments):
    """The (status, code) a call is refused with."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    raise AssertionError(f"{call} was not refused")


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


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
    s3.delete_bucket(Bucket="boto")


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


def with_the_cli():
    environment = dict(
        os.environ,
        AWS_ACCESS_KEY_ID=key_id,
        AWS_SECRET_ACCESS_KEY=secret,
        AWS_DEFAULT_REGION=region,
        AWS_ENDPOINT_URL=endpoint,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )

    def run(*arguments):
        done = subprocess.run([aws, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"aws {arguments}: {done.stderr}"
        return done.stdout

    run("s3", "mb", "s3://cli")
    path = os.path.join(folder, "large")
    run("s3", "cp", path, "s3://cli/dir/large")
    back = os.path.join(folder, "cli-back")
    run("s3", "cp", "s3://cli/dir/large", back)
    with open(path, "rb") as sent, open(back, "rb") as received:
        assert sent.read() == received.read()
    tree = os.path.join(folder, "tree")
    os.makedirs(os.path.join(tree, "sub"))
    for name in ["one", "sub/two"]:
        with open(os.path.join(tree, name), "w") as file:
            file.write(name)
    run("s3", "sync", tree, "s3://cli/tree")
    same(run("s3", "sync", tree, "s3://cli/tree"), "")
    listed = run("s3", "ls", "--recursive", "s3://cli/")
    same([line.split()[-1] for line in listed.splitlines()], ["dir/large", "tree/one", "tree/sub/two"])
    head = json.loads(run("s3api", "head-object", "--bucket", "cli", "--key", "dir/large", "--checksum-mode", "ENABLED"))
    same(head["ContentLength"], 23 * MIB)
    assert any(name.startswith("Checksum") for name in head), head
    run("s3", "mv", "s3://cli/tree/one", "s3://cli/tree/moved")
    url = run("s3", "presign", "s3://cli/tree/moved").strip()
    with urllib.request.urlopen(url) as answer:
        same(answer.read(), b"one")
    run("s3", "rb", "--force", "s3://cli")


with_boto3()
with_the_cli()
print("boto3", boto3.__version__, "and the AWS CLI work")
