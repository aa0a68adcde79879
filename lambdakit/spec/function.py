"""Functions: what can be said about one, what `defaults` can say about all, and how the two come together."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from lambdakit import limits
from lambdakit.spec.environment import VariableName, VariableValue
from lambdakit.spec.function_features import (
    Alarms,
    FunctionUrl,
    GradualDeployment,
    HookedDeployment,
    PolicyStatement,
    ProvisionedScaling,
)
from lambdakit.spec.function_places import VersionWeight
from lambdakit.spec.function_surroundings import GeneralSurroundings, Surroundings
from lambdakit.spec.grants import GrantedName, Grants
from lambdakit.spec.model import Model as Model
from lambdakit.spec.names import ALIAS_NAME_PATTERN
from lambdakit.spec.nearest import nearest
from lambdakit.spec.quantities import duration, size_mib
from lambdakit.spec.refusal import Checked, patterned_text, refusal, whole_number, wrong_type
from lambdakit.spec.resource_name import KeyName, ResourceName
from lambdakit.spec.runtimes import DEFAULT_RUNTIME, RUNTIME_IDENTIFIER
from lambdakit.spec.wording import quoted

MEMORY_MIB_DEFAULT: Final = 512
TIMEOUT_SECONDS_DEFAULT: Final = 10
RETENTION_DAYS_DEFAULT: Final = 30
PATH_LENGTH_MAX: Final = 1_024

# API PutRetentionPolicy, Days (CloudWatch Logs)
RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


def _read_retention(value: object) -> int:
    allowed = [f"{days}d" for days in RETENTION_DAYS]
    if isinstance(value, str) and value in allowed:
        return RETENTION_DAYS[allowed.index(value)]
    if isinstance(value, int) and not isinstance(value, bool):
        raise refusal("LK112", f"must be a number of days such as 30d, not {value} without a unit", f"write {value}d")
    if not isinstance(value, str):
        raise wrong_type(value, "a number of days such as 30d")
    number = value.removesuffix("d")
    if number.isascii() and number.isdigit() and len(number) < 10:
        closest = min(RETENTION_DAYS, key=lambda days: abs(days - int(number)))
        problem = f"{quoted(value)} is not a retention of CloudWatch Logs, which are {', '.join(allowed)}"
        raise refusal("LK113", problem, f"write {closest}d")
    close = nearest(value, allowed)
    raise refusal("LK115", f"{quoted(value)} is not a number of days such as 30d", f"write {close}" if close else "")


RELATIVE_PATH: Final = patterned_text("^[^\\u0000-\\u001f\\u007f]+$", allowed="a path", longest=PATH_LENGTH_MAX)
_HANDLER = patterned_text(
    "^[^\\s\\u0000-\\u001f\\u007f]+$", allowed="a handler such as app.create", longest=limits.HANDLER_LENGTH_MAX
)
_MEMORY = size_mib(minimum=limits.MEMORY_MIB_MIN, maximum=limits.MEMORY_MIB_MAX, what="memory of a function")
_STORAGE = size_mib(
    minimum=limits.EPHEMERAL_STORAGE_MIB_MIN, maximum=limits.EPHEMERAL_STORAGE_MIB_MAX, what="ephemeral storage"
)
_TIMEOUT = duration(
    minimum=limits.TIMEOUT_SECONDS_MIN, maximum=limits.TIMEOUT_SECONDS_MAX, what="time of an invocation"
)
_ALIAS_NAME = patterned_text(
    ALIAS_NAME_PATTERN,
    allowed="a name of an alias: letters, digits, - and _, and not only digits",
    longest=limits.ALIAS_NAME_LENGTH_MAX,
)
_AGE = duration(
    minimum=limits.ASYNC_EVENT_AGE_SECONDS_MIN,
    maximum=limits.ASYNC_EVENT_AGE_SECONDS_DEFAULT,
    what="age of an asynchronous event",
)
_FUNCTION_NAME = patterned_text(
    "^[A-Za-z0-9_-]+$",
    allowed="a name of a function: letters, digits, - and _",
    longest=limits.FUNCTION_NAME_LENGTH_MAX,
)
_RETRIES = whole_number(minimum=0, maximum=limits.ASYNC_RETRIES_DEFAULT, what="retries of an asynchronous event")
# Text that CloudFormation stores as a function's or an alias's description.
_DESCRIPTION = patterned_text(
    "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]+$",
    allowed="text without control characters",
    longest=limits.DESCRIPTION_LENGTH_MAX,
)

RelativePath = Annotated[str, RELATIVE_PATH]
LayerName = Annotated[str, patterned_text("^.+$", allowed="a name of a layer", longest=PATH_LENGTH_MAX)]
Architecture = Literal["arm_64", "x86_64"]
Tracing = Literal["active", "pass_through", "disabled"]
Environment = dict[VariableName, VariableValue]
Layers = Annotated[list[LayerName], Field(max_length=limits.LAYERS_MAX)]
MemorySize = Annotated[int, _MEMORY]
StorageSize = Annotated[int, _STORAGE]
Timeout = Annotated[int, _TIMEOUT]
Runtime = Annotated[str, RUNTIME_IDENTIFIER]
RETENTION: Final = Checked(_read_retention, {"type": "string", "enum": [f"{days}d" for days in RETENTION_DAYS]})
Retention = Annotated[int, RETENTION]
# Without an upper bound: the account's pool, of which both are taken, can be raised.
ReservedConcurrency = Annotated[int, whole_number(minimum=0, what="reserved concurrency")]
Retries = Annotated[int, _RETRIES]
EventAge = Annotated[int, _AGE]
ApplicationLogLevel = Literal["trace", "debug", "info", "warn", "error", "fatal"]
SystemLogLevel = Literal["debug", "info", "warn"]
RecursiveLoop = Literal["terminate", "allow"]
RuntimeManagement = Literal["auto", "function_update"]
# Source: AWS Lambda Developer Guide, "Using tags on Lambda functions"; keys that begin with aws: are AWS's own.
TagKey = Annotated[
    str,
    patterned_text(
        "^(?!aws:)[A-Za-z0-9 _.:/=+@-]+$", allowed="a key of a tag: letters, digits, spaces and _.:/=+-@", longest=128
    ),
]
TagValue = Annotated[
    str,
    patterned_text(
        r"^([A-Za-z0-9 _.:/=+@-]|\$\{!?(AWS::)?[A-Za-z0-9_]+\})+$",
        allowed="a value of a tag: letters, digits, spaces and _.:/=+-@, and parameters as ${Name}",
        longest=256,
    ),
]
Tags = dict[TagKey, TagValue]
ProvisionedConcurrency = Annotated[int, whole_number(minimum=1, what="provisioned concurrency")]

_SAYS: Final = {
    "runtime": "identifier of the runtime",
    "architecture": "instruction set; arm_64 costs a fifth less",
    "memory_size": "memory in MiB, or a size such as 1 GiB; CPU grows with it",
    "timeout": "longest time of one invocation, such as 30s or 5m",
    "tracing": "X-Ray tracing",
    "environment": "environment variables, at most 4 KB together; a function's are laid over the defaults'",
    "ephemeral_storage_size": "size of /tmp in MiB, or a size such as 1 GiB",
    "reserved_concurrent_executions": "most executions at once, taken from the account's pool; 0 stops the function",
    "layers": "names of layers, at most 5, later over earlier; a function's replace the defaults'",
    "log_retention": "how long the function's logs are kept",
    "application_log_level": "least level of the function's own lines that are kept",
    "system_log_level": "least level of Lambda's lines that are kept",
    "retry_attempts": "how often an asynchronous event is tried again",
    "max_event_age": "how long an asynchronous event may wait",
    "snap_start": "whether published versions start from a snapshot",
    "recursive_loop": "what Lambda does about a loop of invocations that it detects",
    "deployment": "how traffic moves to a new version; at once when absent",
    "alarms": "alarms on the function; {} for the usual ones, none when absent",
    "tags": "tags of the function, its role and its log group",
    "environment_encryption": "the key of `resources` for the variables; Lambda's own when absent",
    "runtime_management_mode": "when AWS may update the runtime: at any time, or with the function's next change",
}


class Alias(Model):
    """The alias that every trigger of a function invokes."""

    name: Annotated[str, _ALIAS_NAME] = Field(default="live", description="name of the alias", examples=["live"])
    provisioned_concurrent_executions: ProvisionedConcurrency | None = Field(
        default=None, description="execution environments kept ready; none when absent", examples=[2]
    )
    provisioned_scaling: ProvisionedScaling | None = Field(
        default=None, description="lets their number follow the use; it stays when absent"
    )
    description: Annotated[str, _DESCRIPTION] | None = Field(default=None, description="text shown beside the alias")
    additional_versions: Annotated[list[VersionWeight], Field(max_length=1)] = Field(
        default_factory=lambda: [], description="another version that takes a part of the traffic; one at most"
    )


class _GeneralSettings(Model):
    runtime: Runtime | None = Field(default=None, description=_SAYS["runtime"], examples=["python3.13"])
    architecture: Architecture | None = Field(default=None, description=_SAYS["architecture"])
    memory_size: MemorySize | None = Field(default=None, description=_SAYS["memory_size"], examples=[512, "1 GiB"])
    timeout: Timeout | None = Field(default=None, description=_SAYS["timeout"], examples=["10s"])
    tracing: Tracing | None = Field(default=None, description=_SAYS["tracing"])
    environment: Environment | None = Field(
        default=None, description=_SAYS["environment"], examples=[{"LOG_LEVEL": "INFO"}]
    )
    ephemeral_storage_size: StorageSize | None = Field(
        default=None, description=_SAYS["ephemeral_storage_size"], examples=[512, "1 GiB"]
    )
    reserved_concurrent_executions: ReservedConcurrency | None = Field(
        default=None, description=_SAYS["reserved_concurrent_executions"], examples=[5]
    )
    layers: Layers | None = Field(default=None, description=_SAYS["layers"], examples=[["shared"]])
    alias: Alias | None = Field(
        default=None, description="the alias that triggers invoke; a function's fields go first"
    )
    log_retention: Retention | None = Field(default=None, description=_SAYS["log_retention"], examples=["30d"])
    application_log_level: ApplicationLogLevel | None = Field(
        default=None, description=_SAYS["application_log_level"], examples=["warn"]
    )
    system_log_level: SystemLogLevel | None = Field(default=None, description=_SAYS["system_log_level"])
    retry_attempts: Retries | None = Field(default=None, description=_SAYS["retry_attempts"], examples=[1])
    max_event_age: EventAge | None = Field(default=None, description=_SAYS["max_event_age"], examples=["1h"])
    snap_start: bool | None = Field(default=None, description=_SAYS["snap_start"])
    recursive_loop: RecursiveLoop | None = Field(default=None, description=_SAYS["recursive_loop"])
    deployment: GradualDeployment | None = Field(default=None, description=_SAYS["deployment"])
    alarms: Alarms | None = Field(default=None, description=_SAYS["alarms"], examples=[{"errors": 1}])
    tags: Tags | None = Field(default=None, description=_SAYS["tags"], examples=[{"team": "orders"}])
    environment_encryption: KeyName | None = Field(
        default=None, description=_SAYS["environment_encryption"], examples=["master"]
    )
    runtime_management_mode: RuntimeManagement | None = Field(
        default=None, description=_SAYS["runtime_management_mode"]
    )


class FunctionDefaults(GeneralSurroundings, _GeneralSettings):
    """What every function has that does not say otherwise. An absent field leaves the function's own default."""


class _Settings(Model):
    code: RelativePath = Field(description="directory of the function's source", examples=["functions/orders"])
    handler: Annotated[str, _HANDLER] = Field(
        description="module and function that Lambda calls", examples=["app.create"]
    )
    runtime: Runtime = Field(default=DEFAULT_RUNTIME, description=_SAYS["runtime"], examples=["python3.13"])
    architecture: Architecture = Field(default="arm_64", description=_SAYS["architecture"])
    memory_size: MemorySize = Field(
        default=MEMORY_MIB_DEFAULT, description=_SAYS["memory_size"], examples=[512, "1 GiB"]
    )
    timeout: Timeout = Field(
        default=TIMEOUT_SECONDS_DEFAULT,
        description=_SAYS["timeout"],
        examples=["30s"],
        json_schema_extra={"default": f"{TIMEOUT_SECONDS_DEFAULT}s"},
    )
    tracing: Tracing = Field(default="active", description=_SAYS["tracing"])
    environment: Environment = Field(
        default_factory=dict, description=_SAYS["environment"], examples=[{"LOG_LEVEL": "INFO"}]
    )
    description: Annotated[str, _DESCRIPTION] | None = Field(default=None, description="text shown beside the function")
    ephemeral_storage_size: StorageSize = Field(
        default=limits.EPHEMERAL_STORAGE_MIB_DEFAULT,
        description=_SAYS["ephemeral_storage_size"],
        examples=[512, "1 GiB"],
    )
    reserved_concurrent_executions: ReservedConcurrency | None = Field(
        default=None, description=_SAYS["reserved_concurrent_executions"], examples=[5]
    )
    layers: Layers = Field(default_factory=lambda: [], description=_SAYS["layers"], examples=[["shared"]])
    alias: Alias = Field(default_factory=Alias, description="the alias that triggers invoke")
    log_retention: Retention = Field(
        default=RETENTION_DAYS_DEFAULT,
        description=_SAYS["log_retention"],
        examples=["90d"],
        json_schema_extra={"default": f"{RETENTION_DAYS_DEFAULT}d"},
    )
    application_log_level: ApplicationLogLevel | None = Field(
        default=None, description=_SAYS["application_log_level"], examples=["warn"]
    )
    system_log_level: SystemLogLevel | None = Field(default=None, description=_SAYS["system_log_level"])
    retry_attempts: Retries | None = Field(default=None, description=_SAYS["retry_attempts"], examples=[1])
    max_event_age: EventAge | None = Field(default=None, description=_SAYS["max_event_age"], examples=["1h"])
    snap_start: bool = Field(default=False, description=_SAYS["snap_start"])
    recursive_loop: RecursiveLoop | None = Field(default=None, description=_SAYS["recursive_loop"])
    deployment: HookedDeployment | None = Field(default=None, description=_SAYS["deployment"])
    alarms: Alarms | None = Field(default=None, description=_SAYS["alarms"], examples=[{"errors": 1}])
    tags: Tags = Field(default_factory=dict, description=_SAYS["tags"], examples=[{"team": "orders"}])
    grants: Grants = Field(
        default_factory=dict,
        description="what it may do with what `resources` and `functions` name; jobs, a queue, gives JOBS_QUEUE_URL",
        examples=[{"jobs": "publish", "orders": "read_write"}],
    )
    secrets: dict[VariableName, ResourceName] = Field(
        default_factory=dict,
        description="variables that hold the ARNs of secrets of `resources`, which it may read",
        examples=[{"SIGNING_SECRET": "signing"}],
    )
    ssm_parameters: dict[VariableName, ResourceName] = Field(
        default_factory=dict,
        description="variables that hold the names of parameters of `resources`, which it may read",
        examples=[{"FLAGS": "flags"}],
    )
    environment_encryption: KeyName | None = Field(
        default=None, description=_SAYS["environment_encryption"], examples=["master"]
    )
    initial_policy: list[PolicyStatement] = Field(
        default_factory=lambda: [],
        description="statements of its role beside its grants",
        examples=[[{"actions": ["ses:SendEmail"], "resources": ["arn:aws:ses:eu-west-1:111122223333:identity/*"]}]],
    )
    dead_letter_queue: ResourceName | None = Field(
        default=None, description="the queue of `resources` that takes asynchronous events which failed"
    )
    dead_letter_topic: ResourceName | None = Field(
        default=None, description="the topic of `resources` that takes asynchronous events which failed"
    )
    on_success: GrantedName | None = Field(
        default=None, description="the queue, topic, event bus or function that hears of asynchronous success"
    )
    on_failure: GrantedName | None = Field(
        default=None, description="the queue, topic, event bus or function that hears of asynchronous failure"
    )
    runtime_management_mode: RuntimeManagement | None = Field(
        default=None, description=_SAYS["runtime_management_mode"]
    )
    vpc: Literal["none"] | None = Field(
        default=None, description="none: outside the document's network, with the internet and without what is in it"
    )
    function_name: Annotated[str, _FUNCTION_NAME] | None = Field(
        default=None,
        description="name in the account; CloudFormation makes one when absent",
        examples=["orders-create"],
    )
    function_url: FunctionUrl | None = Field(
        default=None, description="an address of the function's own; none when absent", examples=[{"auth_type": "none"}]
    )


class FunctionSettings(Surroundings, _Settings):
    """One function. A field that was not written has its default here; `effective` puts the document's in its place.

    memory_size, ephemeral_storage_size: MiB. timeout: seconds. log_retention: days.
    reserved_concurrent_executions: 0 stops the function, None takes from the account's pool without a limit.
    code: path of a directory, relative to the document's.
    """


def effective(settings: FunctionSettings, defaults: FunctionDefaults) -> FunctionSettings:
    """The settings with everything that was not written taken from `defaults`, then from the fields' own defaults.

    Environment variables and the alias's fields come together one by one, the function's own first; every other
    field is taken whole. 0 and an empty list are values.
    """
    written: dict[str, Any] = {}
    fields, of_its_own = FunctionSettings.model_fields, settings.model_fields_set
    for name in fields:
        own = getattr(settings, name) if name in of_its_own else None
        general = getattr(defaults, name, None)
        if name in ("environment", "tags"):
            written[name] = {**(general or {}), **(own or {})}
        elif name == "alias":
            written[name] = _effective_alias(own, general)
        elif own is not None:
            written[name] = own
        elif general is not None:
            written[name] = general
    # Not left to the model: asking each default's factory for its signature takes most of the time of a rule.
    values = {name: getattr(settings, name) for name in fields if name not in written}
    return FunctionSettings.model_construct(_fields_set=set(written), **values, **written)


def _effective_alias(own: Alias | None, general: Alias | None) -> Alias:
    written: dict[str, Any] = {}
    for alias in (general, own):
        if alias is not None:
            written |= {name: getattr(alias, name) for name in alias.model_fields_set}
    return Alias.model_construct(**written)
