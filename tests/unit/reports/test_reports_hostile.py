"""Templates in which anything stands anywhere: what is told of them may be little, but nothing breaks."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdakit.assembly.template import parse_template
from lambdakit.cli.difference_text import difference_lines
from lambdakit.reports.architecture import architecture_of
from lambdakit.reports.changes.compare import compare
from lambdakit.reports.changes.to_wire import to_wire
from lambdakit.reports.drawing.mermaid import mermaid
from lambdakit.reports.drawing.svg import svg
from lambdakit.reports.node_kinds import KINDS
from lambdakit.reports.stack_templates import StackTemplate

TYPES = (
    *KINDS,
    *("AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"),
    *("AWS::Lambda::EventInvokeConfig", "AWS::Events::Rule", "AWS::SNS::Subscription", "Custom::S3BucketNotifications"),
    *("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::ApiGateway::Method", "AWS::ApiGateway::Resource"),
    *("AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Route", "AWS::ApiGatewayV2::Integration"),
    *("AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::Pipes::Pipe"),
    *("AWS::EC2::SecurityGroup", "AWS::CloudFormation::Stack", "AWS::AppSync::Resolver", "AWS::AppSync::DataSource"),
)
NAMES = (
    *("FunctionName", "EventSourceArn", "Targets", "Arn", "DeadLetterConfig", "EventPattern", "ScheduleExpression"),
    *("TopicArn", "Endpoint", "Protocol", "Policies", "PolicyDocument", "Statement", "Action", "Resource", "Effect"),
    *("Roles", "Role", "Principal", "Condition", "RestApiId", "ApiId", "Integration", "Uri", "ResourceId", "ParentId"),
    *("Target", "IntegrationUri", "RouteKey", "Body", "paths", "Conditions", "NotificationConfiguration"),
    *("LambdaConfigurations", "Function", "RedrivePolicy", "deadLetterTargetArn", "DestinationConfig", "OnFailure"),
    *("SecurityGroupIngress", "IpProtocol", "AuthType", "KeySchema", "LambdaConfig", "Subscription", "TemplateURL"),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-3, 3),
        st.text(max_size=4),
        st.sampled_from(["Allow", "*", "dynamodb:*", "arn:aws:sqs:eu-west-1:123456789012:jobs", "${A.Arn}", "lambda"]),
        st.sampled_from([{"Ref": name} for name in "ABC"]),
        st.sampled_from([{"Fn::GetAtt": [name, "Arn"]} for name in "ABC"]),
        st.sampled_from(
            [{"Fn::GetAtt": 3}, {"Ref": []}, {"Fn::Sub": ["x"]}, {"Fn::Join": {}}, {"Fn::Sub": "${A}${!B}"}]
        ),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=8,
)
RESOURCES = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {"Type": st.sampled_from(TYPES), "Properties": st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)}
        )
        for name in "ABC"
    }
)


def stack(resources: Any) -> StackTemplate:
    return StackTemplate(name="shop", template=parse_template({"Resources": resources}, path="shop.template.json"))


@settings(max_examples=200)
@given(RESOURCES, RESOURCES)
def test_anything_is_compared_and_drawn(before: Any, after: Any) -> None:
    old, new = stack(before), stack(after)

    architecture = architecture_of([new])

    differences = compare([old], [new])
    to_wire(differences)
    assert list(difference_lines(differences))
    assert not compare([new], [new])
    assert mermaid(architecture) == mermaid(architecture_of([new]))
    ElementTree.fromstring(svg(architecture))
