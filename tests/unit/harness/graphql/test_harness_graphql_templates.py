"""Mapping templates of resolvers: the language, what a template may read and say, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lambdakit.harness.routing.graphql.evaluation.evaluated import Evaluated, ResolverContext, ResolverError
from lambdakit.harness.routing.graphql.evaluation.template_evaluation import evaluate_template

_NOW = datetime(2018, 2, 6, 19, 1, 35, 749_000, tzinfo=UTC)
_CONTEXT = ResolverContext(
    arguments={"id": "7", "title": 'a "b"', "count": 3, "tags": ["x", "y"], "input": {"a": {"b": [1, 2]}}},
    source={"owner": "nadia"},
    identity={"username": "nadia", "claims": {"cognito:groups": ["admins"]}},
    request={"headers": {"x-forwarded-for": "192.0.2.1"}},
    info={"fieldName": "getPost", "parentTypeName": "Query", "variables": {"v": 1}},
    stash={"before": 1},
    prev={"result": {"n": 1}},
    result={"id": "7", "title": "t"},
    error={"message": "broken", "type": "Lambda:Unhandled"},
    env={"TABLE": "posts"},
    out_errors=[{"message": "earlier"}],
)


def _evaluated(template: str, context: ResolverContext = _CONTEXT) -> Evaluated:
    return evaluate_template(template, context, now=_NOW)


def _result(template: str) -> Any:
    evaluated = _evaluated(template)
    assert evaluated.error is None, evaluated.error
    return evaluated.result


class TestDocumentedExamples:
    """Source: AppSync Developer Guide; the page is named at each example."""

    def test_arguments_become_an_item(self) -> None:
        # "DynamoDB helpers in $util.dynamodb"
        template = """{
    "version" : "2017-02-28",
    "operation" : "PutItem",
    "key": { "id" : $util.dynamodb.toDynamoDBJson($ctx.args.id) },

    #set( $myFoo = $util.dynamodb.toMapValues($ctx.args) )
    #set( $myFoo.version = $util.dynamodb.toNumber(1) )
    #set( $myFoo.timestamp = $util.dynamodb.toString($util.time.nowISO8601()))

    "attributeValues" : $util.toJson($myFoo)
}"""

        result = _result(template)

        assert result["key"] == {"id": {"S": "7"}}
        assert result["attributeValues"]["version"] == {"N": 1}
        assert result["attributeValues"]["timestamp"] == {"S": "2018-02-06T19:01:35.749Z"}
        assert result["attributeValues"]["tags"] == {"L": [{"S": "x"}, {"S": "y"}]}

    def test_a_reference_to_nothing_writes_itself_and_a_quiet_one_does_not(self) -> None:
        # "Resolver mapping template programming guide", "Variables"
        assert _result('#set($myValue = 5)"$myValue $somethingelse $!{somethingelse}"') == "5 $somethingelse "

    def test_a_map_says_what_was_there_before(self) -> None:
        # "Resolver mapping template programming guide", "Calling methods"
        template = """#set ($myMap = {})#set ($myList = [])"
$!{myMap.put("id", "first value")}|$!{myMap.put("id", "another value")}|$!{myList.add("something")}
$util.quiet($myMap.put("id", "third"))$util.qr($myList.add("more"))|$myList.size()"
"""
        assert _evaluated(template).text == '"\n|first value|true\n|2"\n'

    def test_loops_know_where_they_are(self) -> None:
        # "Resolver mapping template programming guide", "Loops"
        template = (
            """#set($myMap = {})#foreach($i in [0..5])$util.qr($myMap.put($i, "${i}foo"))#end$util.toJson($myMap)"""
        )
        assert _result(template) == {str(number): f"{number}foo" for number in range(6)}

    def test_a_loop_can_be_left(self) -> None:
        # "Resolver mapping template programming guide", "Loops and conditionals together"
        template = (
            "[#foreach($key in $ctx.args.keySet())#if($foreach.count > 2)#break#end"
            '#if($foreach.count > 1),#end"$key"#end]'
        )
        assert _result(template) == ["id", "title"]

    def test_lists_are_sorted_by_a_property(self) -> None:
        # "List helpers in $util.list"
        template = """$util.toJson($util.list.sortList([{"description":"youngest", "age":5},
{"description":"middle", "age":45}, {"description":"oldest", "age":85}], false, "description"))"""
        assert [each["description"] for each in _result(template)] == ["middle", "oldest", "youngest"]

    def test_a_validation_that_fails_has_its_own_type(self) -> None:
        # "Utility helpers in $util", "Condition validation utils"
        assert _evaluated('$util.validate(false, "no")').error == ResolverError(
            message="no", error_type="CustomTemplateException"
        )
        assert _evaluated('$util.validate(false, "no", "Mine", {"a": 1})').error == ResolverError(
            message="no", error_type="Mine", data={"a": 1}
        )
        assert _result('$util.validate(true, "no"){}') == {}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"$ctx.args.id $context.arguments.id ${ctx.arguments.get("id")}"', "7 7 7"),
        ("$util.toJson($ctx.identity.claims)", {"cognito:groups": ["admins"]}),
        ('$util.toJson($ctx.request.headers.get("x-forwarded-for"))', "192.0.2.1"),
        ("$util.toJson($ctx.info.variables.v)", 1),
        ('"$ctx.env.TABLE"', "posts"),
        ("$util.toJson($ctx.prev.result)", {"n": 1}),
        ("$utils.toJson($ctx.error)", {"message": "broken", "type": "Lambda:Unhandled"}),
        ("$util.toJson($ctx.outErrors)", [{"message": "earlier"}]),
        ("$util.toJson($ctx.source.owner)", "nadia"),
        ("$util.toJson($ctx.nothing)", None),
        ("$util.toJson($ctx.args.input.a.b[1])", 2),
        ('#if($util.isNull($ctx.nothing))"is null"#else"is not"#end', "is null"),
        ("$util.toJson($util.isNullOrEmpty(''))", True),
        ("$util.toJson($util.isNullOrBlank('  '))", True),
        ("$util.toJson($util.isNullOrBlank(' a'))", False),
        ("$util.toJson($util.defaultIfNull($ctx.nothing, 5))", 5),
        ("$util.toJson($util.defaultIfNullOrEmpty('', 'd'))", "d"),
        ("$util.toJson($util.defaultIfNullOrBlank(' ', 'd'))", "d"),
        ("$util.toJson([$util.typeOf($ctx.nothing), $util.typeOf(1), $util.typeOf('')])", ["Null", "Number", "String"]),
        ("$util.toJson([$util.typeOf({}), $util.typeOf([]), $util.typeOf(true)])", ["Map", "List", "Boolean"]),
        ("$util.toJson($util.typeOf($util))", "Object"),
        ("$util.toJson([$util.isString('a'), $util.isNumber('a'), $util.isMap({})])", [True, False, True]),
        ("$util.toJson([$util.isList([]), $util.isBoolean(false)])", [True, True]),
        ("$util.toJson($util.matches('a*b', 'aaaaab'))", True),
        ("$util.toJson($util.parseJson('{\"a\": [1]}').a[0])", 1),
        ("$util.toJson($util.urlDecode($util.urlEncode('a b&c')))", "a b&c"),
        ("$util.toJson($util.base64Decode($util.base64Encode('häuser')))", "häuser"),
        ("$util.toJson($util.escapeJavaScript('it\"s'))", 'it\\"s'),
        ("$util.toJson($util.list.copyAndRetainAll([1, 2, 3, 4, 5], [2, 4]))", [2, 4]),
        ("$util.toJson($util.list.copyAndRemoveAll([1, 2, 3, 4, 5], [2, 4]))", [1, 3, 5]),
        ("$util.toJson($util.map.copyAndRetainAllKeys({'a': 1, 'b': 2}, ['a', 'c']))", {"a": 1}),
        ("$util.toJson($util.map.copyAndRemoveAllKeys({'a': 1, 'b': 2}, ['a', 'c']))", {"b": 2}),
        ("$util.toJson($util.str.toReplace('hello world', 'hello', 'mellow'))", "mellow world"),
        ("$util.toJson($util.str.toUpper('a')) ", "A"),
        ("$util.toJson([$util.math.roundNum(2.5), $util.math.minVal(1, 2), $util.math.maxVal(1, 2)])", [3, 1, 2]),
        ("$util.toJson($util.authType())", "User Pool Authorization"),
        ("#set($l = [1])$l.add(0, 5)$util.toJson($l)", [5, 1]),
        ("#set($m = {'a': 1})$m.putAll({'b': 2})$util.toJson($m)", {"a": 1, "b": 2}),
        ("#macro(twice $x)[$x, $x]#end#twice(3)", [3, 3]),
        ('"#set($a = "x")$a.toUpperCase().concat("y")"', "Xy"),
    ],
)
def test_a_template_reads_and_works_out(template: str, expected: object) -> None:
    assert _result(template) == expected


def test_the_context_is_written_without_the_other_name_of_its_arguments() -> None:
    assert "args" not in _result("$util.toJson($ctx)")


def test_what_a_template_puts_into_arguments_has_both_names() -> None:
    assert _result('$util.qr($ctx.args.put("n", 1))#set($ctx.args.m = 2)$util.toJson($ctx.arguments)')["n"] == 1


class TestEnds:
    def test_return_gives_its_value_and_drops_the_text(self) -> None:
        evaluated = _evaluated('before #if(true)#return({"a": $ctx.args.id})#end after')

        assert (evaluated.result, evaluated.early_return, evaluated.skip_next) == ({"a": "7"}, True, False)
        assert evaluated.text is None

    @pytest.mark.parametrize("template", ["#return", "#{return}x", "#return()", "#return($ctx.nothing)"])
    def test_return_of_nothing_is_null(self, template: str) -> None:
        evaluated = _evaluated(template)

        assert (evaluated.result, evaluated.early_return, evaluated.error) == (None, True, None)

    def test_a_template_that_does_not_return_is_not_early(self) -> None:
        assert not _evaluated("{}").early_return

    def test_an_error_ends_the_template_and_keeps_what_was_said_before(self) -> None:
        evaluated = _evaluated(
            '$util.appendError("first", "A", {"x": 1}, "i")$util.qr($ctx.stash.put("n", 1))'
            '$util.error("second", "B", $ctx.result, {"i": 2})$util.appendError("third")'
        )

        assert evaluated.error == ResolverError(
            message="second", error_type="B", data={"id": "7", "title": "t"}, error_info={"i": 2}
        )
        assert evaluated.appended_errors == (
            ResolverError(message="first", error_type="A", data={"x": 1}, error_info="i"),
        )
        assert evaluated.stash == {"before": 1, "n": 1}

    def test_an_error_needs_no_type(self) -> None:
        assert _evaluated('$util.error("m")').error == ResolverError(message="m")

    def test_unauthorized_names_the_field(self) -> None:
        error = _evaluated("$util.unauthorized()").error

        assert error == ResolverError(
            message="Not Authorized to access getPost on type Query", error_type="Unauthorized"
        )

    def test_the_stash_lives_on(self) -> None:
        assert _evaluated('#set($ctx.stash.x = {"y": [1]})null').stash == {"before": 1, "x": {"y": [1]}}

    def test_the_context_that_was_given_stays_as_it_was(self) -> None:
        _evaluated('$util.qr($ctx.args.put("id", 9))$util.qr($ctx.stash.clear())null')

        assert _CONTEXT.arguments["id"] == "7"
        assert _CONTEXT.stash == {"before": 1}

    @pytest.mark.parametrize("template", ["", "  \n", "#if(false)x#end"])
    def test_a_template_that_writes_nothing_has_no_result_and_no_error(self, template: str) -> None:
        evaluated = _evaluated(template)

        assert (evaluated.result, evaluated.error) == (None, None)
        assert (evaluated.text or "").strip() == ""

    @pytest.mark.parametrize(
        ("template", "message"),
        [
            ('{"a": 1})', "Trailing characters at the end of the JSON string are not allowed."),
            (" # no comment ", "Unable to convert  # no comment  to Object."),
        ],
    )
    def test_the_error_has_the_words_that_clients_report(self, template: str, message: str) -> None:
        assert _evaluated(template).error == ResolverError(message=message, error_type="MappingTemplate")

    @pytest.mark.parametrize("template", ["{", "hello", "{} {}", '{"a": NaN}', '{"a": $nothing}', "[" * 100_000])
    def test_a_text_that_is_no_json_is_an_error_of_the_template(self, template: str) -> None:
        error = _evaluated(template).error

        assert error is not None
        assert error.error_type == "MappingTemplate"

    @pytest.mark.parametrize(
        "template",
        [
            "#if(",
            "#foreach($x in)",
            "#set($x)",
            "#include('a')",
            "#parse('a')",
            '#evaluate("x")',
            "$util.parseJson('{')",
        ],
    )
    def test_a_template_that_cannot_be_worked_out_is_an_error_of_the_template(self, template: str) -> None:
        error = _evaluated(template).error

        assert error is not None
        assert error.error_type == "MappingTemplate"


class TestSaid:
    def test_logs_fill_their_places(self) -> None:
        evaluated = _evaluated('$util.log.info("a {} b {} {}", 1, {"c": 2})$util.log.error($ctx.args.tags)null')

        assert evaluated.logs == ("a 1 b {c=2} {}", '["x","y"]')

    def test_extensions_reach_the_api(self) -> None:
        evaluated = _evaluated(
            '$extensions.setSubscriptionFilter($util.transform.toSubscriptionFilter({"a": {"eq": 1}}))'
            '$extensions.setSubscriptionInvalidationFilter({"filterGroup": []})'
            '$extensions.invalidateSubscriptions({"subscriptionField": "onX", "payload": {"a": 1}})'
            '$extensions.evictFromApiCache("Query", "allClasses", {"context.arguments.id": 1})null'
        )

        assert evaluated.subscription_filter == {
            "filterGroup": [{"filters": [{"fieldName": "a", "operator": "eq", "value": 1}]}]
        }
        assert evaluated.subscription_invalidation_filter == {"filterGroup": []}
        assert evaluated.subscription_invalidations == ({"subscriptionField": "onX", "payload": {"a": 1}},)
        assert evaluated.cache_evictions == (
            {"typeName": "Query", "fieldName": "allClasses", "keys": {"context.arguments.id": 1}},
        )

    def test_five_different_invalidations_are_the_most(self) -> None:
        call = "$extensions.invalidateSubscriptions({{'subscriptionField': 'on{}', 'payload': {{}}}})"
        five = "".join(call.format(number) for number in (1, 2, 3, 4, 5, 5))

        assert _evaluated(f"{five}null").error is None
        assert _evaluated(f"{five}{call.format(6)}null").error is not None

    def test_response_headers_that_may_not_be_are_errors(self) -> None:
        # "HTTP helpers in $util.http"
        evaluated = _evaluated(
            '$util.http.addResponseHeader("itemsCount", 7)$util.http.addResponseHeaders({"a": {"b": 1}, "Vary": "x"})'
            '$util.http.addResponseHeader("x-amz-id", "1")$util.http.addResponseHeader("", "1")'
            '$util.http.addResponseHeader("n", $ctx.nothing)$util.http.addResponseHeader("ITEMSCOUNT", "8")null'
        )

        assert evaluated.http_headers == (("ITEMSCOUNT", "8"), ("a", '{"b":1}'))
        assert [each.error_type for each in evaluated.appended_errors] == ["ResponseHeaderError"] * 4

    def test_response_headers_are_four_kilobytes_at_most(self) -> None:
        fitting = _evaluated(f'$util.http.addResponseHeader("a", "{"x" * 4095}")null')
        over = _evaluated(f'$util.http.addResponseHeader("a", "{"x" * 4096}")null')

        assert len(fitting.http_headers) == 1
        assert (over.http_headers, len(over.appended_errors)) == ((), 1)

    def test_a_header_cannot_begin_another(self) -> None:
        evaluated = _evaluated('$util.http.addResponseHeader("a", "x\r\nb: y")null')

        assert evaluated.http_headers == (("a", "x b: y"),)

    def test_restricted_request_headers_are_not_copied(self) -> None:
        template = "$util.toJson($util.http.copyHeaders({'Host': 'h', 'te': 'x', 'Accept': 'a'}))"
        assert _result(template) == {"Accept": "a"}
