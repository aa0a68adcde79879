"""A load balancer with three listeners, many rules, and functions that answer as their path says."""

from __future__ import annotations

from typing import Any

from tests.fakes.load_balancers import balancer, dns_url, forward, lambda_group, listener, paths, rule
from tests.fakes.plain_assembly import Resources, function

SOURCE = """
import json, os, time, urllib.error, urllib.request

def handler(event, context):
    what = event["path"].rpartition("/")[2]
    if event.get("headers", {}).get("user-agent") == "ELB-HealthChecker/2.0":
        return {"statusCode": 200 if event["path"] == "/well" else 503}
    if what == "fail":
        raise LookupError("a secret")
    if what == "exit":
        os._exit(1)
    if what == "slow":
        time.sleep(30)
    if what in ("call", "call-name"):
        url = os.environ["URL"].replace("/self", "") if what == "call" else "http://" + os.environ["NAME"]
        try:
            with urllib.request.urlopen(url + "/teapot") as answer:
                return {"statusCode": 200, "body": "?"}
        except urllib.error.HTTPError as error:
            return {"statusCode": 200, "body": f"{error.code} {error.read().decode()}"}
    if what == "size":
        return {"statusCode": 200, "body": str(len(event["body"]))}
    if what == "large":
        return {"statusCode": 200, "body": "x" * 1_048_577}
    if what == "result":
        return json.loads(event["body"])
    return {"statusCode": 200, "statusDescription": "200 OK", "isBase64Encoded": False,
            "headers": {"Content-Type": "application/json", "Set-cookie": "a=1"},
            "body": json.dumps({"event": event, "url": os.environ.get("URL")})}
"""

MANY = """
import json

def handler(event, context):
    headers = {"Content-Type": ["application/json"], "Set-cookie": ["a=1", "b=2"]}
    return {"statusCode": 200, "multiValueHeaders": headers, "body": json.dumps(event)}
"""

NAMED = "def handler(event, context): return {'statusCode': 200, 'body': %r}"


def balanced_shop() -> Resources:
    """The resources; the balancer is `Shop`, its listeners are `Web`, `Admin` and `Tls`."""
    variables = {"URL": dns_url("http", "/self"), "NAME": {"Fn::GetAtt": ["Shop", "DNSName"]}}
    multiple = {"TargetGroupAttributes": [{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}]}
    checked = {
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 35,
        "HealthCheckTimeoutSeconds": 30,
        "HealthCheckPath": "/ill",
        "UnhealthyThresholdCount": 2,
    }
    weighted: dict[str, Any] = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": {"Ref": "BlueGroup"}, "Weight": 3},
                {"TargetGroupArn": {"Ref": "GreenGroup"}, "Weight": 1},
            ]
        },
    }
    sticky = {
        "Type": "forward",
        "ForwardConfig": {
            **weighted["ForwardConfig"],
            "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60},
        },
    }
    to_tls = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "StatusCode": "HTTP_301"}
    cognito = {
        "Type": "authenticate-cognito",
        "Order": 1,
        "AuthenticateCognitoConfig": {
            "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc",
            "UserPoolClientId": "client",
            "UserPoolDomain": "shop",
        },
    }
    machines = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "TargetType": "ip",
            "Protocol": "HTTP",
            "Port": 8080,
            "VpcId": {"Ref": "ShopVpc"},
            "Targets": [{"Id": "10.0.0.9", "Port": 8080}],
        },
    }
    fixed = {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "418", "ContentType": "text/html", "MessageBody": "<p>no</p>"},
    }
    return (
        balancer()
        | function("Echo", SOURCE, Timeout=3, Environment={"Variables": variables})
        | function("Many", MANY)
        | function("Blue", NAMED % "blue")
        | function("Green", NAMED % "green")
        | function("Alone", NAMED % "alone")
        | lambda_group("EchoGroup", "Echo")
        | lambda_group("CheckedGroup", "Echo", **checked)
        | lambda_group("ManyGroup", "Many", **multiple)
        | lambda_group("BlueGroup", "Blue")
        | lambda_group("GreenGroup", "Green")
        | {"Machines": machines}
        | {"AloneGroup": {**lambda_group("AloneGroup", "Alone")["AloneGroup"], "DependsOn": []}}
        | {"Nobody": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"TargetType": "lambda"}}}
        | listener("Web", 80, forward("EchoGroup"))
        | listener("Admin", 8080, {"Type": "redirect", "RedirectConfig": to_tls})
        | listener(
            "Tls",
            443,
            forward("EchoGroup"),
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": {"Ref": "Certificate"}}],
            ListenerAttributes=[
                {"Key": "routing.http.response.strict_transport_security.header_value", "Value": "max-age=1"}
            ],
        )
        | {
            "Certificate": {
                "Type": "AWS::CertificateManager::Certificate",
                "Properties": {"DomainName": "shop.example.com"},
            }
        }
        | rule("Teapot", 1, fixed, paths("/teapot"))
        | rule("Late", 20, {**fixed, "FixedResponseConfig": {"StatusCode": "500"}}, paths("/tea*"))
        | rule("ToMany", 2, forward("ManyGroup"), paths("/many/*"))
        | rule("ToWeighted", 3, weighted, paths("/weighted"))
        | rule("ToSticky", 4, sticky, paths("/sticky"))
        | rule("ToMachines", 5, forward("Machines"), paths("/machines*"))
        | rule("ToAlone", 6, forward("AloneGroup"), paths("/alone"))
        | rule("ToNobody", 7, forward("Nobody"), paths("/nobody"))
        | rule("ToChecked", 8, forward("CheckedGroup"), paths("/checked"))
        | rule("ByHost", 9, fixed, {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}})
        | {
            "SignIn": {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "Actions": [cognito, {**forward("EchoGroup"), "Order": 2}],
                    "Conditions": [paths("/private")],
                    "ListenerArn": {"Ref": "Tls"},
                    "Priority": 1,
                },
            }
        }
    )
