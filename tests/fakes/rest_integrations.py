"""A REST API with every kind of integration that stands behind templates, as resources of a template."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.plain_assembly import Resources, function, role, table
from tests.fakes.rest_assembly import invocable, rest_api

FUNCTION = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError(event["fail"])
    return event
"""
_MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"done": True}, "End": True}}})
_FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
_JSON = "application/json"

# As `default_cors_preflight_options` of the CDK 2.275 synthesizes it: of any origin, and of two of them.
_CORS_HEADERS = {
    "method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,"
    "X-Amz-Security-Token,X-Amz-User-Agent'",
    "method.response.header.Access-Control-Allow-Methods": "'OPTIONS,GET,PUT,POST,DELETE,PATCH,HEAD'",
}
_ANY_ORIGIN = {**_CORS_HEADERS, "method.response.header.Access-Control-Allow-Origin": "'*'"}
_TWO_ORIGINS = {
    **_CORS_HEADERS,
    "method.response.header.Access-Control-Allow-Origin": "'https://a.example'",
    "method.response.header.Vary": "'Origin'",
    "method.response.header.Access-Control-Allow-Credentials": "'true'",
    "method.response.header.Access-Control-Max-Age": "'300'",
}
_CHOOSE_ORIGIN = (
    '#set($origin = $input.params().header.get("Origin"))\n#if($origin == "")\n'
    '  #set($origin = $input.params().header.get("origin"))\n#end\n#if($origin == "https://b.example")\n'
    "  #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)\n#end"
)


def _answering(status: int = 200, pattern: str = "", template: str | None = None, **more: Any) -> dict[str, Any]:
    response: dict[str, Any] = {"StatusCode": str(status), **more}
    if pattern:
        response["SelectionPattern"] = pattern
    if template is not None:
        response["ResponseTemplates"] = {_JSON: template}
    return response


def _method(integration: dict[str, Any], *responses: dict[str, Any], **parameters: bool) -> dict[str, Any]:
    """The properties of a method. responses: integration responses; absence: one with status 200."""
    chosen = responses or (_answering(),)
    declared = [
        {
            "StatusCode": response["StatusCode"],
            "ResponseParameters": {name: False for name in response.get("ResponseParameters", {})},
        }
        for response in chosen
    ]
    return {
        "Integration": {**integration, "IntegrationResponses": list(chosen)},
        "MethodResponses": declared,
        **({"RequestParameters": parameters} if parameters else {}),
    }


def _aws(uri: str, template: str | None = None, *, of_role: str = "Role", **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS",
        "IntegrationHttpMethod": more.pop("IntegrationHttpMethod", "POST"),
        "Uri": {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{uri}"},
        "Credentials": {"Fn::GetAtt": [of_role, "Arn"]},
        **({} if template is None else {"RequestTemplates": {_JSON: _sub(template)}}),
        **more,
    }


def _sub(template: str) -> object:
    return {"Fn::Sub": template} if "${" in template else template


def _mock(template: str = '{"statusCode": 200}', **more: Any) -> dict[str, Any]:
    return {"Type": "MOCK", "RequestTemplates": {_JSON: template}, **more}


def _services() -> dict[str, dict[str, Any]]:
    send = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
    to_queue = "sqs:path/${AWS::AccountId}/${Queue.QueueName}"
    by_code = (
        _answering(200, template='{"id": $input.json("$.SendMessageResponse.SendMessageResult.MessageId")}'),
        _answering(400, "4\\d{2}", '{"code": "$input.path(\'$.Error.Code\')"}'),
    )
    item = (
        '{"TableName": "${Table}", "Item": {"id": {"S": "$context.requestId"}, '
        '"name": {"S": "$util.escapeJavaScript($input.path(\'$.name\'))"}, '
        '"tags": {"L": [#foreach($tag in $input.path(\'$.tags\')){"S": "$tag"}#if($foreach.hasNext),#end#end]}}}'
    )
    start = (
        '{"stateMachineArn": "${%s}", "input": "$util.escapeJavaScript($input.json(\'$\')).replaceAll("\\\\\'","\'")"}'
    )
    entry = (
        '{"Entries": [{"Source": "api", "DetailType": "order", "EventBusName": "${Bus}", '
        '"Detail": "$util.escapeJavaScript($input.body)"}]}'
    )
    record = '{"StreamName": "${Stream}", "Data": "$util.base64Encode($input.body)", "PartitionKey": "p"}'
    publish = "Action=Publish&TopicArn=$util.urlEncode('${Topic}')&Message=$util.urlEncode($input.body)"
    where = {
        "integration.request.path.bucket": "stageVariables.bucket",
        "integration.request.path.key": "method.request.path.key",
    }
    typed = {"method.response.header.Content-Type": "integration.response.header.Content-Type"}
    return {
        "POST /queue": _method(_aws(to_queue, send, RequestParameters=_FORM, PassthroughBehavior="NEVER"), *by_code),
        "POST /queue/poor": _method(_aws(to_queue, send, of_role="Poor", RequestParameters=_FORM), *by_code),
        "GET /queue": _method(
            _aws(
                "sqs:action/SendMessage&QueueUrl=${Queue}",
                RequestParameters={"integration.request.querystring.MessageBody": "method.request.querystring.text"},
            ),
            _answering(200),
        ),
        "PUT /queue": _method(_aws("sqs:action/ReceiveMessage&QueueUrl=${Queue}&MaxNumberOfMessages=10")),
        "POST /item": _method(
            _aws("dynamodb:action/PutItem", item), _answering(201, template='{"id": "$context.requestId"}')
        ),
        "GET /item/{id}": _method(
            _aws("dynamodb:action/GetItem", '{"TableName": "${Table}", "Key": {"id": {"S": "$input.params(\'id\')"}}}'),
            _answering(
                200,
                template="#set($item = $input.path('$.Item'))#if($item == {} || !$item)"
                "#set($context.responseOverride.status = 404){}#else"
                '{"name": "$item.name.S", "tags": [#foreach($tag in $item.tags.L)"$tag.S"'
                "#if($foreach.hasNext), #end#end]}"
                "#end",
            ),
        ),
        "POST /machine": _method(_aws("states:action/StartExecution", start % "Machine"), _answering(202)),
        "POST /machine/now": _method(
            _aws("states:action/StartSyncExecution", start % "Express"),
            _answering(
                200,
                template="#set($output = $util.parseJson($input.path('$.output')))"
                '{"status": "$input.path(\'$.status\')", "done": $output.done}',
            ),
        ),
        "POST /events": _method(_aws("events:action/PutEvents", entry)),
        "POST /stream": _method(
            _aws("kinesis:action/PutRecord", record), _answering(200, template='{"shard": $input.json("$.ShardId")}')
        ),
        "POST /topic": _method(_aws("sns:path/", publish, RequestParameters=_FORM)),
        "PUT /files/{key}": _method(
            _aws("s3:path/{bucket}/{key}", IntegrationHttpMethod="PUT", RequestParameters=where),
            _answering(200, ResponseParameters={"method.response.header.ETag": "integration.response.header.ETag"}),
            **{"method.request.path.key": True},
        ),
        "GET /files/{key}": _method(
            _aws("s3:path/{bucket}/{key}", IntegrationHttpMethod="GET", RequestParameters=where),
            _answering(200, ResponseParameters=typed),
            _answering(404, "404", '{"message": "no such file"}'),
            **{"method.request.path.key": True},
        ),
    }


def _others(backend: str) -> dict[str, dict[str, Any]]:
    to_function = {
        "Type": "AWS",
        "IntegrationHttpMethod": "POST",
        "Uri": {
            "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"
        },
    }
    failed = '#set($e = $input.path(\'$\')){"error": "$e.errorMessage", "type": "$e.errorType"}'
    mapped = {
        "integration.request.path.id": "method.request.path.id",
        "integration.request.querystring.colour": "stageVariables.colour",
        "integration.request.header.X-Both": "method.request.multivalueheader.x-many",
    }
    answer_headers = {
        "method.response.header.X-Backend": "integration.response.header.x-backend",
        "method.response.header.X-Path": "integration.response.body.path",
        "method.response.header.X-Fixed": "'fixed'",
        "method.response.header.X-Stage": "context.stage",
    }
    return {
        "POST /function": _method(
            {
                **to_function,
                "RequestTemplates": {_JSON: '{"fail": $input.json("$.fail"), "from": "$context.httpMethod"}'},
            },
            _answering(200),
            _answering(404, "(\\n|.)*not found(\\n|.)*", failed),
            _answering(500, ".+", failed),
        ),
        "POST /function/raw": _method({**to_function, "PassthroughBehavior": "WHEN_NO_TEMPLATES"}),
        "POST /function/later": _method(
            {**to_function, "RequestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}},
            _answering(202),
        ),
        "GET /http/{id}": _method(
            {
                "Type": "HTTP",
                "IntegrationHttpMethod": "GET",
                "Uri": f"{backend}/{{id}}",
                "RequestParameters": mapped,
            },
            _answering(200, ResponseParameters=answer_headers),
            _answering(400, "4\\d\\d", '{"was": $input.json("$.path")}'),
            **{"method.request.path.id": True, "method.request.header.x-many": False},
        ),
        "ANY /proxy/{proxy+}": {
            "RequestParameters": {"method.request.path.proxy": True},
            "Integration": {
                "Type": "HTTP_PROXY",
                "IntegrationHttpMethod": "ANY",
                "Uri": f"{backend}/base/{{proxy}}",
                "RequestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
            },
        },
        "GET /elsewhere": {
            "Integration": {"Type": "HTTP_PROXY", "IntegrationHttpMethod": "GET", "Uri": "https://example.com/"}
        },
        "GET /site/{key}": {
            "RequestParameters": {"method.request.path.key": True},
            "Integration": {
                "Type": "HTTP_PROXY",
                "IntegrationHttpMethod": "GET",
                "Uri": {"Fn::Sub": "https://${Site.RegionalDomainName}/open/{key}"},
                "RequestParameters": {"integration.request.path.key": "method.request.path.key"},
            },
        },
        "GET /api": {
            "Integration": {
                "Type": "HTTP_PROXY",
                "IntegrationHttpMethod": "GET",
                "Uri": "https://no0such0.execute-api.us-east-1.amazonaws.com/prod",
            }
        },
        "GET /bound": {
            "Integration": {"Type": "HTTP_PROXY", "IntegrationHttpMethod": "GET", "Uri": "https://bound.example/x"}
        },
        "OPTIONS /any": _method(_mock("{ statusCode: 200 }"), _answering(204, ResponseParameters=_ANY_ORIGIN)),
        "OPTIONS /two": _method(
            _mock("{ statusCode: 200 }"), _answering(204, template=_CHOOSE_ORIGIN, ResponseParameters=_TWO_ORIGINS)
        ),
        "GET /mock": _method(
            _mock("#if($input.params('scope') == 'internal'){\"statusCode\": 200}#else{\"statusCode\": 500}#end"),
            _answering(200, template='{"scope": "$input.params(\'scope\')", "by": "$stageVariables.colour"}'),
            _answering(500, "5\\d{2}", '{"message": "refused"}'),
        ),
        "GET /mock/unmapped": _method(_mock('{"statusCode": 404}'), _answering(200, "2\\d\\d")),
        "GET /mock/bare": _method({"Type": "MOCK"}, _answering(200)),
        "GET /mock/broken": _method(_mock("#if("), _answering(200)),
        "POST /mock/never": _method(_mock(PassthroughBehavior="NEVER"), _answering(200)),
    }


def _site() -> Resources:
    """A bucket that everybody may read a part of."""
    may = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "${Site.Arn}/open/known*"},
    }
    block = {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    return {
        "Site": {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": block}},
        "SitePolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Site"},
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [may]},
            },
        },
    }


def integrated(backend: str) -> Resources:
    """The API `Api` with what it calls. backend: the URL of an HTTP server."""
    variables = {"Variables": {"bucket": {"Ref": "Bucket"}, "colour": "blue"}}
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]}, "DefinitionString": _MACHINE},
    }
    watching = {"Type": "AWS::Events::Rule", "Properties": {"EventBusName": {"Ref": "Bus"}}}
    watching["Properties"] |= {  # type: ignore[operator]  # of a literal's object
        "EventPattern": {"source": ["api"]},
        "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Events", "Arn"]}}],
    }
    allowed = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Events"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
                        "Action": "sqs:SendMessage",
                        "Resource": {"Fn::GetAtt": ["Events", "Arn"]},
                    }
                ],
            },
        },
    }
    return (
        function("Echo", FUNCTION)
        | table("Table")
        | rest_api(
            "Api",
            {**_services(), **_others(backend)},
            stage_properties=variables,
            BinaryMediaTypes=["image/png"],
        )
        | invocable("Echo", "Api")
        | {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Events": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "EventsPolicy": allowed,
            "Rule": watching,
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": ["Events", "Arn"]}}]},
            },
            "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
            **_site(),
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
            "Role": role(service="apigateway.amazonaws.com"),
            "Poor": role({"Effect": "Deny", "Action": "*", "Resource": "*"}, service="apigateway.amazonaws.com"),
            "MachineRole": role(service="states.amazonaws.com"),
            "Machine": machine,
            "Express": {**machine, "Properties": {**machine["Properties"], "StateMachineType": "EXPRESS"}},  # type: ignore[dict-item]  # a literal's object
        }
    )
