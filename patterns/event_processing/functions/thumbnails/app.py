"""Thumbnails: a picture that comes into the one bucket goes, small, into the other.

The event is EventBridge's "Object Created". The other bucket's name comes in PROCESSED_BUCKET_NAME. What is no picture
raises, so that the event is tried again and then ends in the failure queue, where somebody can look at it.
"""

import os
import posixpath

import boto3
import png

PROCESSED_BUCKET_NAME = os.environ["PROCESSED_BUCKET_NAME"]
LONGEST_SIDE = 64
OBJECT_BYTES_MAX = 10 * 1024 * 1024

# Made once per execution environment, so that warm invocations reuse its connections.
s3 = boto3.client("s3")


def handler(event, context):
    bucket, source = event["detail"]["bucket"]["name"], event["detail"]["object"]
    if source["size"] > OBJECT_BYTES_MAX:
        raise png.NotAPicture(f"{source['key']} has {source['size']} bytes, {OBJECT_BYTES_MAX} are allowed")
    picture = s3.get_object(Bucket=bucket, Key=source["key"])["Body"].read()
    # The name follows from the picture's, so that an event that comes twice does its work once.
    name, _ = posixpath.splitext(posixpath.basename(source["key"]))
    key = f"thumbnails/{name}.png"
    s3.put_object(
        Bucket=PROCESSED_BUCKET_NAME,
        Key=key,
        Body=png.thumbnail(picture, LONGEST_SIDE),
        ContentType="image/png",
    )
    return {"bucket": PROCESSED_BUCKET_NAME, "key": key}
