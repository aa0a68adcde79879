"""moto's Cognito, CloudWatch, Secrets Manager, Step Functions, Pipes and IoT still have the shape that `user_pools`,
`alarms`, `secret_rotation`, `state_machines`, `pipes` and `topic_rules` of `lambdakit.harness.moto_state` rely on, and
still the faults they mend.

Each runs in a process of its own: what they change in moto stays changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("moto")

_BEGIN = """
import json
from datetime import UTC, datetime
from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.moto_state import triggers
triggers.disarm()
account = Account(account_id="555566667777", region="eu-west-1")
clock = HarnessClock()
told = []
"""
_POOL = """
cognito = account.client("cognito-idp")
config = {"PreSignUp": "arn:aws:lambda:eu-west-1:555566667777:function:f"}
pool = cognito.create_user_pool(PoolName="p", LambdaConfig=config)["UserPool"]["Id"]
client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]["ClientId"]
cognito.sign_up(ClientId=client, Username="ann", Password="Secret-1234")
"""
_ALARM = """
cloudwatch = account.client("cloudwatch")
def alarm(**more):
    cloudwatch.put_metric_alarm(
        AlarmName="a", Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", **more
    )
    return cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]
"""
_SECRET = """
secrets = account.client("secretsmanager")
arn = secrets.create_secret(Name="s", SecretString="first")["ARN"]
function = "arn:aws:lambda:eu-west-1:555566667777:function:f"
"""
_MACHINE = """
states = account.client("stepfunctions")
def machine(name, definition, **more):
    made = dict(name=name, definition=json.dumps(definition), roleArn="arn:aws:iam::555566667777:role/r", **more)
    return states.create_state_machine(**made)["stateMachineArn"]
"""
_PIPE = """
pipes = account.client("pipes")
place = "eu-west-1:555566667777"
role = "arn:aws:iam::555566667777:role/r"
pipes.create_pipe(Name="p", RoleArn=role, Source=f"arn:aws:sqs:{place}:a", Target=f"arn:aws:sqs:{place}:b")
"""


def run(program: str) -> Any:
    """What a program prints last, parsed."""
    done = subprocess.run([sys.executable, "-P", "-c", _BEGIN + program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_operations_of_user_pools_are_handed_over() -> None:
    told = run(
        "from lambdakit.harness.moto_state.user_pools import OPERATIONS, UserPools\n"
        "def serve(call):\n"
        "    answer = call.pass_on()\n"
        "    told.append([call.operation, call.pool_arn.split(':')[3], call.user('ann').status])\n"
        "    call.confirm('ann'); call.set_attributes('ann', {'email': 'a@b.c'})\n"
        "    told.append([call.user('ann').status, call.user('ann').attributes['email']])\n"
        "    tokens = call.sign_in('ann')['AuthenticationResult']\n"
        "    changed = call.reissue(tokens['AccessToken'], lambda claims: {**claims, 'extra': 1})\n"
        "    told.append(call.user_of_access_token(changed))\n"
        "    return answer\n"
        "UserPools(serve)\n" + _POOL + "from moto.cognitoidp.responses import CognitoIdpResponse\n"
        "told.append(all(hasattr(getattr(CognitoIdpResponse, m), '__wrapped__') for m in OPERATIONS.values()))\n"
        "print(json.dumps(told))"
    )

    assert told == [["SignUp", "eu-west-1", "UNCONFIRMED"], ["CONFIRMED", "a@b.c"], "ann", True]


def test_moto_itself_calls_no_trigger() -> None:
    """When this fails, moto calls triggers by itself, and they would be called twice."""
    assert run(_POOL + "print(json.dumps('reached'))") == "reached"


def test_alarms_and_their_data_are_told_of() -> None:
    told = run(
        "from lambdakit.harness.moto_state.alarms import Alarms\n"
        "from lambdakit.harness.moto_state.alarm_records import AlarmState\n"
        "class Watch:\n"
        "    def problem(self, given, metrics): return None\n"
        "    def alarms_changed(self, place, names): told.append(['changed', *place, *names])\n"
        "    def data_put(self, place, data): told.append(['data', [list(name) for name in data]])\n"
        "    def state_set(self, alarm, previous): told.append([alarm.state.value, previous.value])\n"
        "alarms = Alarms(clock.now)\nalarms.watch(Watch())\n"
        + _ALARM
        + "told.append(alarm()['StateValue'])\n"
        + "cloudwatch.put_metric_data(Namespace='N', MetricData=[{'MetricName': 'M', 'Values': [2, 3]}])\n"
        + "place = ('555566667777', 'eu-west-1')\nheld = alarms.find(place, 'a')\n"
        + "since = datetime(2000, 1, 1, tzinfo=UTC)\n"
        + "told.append([one.total for one in alarms.data(place, held.metrics[0], since)])\n"
        + "cloudwatch.set_alarm_state(AlarmName='a', StateValue='OK', StateReason='r')\n"
        + "cloudwatch.put_composite_alarm(AlarmName='c', AlarmRule='TRUE')\n"
        + "told.append(alarms.find(place, 'c').rule)\n"
        + "told.append(alarm()['StateValue'])\n"
        + "told.append(len(cloudwatch.describe_alarm_history(AlarmName='a')['AlarmHistoryItems']))\n"
        + "cloudwatch.delete_alarms(AlarmNames=['a'])\nprint(json.dumps(told))"
    )

    here = ["555566667777", "eu-west-1"]
    assert told == [
        ["changed", *here, "a"],
        "INSUFFICIENT_DATA",
        ["data", [["N", "M"]]],
        [2.0, 3.0],
        ["OK", "INSUFFICIENT_DATA"],
        ["changed", *here, "c"],
        "TRUE",
        ["changed", *here, "a"],
        "OK",
        3,
        ["changed", *here, "a"],
    ]


def test_moto_itself_begins_alarms_as_ok_and_anew() -> None:
    """When this fails, `alarms` need no longer set the first state, or keep the one that was."""
    assert run(_ALARM + "print(json.dumps(alarm()['StateValue']))") == "OK"


def test_a_rotation_is_handed_over() -> None:
    told = run(
        "from lambdakit.harness.moto_state.secret_rotation import SecretRotations\n"
        "rotations = SecretRotations()\n"
        "class Watch:\n"
        "    def rotate(self, request):\n"
        "        told.append([request.secret.name, request.function, request.immediately])\n"
        "        rules = {'ScheduleExpression': 'rate(1 day)'}\n"
        "        rotations.configure(request.secret, request.function, rules, due=clock.now())\n"
        "        rotations.add_pending(request.secret, request.token, clock.now())\n"
        "        told.append(rotations.find(request.secret.place, request.secret.arn).pending == request.token)\n"
        "    def cancelled(self, secret): told.append('cancelled')\n"
        "rotations.watch(Watch())\n"
        + _SECRET
        + "token = secrets.rotate_secret(SecretId=arn, RotationLambdaARN=function)['VersionId']\n"
        + "told.append(secrets.get_secret_value(SecretId=arn)['SecretString'])\n"
        + "secrets.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString='next',"
        + " VersionStages=['AWSPENDING'])\n"
        + "stages = secrets.describe_secret(SecretId=arn)['VersionIdsToStages']\n"
        + "current = next(number for number, held in stages.items() if 'AWSCURRENT' in held)\n"
        + "secrets.update_secret_version_stage(SecretId=arn, VersionStage='AWSCURRENT', MoveToVersionId=token,"
        + " RemoveFromVersionId=current)\n"
        + "told.append(secrets.get_secret_value(SecretId=arn)['SecretString'])\n"
        + "told.append(secrets.describe_secret(SecretId=arn)['RotationRules'])\n"
        + "secrets.cancel_rotate_secret(SecretId=arn)\nprint(json.dumps(told))"
    )

    function = "arn:aws:lambda:eu-west-1:555566667777:function:f"
    rules = {"ScheduleExpression": "rate(1 day)"}
    assert told == [["s", function, True], True, "first", "next", rules, "cancelled"]


def test_moto_itself_takes_the_pending_version_for_the_current_one() -> None:
    """When this fails, look whether moto rotates as the service does."""
    told = run(
        _SECRET
        + "secrets.rotate_secret(SecretId=arn, RotationLambdaARN=function)\n"
        + "try:\n    secrets.get_secret_value(SecretId=arn)\n    print(json.dumps('found'))\n"
        + "except secrets.exceptions.ResourceNotFoundException:\n    print(json.dumps('lost'))"
    )

    assert told == "lost"


_THREADS = """
import threading
from lambdakit.harness.moto_state.execution_threads import ExecutionThreads
from lambdakit.harness.moto_state.state_machines import StateMachines
work = []
threads = ExecutionThreads(clock, begin=lambda: work.append(1), end=lambda: work.append(-1))
ended = threading.Event()
class Lambda:
    def invoke(self, **given):
        import io
        told.append(['invoke', given['FunctionName']])
        return {"StatusCode": 200, "Payload": io.BytesIO(b'{"done": true}')}
def client(service, region, role):
    told.append([service, region, role])
    return Lambda()
def end(execution):
    told.append([execution.status, execution.error])
    ended.set()
nothing = lambda service, operation, members: None
machines = StateMachines(
    threads,
    client,
    to_api=nothing,
    from_api=nothing,
    client_name=str,
    error_prefix=str,
    evaluate=str,
    call=dict,
    ended=end,
)
"""


def test_an_execution_runs_with_clients_and_clock_of_ours() -> None:
    told = run(
        _THREADS
        + _MACHINE
        + "wait = {'Type': 'Wait', 'Seconds': 3600, 'Next': 'T'}\n"
        + "task = {'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke',"
        + " 'Parameters': {'FunctionName': 'f'}, 'End': True}\n"
        + "arn = machine('m', {'StartAt': 'W', 'States': {'W': wait, 'T': task}})\n"
        + "from datetime import timedelta\n"
        + "execution = states.start_execution(stateMachineArn=arn)['executionArn']\n"
        + "assert not ended.wait(0.5) and sum(work) == 0\n"
        + "clock.advance(timedelta(hours=1))\nassert ended.wait(20)\n"
        + "told.append(states.describe_execution(executionArn=execution)['status'])\n"
        + "print(json.dumps(told))"
    )

    assert told == [
        ["lambda", "eu-west-1", "arn:aws:iam::555566667777:role/r"],
        ["invoke", "f"],
        ["SUCCEEDED", ""],
        "SUCCEEDED",
    ]


def test_an_execution_that_a_custom_resource_waits_for_is_left_alone() -> None:
    told = run(
        _THREADS
        + _MACHINE
        + "arn = machine('m', {'StartAt': 'P', 'States': {'P': {'Type': 'Pass', 'End': True}}})\n"
        + "given = dict.fromkeys(('RequestType', 'ResponseURL', 'RequestId', 'StackId', 'LogicalResourceId'), 'x')\n"
        + "execution = states.start_execution(stateMachineArn=arn, input=json.dumps(given))['executionArn']\n"
        + "from lambdakit.harness.moto_state.executions import finish_execution\n"
        + "told.append(states.describe_execution(executionArn=execution)['status'])\n"
        + "finish_execution(execution, failed='E')\n"
        + "told.append(states.describe_execution(executionArn=execution)['status'])\nprint(json.dumps(told))"
    )

    assert told == ["RUNNING", "FAILED"]


def test_moto_itself_runs_no_execution() -> None:
    """When this fails, look whether `state_machines` still has to choose the interpreter."""
    told = run(
        _MACHINE
        + "arn = machine('m', {'StartAt': 'P', 'States': {'P': {'Type': 'Pass', 'End': True}}})\n"
        + "execution = states.start_execution(stateMachineArn=arn)['executionArn']\n"
        + "print(json.dumps(states.describe_execution(executionArn=execution)['status']))"
    )

    assert told == "RUNNING"


def test_pipes_are_told_of() -> None:
    told = run(
        "from lambdakit.harness.moto_state.pipes import Pipes\n"
        "pipes_kept = Pipes(lambda key: told.append([*key, getattr(pipes_kept.find(key), 'is_running', None)]))\n"
        + _PIPE
        + "pipes.stop_pipe(Name='p')\npipes.start_pipe(Name='p')\n"
        + "told.append(pipes.describe_pipe(Name='p')['CurrentState'])\npipes.delete_pipe(Name='p')\n"
        + "print(json.dumps(told))"
    )

    here = ["555566667777", "eu-west-1", "p"]
    assert told == [[*here, True], [*here, False], [*here, True], "RUNNING", [*here, None]]


def test_what_is_published_is_told_of_and_rules_are_asked_for() -> None:
    told = run(
        "from lambdakit.harness.moto_state.topic_rules import TopicRules\n"
        "rules = TopicRules(lambda *given: told.append([list(given[0]), given[1], given[2].decode()]),"
        " lambda sql: '' if sql == 'good' else 'bad sql')\n"
        "iot = account.client('iot')\n"
        "iot.create_topic_rule(ruleName='r', topicRulePayload={'sql': 'good', 'actions': []})\n"
        "try:\n    iot.replace_topic_rule(ruleName='r', topicRulePayload={'sql': 'x', 'actions': []})\n"
        "except Exception as refused:\n    told.append(refused.response['Error']['Code'])\n"
        "account.client('iot-data').publish(topic='a/b', payload=b'1')\n"
        "told.append([rule.name for rule in rules.enabled(('555566667777', 'eu-west-1'))])\n"
        "iot.disable_topic_rule(ruleName='r')\n"
        "told.append(list(rules.enabled(('555566667777', 'eu-west-1'))))\nprint(json.dumps(told))"
    )

    assert told == ["SqlParseException", [["555566667777", "eu-west-1"], "a/b", "1"], ["r"], []]
