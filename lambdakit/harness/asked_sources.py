"""Sources that wait for a function's answer, and how much of each the harness has: a part of `source_table`."""

from __future__ import annotations

from typing import Final

from lambdakit.harness.source import Arrival, Source

ASKED: Final = (
    Source(
        name="function URLs",
        arrival=Arrival.SYNCHRONOUS,
        supported="NONE and AWS_IAM with both permissions, CORS, buffered and streamed answers, aliases",
        samples=("function-url",),
        code=("routing.function_url", "routing.url_stream"),
        shown=(
            "tests/behaviour/test_behaviour_function_urls.py",
            "tests/behaviour/test_behaviour_function_urls_streaming.py",
        ),
    ),
    Source(
        name="CodeDeploy hooks",
        arrival=Arrival.SYNCHRONOUS,
        supported="before and after traffic of deployments to functions, by stacks (aliases with "
        "`CodeDeployLambdaAliasUpdate`, SAM's `DeploymentPreference`) and by `CreateDeployment`; every configuration, "
        "alarms, automatic rollback, the group's role; by the harness's clock, but that the update of a stack makes "
        "the steps without waiting between them, and ends at once over a hook that came to its end without a status",
        recorded="triggers of topics; no events on the default bus",
        refused="deployments to instances and to ECS",
        code=("delivery.code_deploy", "delivery.traffic_shifts", "delivery.app_spec", "delivery.function_aliases"),
        samples=("codedeploy",),
        shown=(
            "tests/behaviour/test_behaviour_code_deploy.py",
            "tests/behaviour/test_behaviour_code_deploy_stacks.py",
        ),
    ),
    Source(
        name="Cognito user pools",
        arrival=Arrival.SYNCHRONOUS,
        supported="pre sign-up, confirmation, authentication before and after, tokens (V1 and V2), custom messages, "
        "user migration, custom challenges; 5 s and three tries",
        recorded="custom e-mail and SMS senders",
        code=("delivery.user_pool",),
        samples=tuple(
            f"cognito-{name}"
            for name in (
                *("pre-sign-up", "post-confirmation", "pre-authentication", "post-authentication"),
                *("pre-token-generation", "pre-token-generation-v2", "custom-message", "user-migration"),
                *("define-auth-challenge", "create-auth-challenge", "verify-auth-challenge"),
            )
        ),
        shown=("tests/behaviour/test_behaviour_cognito_triggers.py",),
    ),
    Source(
        name="Firehose",
        arrival=Arrival.SYNCHRONOUS,
        supported="transformation with retries and partition keys, buffering by size and time, delimiters, S3 with "
        "prefixes, compression and failures apart, Kinesis as source; OpenSearch (domains and collections) and HTTP "
        "endpoints: real requests to the server that `harness.bind` names and to APIs of the harness, bulk requests "
        "with index rotation and document ids, acknowledgements, retries by the clock, failed records and all records "
        "in S3",
        recorded="requests to a host that nothing is bound to: method, URL and body in the trace, records in the "
        "bucket for failures; `VpcConfiguration`",
        refused="Redshift, Splunk, Snowflake and Iceberg, conversion to Parquet or ORC, Snappy: told in the trace, "
        "records kept in the bucket for failures",
        code=("delivery.firehose", "delivery.firehose_endpoints"),
        samples=("firehose", "firehose-kinesis"),
        shown=(
            "tests/behaviour/test_behaviour_firehose_source.py",
            "tests/behaviour/test_behaviour_firehose_source_failures.py",
            "tests/behaviour/test_behaviour_firehose_search.py",
            "tests/behaviour/test_behaviour_firehose_http_endpoint.py",
        ),
    ),
    Source(
        name="Step Functions tasks",
        arrival=Arrival.SYNCHRONOUS,
        supported="`lambda:invoke` and the function's ARN, its answer as the task's; JSONPath and JSONata; "
        "`apigateway:invoke` to REST and HTTP APIs, signed by the machine's role or let in by a resource policy; "
        "`http:invoke` with its connection, to servers that `harness.bind` names and hosts that `harness.allow_host` "
        "lets out; changes of standard executions on the default bus",
        refused="an HTTP task to any other host: `States.Runtime`, whose cause names it",
        code=(
            "delivery.execution_events",
            "delivery.state_machine_tasks",
            "delivery.state_machine_queries",
            "delivery.task_",
            "delivery.api_task",
            "delivery.http_task",
        ),
        samples=("step-functions",),
        shown=(
            "tests/behaviour/test_behaviour_state_machines.py",
            "tests/behaviour/test_behaviour_state_machine_apis.py",
            "tests/behaviour/test_behaviour_state_machine_events.py",
            "tests/behaviour/test_behaviour_state_machine_requests.py",
        ),
    ),
    Source(
        name="EventBridge Pipes",
        arrival=Arrival.SYNCHRONOUS,
        supported="queues, Kinesis and DynamoDB streams as sources, filters, enrichment by functions and state "
        "machines, input templates, the targets that rules have",
        refused="Kafka and Amazon MQ as sources, enrichment by APIs: told in the trace",
        code=("delivery.pipes", "event_source_mapping.pipe"),
        samples=("pipe",),
        shown=("tests/behaviour/test_behaviour_pipes.py",),
    ),
    Source(
        name="Application Load Balancers",
        arrival=Arrival.SYNCHRONOUS,
        supported="several listeners, rules with every condition, fixed responses, redirects, weights, stickiness, "
        "multi-value headers, health checks by the clock, servers bound in place of other targets",
        recorded="TLS, security groups and schemes of the listeners, access logs, WAF, `Transforms`",
        refused="signing in (strangers get what AWS gives them), targets that nothing is bound to: 503, and the trace "
        "says why",
        code=("routing.load_balancer",),
        samples=("alb", "alb-multivalue"),
        shown=("tests/behaviour/test_behaviour_load_balancer.py",),
    ),
    Source(
        name="Lambda@Edge",
        arrival=Arrival.SYNCHRONOUS,
        supported="viewer and origin requests and responses of CloudFront distributions: events, bodies, generated "
        "and changed answers, other origins, headers that may not be seen or changed, sizes; trust, region, version "
        "and settings of the functions; 502 and 503 with CloudFront's words in `X-Cache`",
        recorded="compression, geography, access logs, WAF",
        refused="distributions that are made or changed through CloudFront's API: those of templates count",
        code=("routing.distribution",),
        samples=(),
        shown=(
            "tests/behaviour/test_behaviour_distribution_edge.py",
            "tests/behaviour/test_behaviour_distribution_associations.py",
            "tests/behaviour/test_behaviour_distribution_cdk.py",
        ),
    ),
    Source(
        name="REST APIs",
        arrival=Arrival.SYNCHRONOUS,
        supported="deployments, stages, canaries, base paths, OpenAPI bodies, proxies (streamed ones too), resource "
        "policies, gateway responses, binary media types, compression, access and execution logs, metrics",
        recorded="caches, client certificates, WAF, VPC links, the endpoint's type",
        refused="the caller's own credentials for an integration with a service other than Lambda: 500, and the trace "
        "says why",
        code=("routing.rest",),
        samples=("rest-api",),
        shown=(
            "tests/behaviour/test_behaviour_rest_api.py",
            "tests/behaviour/test_behaviour_rest_api_stages.py",
            "tests/behaviour/test_behaviour_rest_api_cdk.py",
        ),
    ),
    Source(
        name="HTTP APIs",
        arrival=Arrival.SYNCHRONOUS,
        supported="routes, stages, both payload formats, integrations, CORS, throttles; JWT, IAM and Lambda "
        "authorizers",
        code=("routing.http_api", "routing.authorizers"),
        samples=("http-api", "http-api-v1", "authorizer-http-v2"),
        shown=(
            "tests/behaviour/test_behaviour_http_api.py",
            "tests/behaviour/test_behaviour_http_api_payloads.py",
            "tests/behaviour/test_behaviour_http_api_stages.py",
            "tests/behaviour/test_behaviour_http_api_integrations.py",
            "tests/behaviour/test_behaviour_http_api_authorizers.py",
            "tests/behaviour/test_behaviour_http_api_limits.py",
        ),
    ),
    Source(
        name="WebSocket APIs",
        arrival=Arrival.SYNCHRONOUS,
        supported="real clients; `$connect`, `$disconnect`, `$default` and routes by selection expressions, route "
        "responses, `@connections`, sub-protocols, integrations, throttles; IAM and Lambda authorizers",
        recorded="API keys and request models of routes",
        code=("routing.websocket",),
        samples=("websocket-connect", "websocket-message", "websocket-disconnect"),
        shown=(
            "tests/behaviour/test_behaviour_websocket_api.py",
            "tests/behaviour/test_behaviour_websocket_api_access.py",
            "tests/behaviour/test_behaviour_websocket_api_connections.py",
            "tests/behaviour/test_behaviour_websocket_api_integrations.py",
        ),
    ),
    Source(
        name="AppSync GraphQL APIs",
        arrival=Arrival.SYNCHRONOUS,
        supported="units and pipelines, VTL and APPSYNC_JS, direct functions, batches; functions, tables (all "
        "operations but `Sync`), HTTP endpoints (signed too), event buses and NONE as sources, as their roles; all "
        "five ways of authorization, by field too; AWS's scalars and directives, limits of depth and resolvers; "
        "subscriptions of real clients with arguments, filters and invalidation; custom domains; the API's log",
        recorded="caches, `XrayEnabled`, metrics, private visibility, WAF; Event APIs with their keys, channels and "
        "data sources",
        refused="merged APIs, versioned data sources, conflict handlers; search domains and databases as sources: an "
        "error of the field says so",
        code=("routing.graphql",),
        samples=("appsync",),
        shown=(
            "tests/behaviour/test_behaviour_graphql.py",
            "tests/behaviour/test_behaviour_graphql_authorization.py",
            "tests/behaviour/test_behaviour_graphql_resolvers.py",
            "tests/behaviour/test_behaviour_graphql_tables.py",
            "tests/behaviour/test_behaviour_graphql_subscriptions.py",
        ),
    ),
    Source(
        name="authorizers of REST APIs",
        arrival=Arrival.SYNCHRONOUS,
        supported="TOKEN and REQUEST, their policies and contexts, what is kept of them for how long, API keys that "
        "they name; user pools and signatures beside them",
        samples=("authorizer-token", "authorizer-request"),
        code=("routing.rest.lambda_authorizer",),
        shown=("tests/behaviour/test_behaviour_rest_api_gates.py",),
    ),
)
