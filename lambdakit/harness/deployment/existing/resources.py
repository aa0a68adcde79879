"""Makes what a template names by an id that AWS draws, besides networks, before the template's own resources.

Each is as a new one of its kind is: a symmetric key with the default key policy, an issued certificate, an empty zone,
a user pool without users, an internet-facing load balancer whose listeners answer 404. They stay when the stack goes,
as what was there before does; they go when the change fails that made them. A secret and a table's stream are the
user's own, which get the end of the ARN that the template names.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from lambdakit.assembly.look_ups import LookUps
from lambdakit.errors import Diagnostic
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.existing.drawn import (
    CERTIFICATE,
    KEY,
    LISTENER,
    LOAD_BALANCER,
    SECRET,
    STREAM,
    USER_POOL,
    ZONE,
    Drawn,
)
from lambdakit.harness.deployment.existing.mentions import Mentions
from lambdakit.harness.deployment.existing.networks import ExistingNetworks, Tell
from lambdakit.harness.deployment.undo import UndoLog
from lambdakit.harness.moto_state.wanted_resources import (
    forget_key,
    rename_certificate,
    rename_key,
    rename_listener,
    rename_load_balancer,
    rename_secret,
    rename_table_stream,
    rename_user_pool,
    rename_zone,
)
from lambdakit.harness.moto_state.writes import count_write

_UNKNOWN_DOMAIN = "example.com"
_NOT_FOUND = (
    *("NotFoundException", "ResourceNotFoundException", "NoSuchHostedZone"),
    *("LoadBalancerNotFound", "ListenerNotFound", "CertificateNotFound"),
)
_NOBODY = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}


class ExistingResources:
    """Makes resources in one account.

    networks: for what has to stand in one. listen: serves a listener, given its ARN. undo, tell: as for networks.
    """

    def __init__(
        self,
        account: Account,
        *,
        account_id: str,
        networks: ExistingNetworks,
        listen: Callable[[str], None],
        undo: UndoLog,
        tell: Tell,
    ) -> None:
        self._account = account
        self._account_id = account_id
        self._networks = networks
        self._listen = listen
        self._undo = undo
        self._tell = tell
        self._makers: Mapping[str, Callable[[Drawn, LookUps, str], None]] = {
            KEY: self._key,
            CERTIFICATE: self._certificate,
            ZONE: self._zone,
            USER_POOL: self._user_pool,
            LOAD_BALANCER: self._load_balancer,
            LISTENER: self._listener,
            SECRET: self._secret,
            STREAM: self._stream,
        }

    def make(self, drawn: Sequence[Drawn], look_ups: LookUps, mentions: Mentions) -> None:
        """Makes what is named and not there. mentions: the networks that are named beside it."""
        vpc = next(iter(mentions.vpcs), "")
        for each in drawn:
            self._makers[each.type](each, look_ups, vpc)

    def _client(self, service: str, drawn: Drawn) -> Any:
        return self._account.client(service, drawn.region, self._account_id)

    def _place(self, drawn: Drawn) -> dict[str, str]:
        return {"account_id": self._account_id, "region": drawn.region}

    def _key(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del look_ups, vpc
        kms = self._client("kms", drawn)
        if self._is_there(kms.describe_key, KeyId=drawn.id):
            return
        made = kms.create_key(Description=f"Stands for {drawn.id}, which was there before")["KeyMetadata"]["KeyId"]
        rename_key(made, drawn.id, **self._place(drawn))
        self._undo.add(functools.partial(forget_key, drawn.id, **self._place(drawn)))
        self._told(drawn, "a symmetric key that the account's IAM policies decide about")

    def _certificate(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del look_ups, vpc
        acm = self._client("acm", drawn)
        if self._is_there(acm.describe_certificate, CertificateArn=drawn.id):
            return
        domain = drawn.domain or _UNKNOWN_DOMAIN
        made = acm.request_certificate(DomainName=domain)["CertificateArn"]
        rename_certificate(made, drawn.id, **self._place(drawn))
        self._takes_back(acm.delete_certificate, CertificateArn=drawn.id)
        self._told(drawn, f"issued for {domain}")

    def _zone(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del vpc
        route53 = self._client("route53", drawn)
        if self._is_there(route53.get_hosted_zone, Id=drawn.id):
            return
        told = look_ups.zones.get(drawn.id)
        name = told or drawn.domain or _UNKNOWN_DOMAIN
        made = route53.create_hosted_zone(Name=name, CallerReference=drawn.id)["HostedZone"]["Id"]
        rename_zone(made.rpartition("/")[2], drawn.id, account_id=self._account_id)
        self._takes_back(route53.delete_hosted_zone, Id=drawn.id)
        self._told(drawn, f"the public zone {name}", assumed=told is None)

    def _user_pool(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del look_ups, vpc
        cognito = self._client("cognito-idp", drawn)
        if self._is_there(cognito.describe_user_pool, UserPoolId=drawn.id):
            return
        made = cognito.create_user_pool(PoolName=f"stands-for-{drawn.id}")["UserPool"]["Id"]
        rename_user_pool(made, drawn.id, **self._place(drawn))
        self._takes_back(cognito.delete_user_pool, UserPoolId=drawn.id)
        self._told(drawn, "a pool with the default settings and without users")

    def _load_balancer(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        elb = self._client("elbv2", drawn)
        if self._is_there(elb.describe_load_balancers, LoadBalancerArns=[drawn.id]):
            return
        name = drawn.id.split("/")[-2]
        made = elb.create_load_balancer(
            Name=name, Subnets=self._public_subnets(drawn, look_ups, vpc), Type="application"
        )
        rename_load_balancer(made["LoadBalancers"][0]["LoadBalancerArn"], drawn.id, **self._place(drawn))
        count_write()
        self._takes_back(elb.delete_load_balancer, LoadBalancerArn=drawn.id)
        self._told(drawn, "internet-facing, in two public subnets")

    def _listener(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        elb = self._client("elbv2", drawn)
        if self._is_there(elb.describe_listeners, ListenerArns=[drawn.id]):
            return
        balancer = drawn.id.rpartition("/")[0].replace(":listener/", ":loadbalancer/")
        self._load_balancer(Drawn(type=LOAD_BALANCER, id=balancer, region=drawn.region), look_ups, vpc)
        made = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[_NOBODY])
        drawn_arn = made["Listeners"][0]["ListenerArn"]
        rename_listener(drawn_arn, drawn.id, balancer=balancer, **self._place(drawn))
        self._takes_back(elb.delete_listener, ListenerArn=drawn.id)
        self._listen(drawn.id)
        self._told(drawn, "HTTP on port 80, and 404 for what no rule is for")

    def _secret(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del look_ups, vpc
        name = drawn.id.partition(":secret:")[2].rpartition("-")[0]
        if self._account.holds_anything_of("secretsmanager") and rename_secret(name, drawn.id, **self._place(drawn)):
            self._told(drawn, f"the secret {name} that is here")

    def _stream(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> None:
        del look_ups, vpc
        table, _, label = drawn.id.partition(":table/")[2].partition("/stream/")
        if self._account.holds_anything_of("dynamodb") and rename_table_stream(table, label, **self._place(drawn)):
            self._told(drawn, f"the stream of the table {table} that is here")

    def _public_subnets(self, drawn: Drawn, look_ups: LookUps, vpc: str) -> list[str]:
        """Two public subnets of the VPC, made for the balancer."""
        digest = hashlib.sha256(drawn.id.encode()).hexdigest()
        names = {f"subnet-{digest[index * 17 : index * 17 + 17]}": index for index in range(2)}
        beside = {vpc: frozenset(names), **dict.fromkeys(names, frozenset({vpc}))} if vpc else {}
        mentions = Mentions(vpcs={vpc: 0} if vpc else {}, subnets=names, public=frozenset(names), beside=beside)
        self._networks.make(mentions, look_ups)
        return list(names)

    def _told(self, drawn: Drawn, text: str, *, assumed: bool = True) -> None:
        how = "as assumed" if assumed else "as cdk.context.json tells"
        self._tell(drawn.type, drawn.id, assumed, f"{how}: {text}")

    @staticmethod
    def _is_there(read: Callable[..., Any], **arguments: Any) -> bool:
        try:
            read(**arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return False
            raise
        return True

    def _takes_back(self, delete: Callable[..., Any], **arguments: str) -> None:
        self._undo.add(functools.partial(_deleted, delete, arguments))


def _deleted(delete: Callable[..., Any], arguments: Mapping[str, str]) -> Diagnostic | None:
    try:
        delete(**arguments)
    except ClientError as error:
        return Diagnostic(problem=f"what stood for something existing could not be deleted: {error}", code="LK321")
    return None
