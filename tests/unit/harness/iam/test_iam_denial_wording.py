"""Every service refuses in its own words, and its own client understands them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from lambdakit.harness.iam.authorization import Decision, Reason
from lambdakit.harness.iam.denial import access_denied, denial_message, denial_response
from lambdakit.harness.iam.principal import ANONYMOUS, Principal, aws_service
from lambdakit.harness.iam.protocols import Protocol, protocol_of
from lambdakit.harness.iam.sign_in import SignInProblem, refused
from lambdakit.harness.iam.unsigned_operations import UNSIGNED_OPERATIONS
from lambdakit.harness.service_request import read_service_request
from lambdakit.harness.wire import Headers, Request, Response

ROLE = Principal(
    kind="role",
    account_id="123456789012",
    arn="arn:aws:iam::123456789012:role/R",
    caller_arn="arn:aws:sts::123456789012:assumed-role/R/f",
)
USER = "User: arn:aws:sts::123456789012:assumed-role/R/f is not authorized to perform: "


def decision(action: str, resource: str = "*", reason: Reason = Reason.NO_IDENTITY_POLICY) -> Decision:
    return Decision(allowed=False, reason=reason, action=action, resource=resource)


def answered(service: str, ask: Callable[[Any], object], answer: Callable[[Request], Response]) -> dict[str, Any]:
    """What boto3 makes of the answer."""
    client: Any = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )

    def send(request: Any, **_: object) -> AWSResponse:
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        items = [(str(name), v.decode() if isinstance(v, bytes) else str(v)) for name, v in request.headers.items()]
        target = "/" + request.url.split("/", 3)[3]
        told = Request(
            method=request.method,
            target=target,
            headers=Headers(items),
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        response = answer(told)
        made = AWSResponse(request.url, response.status, dict(response.headers), None)
        made._content = response.body
        return made

    client.meta.events.register_first("before-send.*.*", send)
    with pytest.raises(ClientError) as error:
        ask(client)
    found: dict[str, Any] = dict(error.value.response)
    return found


# Service, call, action, resource, code, status, and the message where it is not the usual one.
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
DENIED, DENIED_EXCEPTION, NOT_PERMITTED = "AccessDenied", "AccessDeniedException", "OperationNotPermittedFault"
TRANSACTION = {"resourceArn": "a" * 11, "secretArn": "a" * 11, "transactionId": "t"}
SERVICES: list[tuple[str, Callable[[Any], object], str, str, str, int]] = [
    ("dynamodb", lambda c: c.put_item(TableName="t", Item={}), "dynamodb:PutItem", "arn:t", DENIED_EXCEPTION, 400),
    ("dynamodbstreams", lambda c: c.list_streams(), "dynamodb:ListStreams", "*", DENIED_EXCEPTION, 400),
    ("kinesis", lambda c: c.list_shards(StreamName="s"), "kinesis:ListShards", "arn:s", DENIED_EXCEPTION, 400),
    ("firehose", lambda c: c.list_delivery_streams(), "firehose:ListDeliveryStreams", "*", DENIED_EXCEPTION, 400),
    ("kms", lambda c: c.decrypt(CiphertextBlob=b"x"), "kms:Decrypt", "arn:k", DENIED_EXCEPTION, 400),
    ("ssm", lambda c: c.get_parameter(Name="/p"), "ssm:GetParameter", "arn:p", DENIED_EXCEPTION, 400),
    ("secretsmanager", lambda c: c.list_secrets(), "secretsmanager:ListSecrets", "*", DENIED_EXCEPTION, 400),
    ("stepfunctions", lambda c: c.list_activities(), "states:ListActivities", "*", DENIED_EXCEPTION, 400),
    ("events", lambda c: c.put_events(Entries=[{}]), "events:PutEvents", "arn:bus", DENIED_EXCEPTION, 400),
    ("logs", lambda c: c.describe_log_groups(), "logs:DescribeLogGroups", "*", DENIED_EXCEPTION, 400),
    ("cognito-idp", lambda c: c.list_user_pools(MaxResults=1), "cognito-idp:ListUserPools", "*", DENIED_EXCEPTION, 400),
    ("athena", lambda c: c.list_work_groups(), "athena:ListWorkGroups", "*", DENIED_EXCEPTION, 400),
    ("glue", lambda c: c.get_databases(), "glue:GetDatabases", "*", DENIED_EXCEPTION, 400),
    ("ecr", lambda c: c.describe_repositories(), "ecr:DescribeRepositories", "*", DENIED_EXCEPTION, 400),
    ("ecs", lambda c: c.list_clusters(), "ecs:ListClusters", "*", DENIED_EXCEPTION, 400),
    ("codebuild", lambda c: c.list_projects(), "codebuild:ListProjects", "*", DENIED_EXCEPTION, 400),
    ("comprehend", lambda c: c.list_endpoints(), "comprehend:ListEndpoints", "*", DENIED_EXCEPTION, 400),
    ("acm", lambda c: c.list_certificates(), "acm:ListCertificates", "*", DENIED_EXCEPTION, 400),
    ("swf", lambda c: c.list_domains(registrationStatus="REGISTERED"), "swf:ListDomains", "*", NOT_PERMITTED, 400),
    ("lambda", lambda c: c.list_functions(), "lambda:ListFunctions", "*", DENIED_EXCEPTION, 403),
    ("apigateway", lambda c: c.get_rest_apis(), "apigateway:GET", "arn:a", DENIED_EXCEPTION, 403),
    ("scheduler", lambda c: c.list_schedules(), "scheduler:ListSchedules", "*", DENIED_EXCEPTION, 403),
    ("sesv2", lambda c: c.list_email_identities(), "ses:ListEmailIdentities", "*", DENIED_EXCEPTION, 403),
    ("xray", lambda c: c.get_sampling_rules(), "xray:GetSamplingRules", "*", DENIED_EXCEPTION, 403),
    ("opensearch", lambda c: c.list_domain_names(), "es:ListDomainNames", "*", DENIED_EXCEPTION, 403),
    ("efs", lambda c: c.describe_file_systems(), "elasticfilesystem:DescribeFileSystems", "*", DENIED_EXCEPTION, 403),
    ("rds-data", lambda c: c.rollback_transaction(**TRANSACTION), "rds-data:Rollback", "arn:c", DENIED_EXCEPTION, 403),
    ("bedrock-runtime", lambda c: c.invoke_model(modelId="m"), "bedrock:InvokeModel", "arn:m", DENIED_EXCEPTION, 403),
    ("iot-data", lambda c: c.publish(topic="t"), "iot:Publish", "arn:t", DENIED_EXCEPTION, 403),
    ("iam", lambda c: c.list_roles(), "iam:ListRoles", "*", DENIED, 403),
    ("cloudformation", lambda c: c.list_stacks(), "cloudformation:ListStacks", "*", DENIED, 403),
    ("rds", lambda c: c.describe_db_clusters(), "rds:DescribeDBClusters", "*", DENIED, 403),
    ("elbv2", lambda c: c.describe_load_balancers(), "elasticloadbalancing:DescribeLoadBalancers", "*", DENIED, 403),
    ("ses", lambda c: c.list_identities(), "ses:ListIdentities", "*", DENIED, 403),
    ("cloudwatch", lambda c: c.list_metrics(), "cloudwatch:ListMetrics", "*", DENIED, 403),
    ("route53", lambda c: c.list_hosted_zones(), "route53:ListHostedZones", "*", DENIED, 403),
    ("cloudfront", lambda c: c.list_distributions(), "cloudfront:ListDistributions", "*", DENIED, 403),
    ("s3control", lambda c: c.list_jobs(AccountId="123456789012"), "s3:ListJobs", "*", DENIED, 403),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "ask", "action", "resource", "code", "status"), SERVICES, ids=[row[0] for row in SERVICES]
)
def test_a_client_reads_code_and_reason(
    service: str, ask: Callable[[Any], object], action: str, resource: str, code: str, status: int
) -> None:
    denied = decision(action, resource)

    found = answered(service, ask, lambda told: access_denied(told, read_service_request(told), ROLE, denied))

    named = f'"{resource}"' if service == "s3control" else resource
    assert found["Error"]["Code"] == code
    assert found["ResponseMetadata"]["HTTPStatusCode"] == status
    expected = f"{USER}{action} on resource: {named} because no identity-based policy allows the {action} action"
    assert found["Error"].get("Message") == expected


@pytest.mark.parametrize(
    ("service", "ask", "denied", "code", "message"),
    [
        pytest.param(
            "sns",
            lambda c: c.publish(TopicArn=TOPIC, Message="m"),
            decision("sns:Publish", TOPIC),
            "AuthorizationError",
            f"{USER}SNS:Publish on resource: {TOPIC} because no identity-based policy allows the SNS:Publish action",
            id="sns",
        ),
        pytest.param(
            "sqs",
            lambda c: c.send_message(QueueUrl="http://127.0.0.1:1/1/q", MessageBody="m"),
            decision("sqs:SendMessage", QUEUE, Reason.NO_RESOURCE_POLICY),
            "AccessDenied",
            f"{USER}sqs:sendmessage on resource: {QUEUE} because no resource-based policy allows the sqs:sendmessage "
            "action",
            id="sqs",
        ),
        pytest.param(
            "s3",
            lambda c: c.get_object(Bucket="b", Key="k&<"),
            decision("s3:GetObject", "arn:aws:s3:::b/k&<", Reason.EXPLICIT_DENY_RESOURCE),
            "AccessDenied",
            f'{USER}s3:GetObject on resource: "arn:aws:s3:::b/k&<" with an explicit deny in a resource-based policy',
            id="s3",
        ),
        pytest.param(
            "sts",
            lambda c: c.assume_role(RoleArn="a" * 20, RoleSessionName="ss"),
            decision("sts:AssumeRole", "arn:r", Reason.NO_RESOURCE_POLICY),
            "AccessDenied",
            f"{USER}sts:AssumeRole on resource: arn:r",
            id="sts",
        ),
        pytest.param(
            "ec2",
            lambda c: c.describe_vpcs(),
            decision("ec2:DescribeVpcs"),
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {USER}ec2:DescribeVpcs because no identity-based "
            "policy allows the ec2:DescribeVpcs action",
            id="ec2",
        ),
        pytest.param(
            "ec2",
            lambda c: c.delete_vpc(VpcId="vpc-1"),
            decision("ec2:DeleteVpc", "arn:aws:ec2:::vpc/vpc-1", Reason.NO_BOUNDARY),
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {USER}ec2:DeleteVpc on resource: "
            "arn:aws:ec2:::vpc/vpc-1 because no permissions boundary allows the ec2:DeleteVpc action",
            id="ec2, a resource",
        ),
    ],
)
def test_some_services_have_words_of_their_own(
    service: str, ask: Callable[[Any], object], denied: Decision, code: str, message: str
) -> None:
    found = answered(service, ask, lambda told: access_denied(told, read_service_request(told), ROLE, denied))

    assert (found["Error"]["Code"], found["Error"]["Message"]) == (code, message)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_answer_to_head_has_no_body() -> None:
    request = Request(method="HEAD", target="/b/k", headers=Headers([]))
    named = read_service_request(request)

    response = access_denied(request, named, ANONYMOUS, decision("s3:GetObject", "arn:aws:s3:::b/k"))

    assert (response.status, response.body) == (403, b"")


def test_nobody_is_told_why_s3_refuses() -> None:
    request = Request(method="GET", target="/b/k", headers=Headers([]))

    response = access_denied(request, read_service_request(request), ANONYMOUS, decision("s3:GetObject"))

    assert b"<Code>AccessDenied</Code><Message>Access Denied</Message>" in response.body


def test_a_service_is_named_by_its_name() -> None:
    request = Request(method="GET", target="/2015-03-31/functions", headers=Headers([]))
    denied = decision("lambda:InvokeFunction", "arn:f", Reason.NO_RESOURCE_POLICY)

    message = denial_message(request, read_service_request(request), aws_service("sns.amazonaws.com"), denied)

    assert message.startswith("User: sns.amazonaws.com is not authorized to perform: lambda:InvokeFunction on ")


# Sources: as `lambdakit.harness.iam.sign_in` names them.
@pytest.mark.parametrize(
    ("service", "ask", "problem", "expected"),
    [
        ("dynamodb", lambda c: c.list_tables(), SignInProblem.UNKNOWN_KEY, ("UnrecognizedClientException", 400)),
        ("dynamodb", lambda c: c.list_tables(), SignInProblem.EXPIRED_TOKEN, ("ExpiredTokenException", 400)),
        ("dynamodb", lambda c: c.list_tables(), SignInProblem.WRONG_SIGNATURE, ("InvalidSignatureException", 400)),
        ("lambda", lambda c: c.list_functions(), SignInProblem.UNKNOWN_KEY, ("UnrecognizedClientException", 403)),
        ("lambda", lambda c: c.list_functions(), SignInProblem.EXPIRED_TOKEN, ("ExpiredTokenException", 403)),
        ("sts", lambda c: c.get_caller_identity(), SignInProblem.UNKNOWN_KEY, ("InvalidClientTokenId", 403)),
        ("sts", lambda c: c.get_caller_identity(), SignInProblem.EXPIRED_TOKEN, ("ExpiredToken", 403)),
        ("sts", lambda c: c.get_caller_identity(), SignInProblem.WRONG_SIGNATURE, ("SignatureDoesNotMatch", 403)),
        ("sqs", lambda c: c.list_queues(), SignInProblem.UNKNOWN_KEY, ("InvalidClientTokenId", 403)),
        ("sqs", lambda c: c.list_queues(), SignInProblem.EXPIRED_TOKEN, ("ExpiredToken", 403)),
        ("cloudwatch", lambda c: c.list_metrics(), SignInProblem.UNKNOWN_KEY, ("InvalidClientTokenId", 403)),
        ("ec2", lambda c: c.describe_vpcs(), SignInProblem.UNKNOWN_KEY, ("AuthFailure", 401)),
        ("ec2", lambda c: c.describe_vpcs(), SignInProblem.EXPIRED_TOKEN, ("RequestExpired", 400)),
        ("s3", lambda c: c.list_buckets(), SignInProblem.UNKNOWN_KEY, ("InvalidAccessKeyId", 403)),
        ("s3", lambda c: c.list_buckets(), SignInProblem.WRONG_TOKEN, ("InvalidToken", 400)),
        ("s3", lambda c: c.list_buckets(), SignInProblem.EXPIRED_TOKEN, ("ExpiredToken", 400)),
        ("s3", lambda c: c.list_buckets(), SignInProblem.WRONG_SIGNATURE, ("SignatureDoesNotMatch", 403)),
        ("s3", lambda c: c.list_buckets(), SignInProblem.WRONG_PAYLOAD, ("XAmzContentSHA256Mismatch", 400)),
        ("route53", lambda c: c.list_hosted_zones(), SignInProblem.UNKNOWN_KEY, ("InvalidClientTokenId", 403)),
    ],
    ids=lambda value: getattr(value, "name", value if isinstance(value, str) else ""),
)
def test_who_is_not_known_is_told_in_the_service_s_words(
    service: str, ask: Callable[[Any], object], problem: SignInProblem, expected: tuple[str, int]
) -> None:
    def answer(told: Request) -> Response:
        named = read_service_request(told)
        refusal = refused(problem, protocol_of(told, named.service))
        return denial_response(told, named, code=refusal.code, message=refusal.message, status=refusal.status)

    found = answered(service, ask, answer)

    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == expected
    assert found["Error"]["Message"]


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("problem", SignInProblem)
def test_every_protocol_words_every_problem(protocol: Protocol, problem: SignInProblem) -> None:
    refusal = refused(problem, protocol, "what it is about")

    assert refusal.code.isalnum()
    assert refusal.message
    assert 400 <= refusal.status < 500


def test_each_service_of_botocore_s_that_answers_in_xml_is_known_as_such() -> None:
    session = botocore.session.Session()
    loader: Any = session.get_component("data_loader")
    models = {name: loader.load_service_model(name, "service-2") for name in session.get_available_services()}
    request = Request(method="GET", target="/", headers=Headers([]))
    unsigned = {"ConfirmSubscription", "Unsubscribe"}

    for name, model in models.items():
        metadata = model["metadata"]
        expected = {"rest-xml": (Protocol.REST_XML, Protocol.S3), "ec2": (Protocol.EC2,)}.get(metadata["protocol"])
        service = metadata.get("signingName", metadata["endpointPrefix"])
        if expected is not None:
            assert protocol_of(request, service) in expected, name
        if metadata["protocol"] in ("json", "query"):
            unsigned |= {key for key, made in model["operations"].items() if made.get("authtype") == "none"}

    assert unsigned == UNSIGNED_OPERATIONS
