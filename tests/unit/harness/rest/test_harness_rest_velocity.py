"""Mapping templates: the documentation's examples, the language, and what no template may do."""

from __future__ import annotations

import importlib
import json
import time
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.harness.routing.rest.velocity import Params, Rendered, TemplateFailed, render

_PARAMS = Params(
    path={"id": "7", "both": "of the path"},
    querystring={"q": "a b", "both": "of the query"},
    header={"X-Api-Version": "2", "both": "of the header"},
)
_CONTEXT: dict[str, Any] = {
    "requestId": "r-1",
    "stage": "prod",
    "identity": {"sourceIp": "192.0.2.1", "userArn": None},
    "authorizer": MappingProxyType({"principalId": "user", "claims": {"sub": "s", "cognito:groups": "a"}}),
}
_PHOTOS = {
    "photos": {
        "page": 1,
        "photo": [
            {"id": "1", "title": "one", "ispublic": 1},
            {"id": "2", "title": 'two "quoted"', "ispublic": 0},
        ],
    }
}


def _render(template: str, body: object = "") -> Rendered:
    text = body if isinstance(body, str) else json.dumps(body)
    return render(template, body=text, params=_PARAMS, context=_CONTEXT, stage_variables={"url": "example.com"})


def _text(template: str, body: object = "") -> str:
    return _render(template, body).text


class TestDocumentedExamples:
    """Source: API Gateway Developer Guide; the page is named at each example."""

    def test_all_parameters_go_through_a_payload(self) -> None:
        # "Examples using variables for mapping template transformations", example 2
        template = """
#set($allParams = $input.params())
{
  "params" : {
    #foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
    "$type" : {
      #foreach($paramName in $params.keySet())
      "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
      #if($foreach.hasNext),#end
      #end
    }
    #if($foreach.hasNext),#end
    #end
  }
}"""

        told = json.loads(_text(template))["params"]

        assert told == {
            "path": dict(_PARAMS.path),
            "querystring": dict(_PARAMS.querystring),
            "header": dict(_PARAMS.header),
        }

    def test_a_subsection_of_the_payload_is_passed(self) -> None:
        # the same page, examples 3 and 4
        template = """{"name" : "$input.params('q')", "body" : $input.json('$.mykey')}"""

        assert _text(template, {"mykey": {"a": [1, None, True]}, "other": 1}) == (
            '{"name" : "a b", "body" : {"a":[1,null,true]}}'
        )

    def test_objects_are_gone_through(self) -> None:
        # "Mapping template transformations for REST APIs in API Gateway" and its photos example
        template = """#set($inputRoot = $input.path('$'))
{"photos": [
#foreach($elem in $inputRoot.photos.photo)
  {"id": "$elem.id", "title": "$util.escapeJavaScript($elem.title)", "public": $elem.ispublic}#if($foreach.hasNext),#end
#end
]}"""

        assert json.loads(_text(template, _PHOTOS)) == {
            "photos": [
                {"id": "1", "title": "one", "public": 1},
                {"id": "2", "title": 'two "quoted"', "public": 0},
            ]
        }

    def test_requests_and_responses_are_overridden(self) -> None:
        # "Override your API's request and response parameters and status codes for REST APIs in API Gateway"
        template = """
#set($context.requestOverride.path.itemId = $input.params('id'))
#set($context.requestOverride.header.header1 = "$input.params('X-Api-Version')-a")
#set($context.requestOverride.querystring['a-b'] = 5)
#set($context.responseOverride.header.hName = "x")
#set($context.responseOverride.header.Access-Control-Allow-Origin = "*")
#if($input.path('$.code') != 200)#set($context.responseOverride.status = $input.path('$.code'))#end"""

        rendered = _render(template, {"code": 404})

        assert rendered.request == {"path": {"itemId": "7"}, "header": {"header1": "2-a"}, "querystring": {"a-b": 5}}
        assert rendered.response_headers == {"hName": "x", "Access-Control-Allow-Origin": "*"}
        assert rendered.response_status == 404

    def test_escaped_quotes_are_taken_back(self) -> None:
        # "Variables for data transformations", `$util.escapeJavaScript`
        assert _text("""$util.escapeJavaScript($input.body).replaceAll("\\\\'","'")""", "it's") == "it's"


class TestVariables:
    @pytest.mark.parametrize(
        ("template", "text"),
        [
            ("$input.params('both')", "of the path"),
            ("$input.params('q')", "a b"),
            ("$input.params('x-api-version')", "2"),
            ("[$input.params('none')]", "[]"),
            ("$input.params().header.get('X-Api-Version')", "2"),
            ("$input.params().path", "{id=7, both=of the path}"),
            ("$context.identity.sourceIp $context.stage", "192.0.2.1 prod"),
            ("[$context.identity.userArn$context.none.at.all]", "[]"),
            ("$context.authorizer.claims.get('cognito:groups')", "a"),
            ("$context.authorizer.claims['sub']", "s"),
            ("https://${stageVariables.url}/$stageVariables.none", "https://example.com/"),
            ("$util.urlEncode('a b&c=é~*')", "a+b%26c%3D%C3%A9%7E*"),
            ("$util.urlDecode('a+b%26')", "a b&"),
            ("$util.base64Encode('héllo')", "aMOpbGxv"),
            ("$util.base64Decode('aMOpbGxv')", "héllo"),
            ("""$util.escapeJavaScript('a"b/c\\d')""", 'a\\"b\\/c\\\\d'),
            ("$util.escapeJavaScript('é')", "\\u00E9"),
            ("$util.escapeJavaScript($none)", ""),
            ("$util.parseJson('[1,2]')[1]", "2"),
            ("$util.none('a')", ""),
        ],
    )
    def test_a_variable_gives_its_value(self, template: str, text: str) -> None:
        assert _text(template) == text

    @pytest.mark.parametrize(
        ("body", "template", "text"),
        [
            ("", "$input.json('$')", "{}"),
            ("", "$input.body|$input.path('$.a')", "|"),
            ({"a": 1}, "$input.body", '{"a": 1}'),
            ({"a": {"b": [1, 2.5, {"c": None}]}}, "$input.json('$.a')", '{"b":[1,2.5,{"c":null}]}'),
            ({"a": 1}, "$input.json('$.none')", '""'),
            ({"a": "x"}, "$input.json('$.a') $input.path('$.a')", '"x" x'),
            ({"a": {"b": 1}}, "$input.path('$.a')", "{b=1}"),
            ({"a": [1, {"b": "c"}]}, "$input.path('$.a')", '[1,{"b":"c"}]'),
            ({"a": [{"b": 1}, {"b": 2}]}, "$input.json('$.a[*].b') $input.json('$..b')", "[1,2] [1,2]"),
            ({"a": [{"b": 1}, {"b": 2}]}, "$input.json('$.a[?(@.b > 1)]')", '[{"b":2}]'),
            ({"a": [1, 2, 3]}, "$input.path('$.a[-1]') $input.json('$.a[0:2]')", "3 [1,2]"),
            ({"a b": {"c.d": 1}}, "$input.path(\"$['a b']['c.d']\")", "1"),
            ("no json", "$input.json('$') $input.path('$.a')", '"no json" '),
            ('"text"', "$input.path('$')", "text"),
            ({"a": "é€😀"}, "$input.json('$')", '{"a":"é€😀"}'),
            ({"a": 1}, "#set($b = $input.path('$'))#set($b.c = \"x\")$input.json('$')", '{"a":1,"c":"x"}'),
        ],
    )
    def test_the_payload_is_read(self, body: object, template: str, text: str) -> None:
        assert _text(template, body) == text

    def test_the_callers_context_stays_as_it_was(self) -> None:
        before = repr(_CONTEXT)

        _render("#set($context.authorizer.principalId = 'other')#set($context.identity.x = 1)")

        assert repr(_CONTEXT) == before


class TestLanguage:
    """Source: Apache Velocity Engine 1.7, "VTL Reference Guide", "User Guide"."""

    @pytest.mark.parametrize(
        ("template", "text"),
        [
            ("#set($a = 'x')$a ${a}b $!a $!{a}", "x xb x x"),
            ("[$none][$!none][${none}][$none.a.b()]", "[][][][]"),
            ("#set($a-b_c1 = 'x')$a-b_c1", "x"),
            ("$ 5$ $1 #a #123 a#", "$ 5$ $1 #a #123 a#"),
            ("\\$a", "$a"),
            ("a## comment\nb#* over\nlines *#c", "abc"),
            ("#set($a = 'x')#set($a = $none)$a", "x"),
            ("#set($a = \"b$input.params('id')\")$a", "b7"),
            ("#set($a = '$b')$a", "$b"),
            ("#set($a = 'it''s')$a#set($b = \"a\"\"b\")$b", "it'sa\"b"),
            ("#set($a = '\\n')$a", "\\n"),
            ("#set($a = [1, 'b', [2]])$a $a[1] $a.get(0) $a.size()", '[1,"b",[2]] b 1 3'),
            ("#set($a = {'b': 1, 'c': {'d': 2}})$a.b $a.c.d $a['b'] $a.size()", "1 2 1 2"),
            ("#set($a = [])#if($a.add(1))#end$a", "[1]"),
            ("#set($a = {})#set($a.b = 1)#set($a['c'] = 2)$a", "{b=1, c=2}"),
            ("#set($a = [1, 2])#set($a[0] = 3)$a", "[3,2]"),
            ("#set($a = {'b': 1})#foreach($e in $a.entrySet())$e.key=$e.getValue()#end", "b=1"),
            ("#set($a = {'b': 1})#foreach($v in $a)$v#end", "1"),
            ("#foreach($i in [1..3])$i#end#foreach($i in [2..0])$i#end", "123210"),
            (
                "#foreach($i in [1..2])$foreach.count$foreach.index$foreach.hasNext#if($foreach.last)!#end#end",
                "10true21false!",
            ),
            ("#foreach($i in [1..2])$velocityCount#end#foreach($i in $none)x#end$!i", "12"),
            ("#foreach($i in [1..9])#if($i == 3)#break#end$i#end", "12"),
            ("#foreach($i in [1..3])#set($last = $i)#end$last", "3"),
            ("a#stop b", "a"),
            ("#macro(twice $x)$x$x#end#twice('a')", "aa"),
            ("#define($block)<$id>#end#set($id = 1)$block", "<1>"),
            ("#if($none)a#elseif(false)b#{else}c#end", "c"),
            ("#if('')a#end#if(0)b#end#if([])c#end", "abc"),
            ("#if(!$none && ($none || true))a#end", "a"),
            ("#if($none.x() == 'a' or not true)a#{else}b#end", "b"),
            ("#if(1 == 1.0 && 'a' == \"a\" && 1 == '1' && $none == $nothing)a#end", "a"),
            ("#if(1 != 2 && 2 > 1 && 1 lt 2 && 2 ge 2)a#end#if('a' < 'b')b#end", "a"),
            ("#set($a = 1 + 2 * 3 - 4 / 3 % 2)$a", "6"),
            ("#set($a = (1 + 2) * 3)$a #set($b = 7 / 2)$b #set($c = -7 / 2)$c #set($d = 7.0 / 2)$d", "9 3 -3 3.5"),
            ("#set($a = 'n' + 1 + 1)$a", "n11"),
            ("[#set($a = 1 / 0)$a]", "[]"),
            ("$none.class.name$input.class$input.getClass().forName('java.lang.Runtime')", ""),
        ],
    )
    def test_a_template_is_worked_out(self, template: str, text: str) -> None:
        assert _text(template) == text

    @pytest.mark.parametrize(
        ("call", "text"),
        [
            ("length()", "9"),
            ("contains('llo')", "true"),
            ("startsWith('he').booleanValue()", ""),
            ("substring(2, 4)", "ll"),
            ("substring(6)", "llo"),
            ("indexOf('l')", "2"),
            ("toUpperCase()", "HELLO LLO"),
            ("replace('l', 'L')", "heLLo LLo"),
            ("replaceAll('l+(o)', '<$1>')", "he<o> <o>"),
            ("replaceFirst('l', '')", "helo llo"),
            ("split(' ').size()", "2"),
            ("split(' ')[1]", "llo"),
            ("matches('h.*o')", "true"),
            ("matches('h')", "false"),
            ("equals('hello llo')", "true"),
            ("equalsIgnoreCase('HELLO LLO')", "true"),
            ("isEmpty()", "false"),
            ("empty", "false"),
            ("concat('!').trim()", "hello llo!"),
            ("none('x')", ""),
        ],
    )
    def test_texts_are_javas(self, call: str, text: str) -> None:
        assert _text(f"#set($s = 'hello llo')$s.{call}") == text

    def test_a_loop_ends_after_1000_rounds(self) -> None:
        assert _text("#foreach($i in [1..1500])x#end") == "x" * 1000


class TestRefusals:
    @pytest.mark.parametrize(
        ("template", "problem"),
        [
            ("#set($a = ", "expected an expression"),
            ("#if($a)never ends", "#end"),
            ("${a", "expected }"),
            ("#foreach($a in $b)", "#end"),
            ("a #if b", "not complete"),
            ("#foreach($a of $b)#end", "expected in"),
            ("$input.json('$[')", "bracket without an end"),
            ("$input.json('$.a[?(@.a ~ 1)]')", "filter"),
            ("#set($a = [1])$a[5]", "there is no [5]"),
            ("#set($a = 'x')$a.substring(9)", "substring"),
            ("#set($a = 'x')$a.replaceAll('(', '')", "no regular expression"),
            ("#set($a = 'x')$a.matches('(')", "no regular expression"),
            ("#set($a = 'x')$a.length(1)", "length"),
            ("$util.urlEncode()", "urlEncode"),
            ("$util.base64Decode('a')", "base64Decode"),
            ("#include('/etc/passwd')", "#include"),
            ("#parse('a')", "#include"),
            ("#evaluate('a')", "#include"),
            ("a" * (300 * 1024 + 1), "300 KB"),
        ],
    )
    def test_what_cannot_be_worked_out_is_told(self, template: str, problem: str) -> None:
        with pytest.raises(TemplateFailed, match=problem.replace("[", r"\[")):
            _render(template)

    @pytest.mark.parametrize(
        "template",
        [
            "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end",
            "#set($s = 'aaaaaaaaaa')#foreach($i in [1..60])#set($s = \"$s$s\")#end",
            "#set($s = 'aaaaaaaaaa')#foreach($i in [1..60])#set($s = $s + $s)#end",
            "#set($s = 'aaaaaaaaaa')#foreach($i in [1..60])#set($s = $s.replace('a', $s))#end",
            "#set($s = 'aaaaaaaaaa')#foreach($i in [1..60])#set($s = $s.replaceAll('a', $s))#end",
            "#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
            "#set($l = [1])#foreach($i in [1..60])#if($l.addAll($l))#end#end",
            "#set($m = {})#set($m.m = $m)$m",
            "#set($a = [1])#set($b = [1])#foreach($i in [1..60])#set($a = [$a, $a])#set($b = [$b, $b])#end"
            "#if($a == $b)#end",
            "#set($n = 9)#foreach($i in [1..60])#set($n = $n * $n)#end",
            "#set($r = [1..999999999])",
            "#macro(f)#f()#end#f()",
            "#define($d)$d#end$d",
            "#if(" + "(" * 5000,
            "#set($a = " + "[$a.b(" * 200,
            "#set($a = " + "{" * 5000,
            "#* " * 100_000,
            "#if(1)" * 5000,
        ],
        ids=range(18),
    )
    def test_nothing_takes_for_ever(self, template: str) -> None:
        started = time.process_time()

        with pytest.raises(TemplateFailed):
            _render(template)

        assert time.process_time() - started < 10

    @pytest.mark.parametrize("name", ["__class__", "__init__", "_body", "_work", "template_methods", "__dict__"])
    @pytest.mark.parametrize("thing", ["input", "util", "context", "foreach", "x", "input.params()"])
    def test_nothing_of_pythons_is_reached(self, thing: str, name: str) -> None:
        template = f"#set($x = 'a')#foreach($i in [1])[$!{thing}.{name}$!{thing}.{name}()]#end"

        assert _text(template) == "[]"

    def test_expressions_over_long_texts_are_refused_before_they_run(self) -> None:
        with pytest.raises(TemplateFailed, match="may take too long"):
            _text("$input.body.matches('.*a.*b.*c.*d')", "a" * 100_000)


_PIECES = st.sampled_from(
    [
        *("#if(", "#foreach(", "#set(", "#end", "#else", "#elseif(", "#macro(", "#define(", "#break", "#stop", "##"),
        *("#*", "*#", "$", "${", "$!", "}", "(", ")", "[", "]", "{", ".", ",", "..", " in ", " = ", "==", "&&", "!"),
        *("$input", "$util", "$context", ".json('$')", ".path('$.a')", ".params()", ".body", "$a", "$b", "'", '"'),
        *("1", "-2", "3.5", "true", "null", "'x'", '"y$a"', "\\", "\n", "+", "-", "*", "/", "%", "a", ":", "é"),
        *(".size()", ".get(0)", ".put('a', $a)", ".add($a)", ".replaceAll('a*', $b)", ".escapeJavaScript($a)"),
    ]
)


class TestAnything:
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(template=st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=60), body=st.text(max_size=40))
    def test_no_template_raises_anything_but_its_own_error(self, template: str, body: str) -> None:
        try:
            rendered = _render(template, body)
        except TemplateFailed as failed:
            assert str(failed)
        else:
            assert isinstance(rendered.text, str)

    @settings(max_examples=150, deadline=None)
    @given(path=st.text(alphabet="$.[]*?@'\"()ab01:,-=<>&| ", max_size=20), body=st.text(max_size=20))
    def test_no_path_raises_anything_but_the_templates_error(self, path: str, body: str) -> None:
        quoted = path.replace("'", "''")
        try:
            _text(f"$input.json('{quoted}')$input.path('{quoted}')", body)
        except TemplateFailed as failed:
            assert str(failed)

    @settings(max_examples=100, deadline=None)
    @given(
        document=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        )
    )
    def test_json_gives_back_what_came(self, document: Any) -> None:
        assert json.loads(_text("$input.json('$')", json.dumps(document))) == document


def test_the_library_itself_is_left_as_it_is() -> None:
    _text("$none")

    library: Any = importlib.import_module("airspeed")

    assert library.Template("$none #foreach($i in {'a': 1})$i#end").merge({}) == "$none a"
