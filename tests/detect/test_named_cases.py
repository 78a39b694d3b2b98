"""Cases with a name, through the whole pipeline with the built-in rules: each is masked whole, and nothing else is."""

import json

import pytest

from scrubber.core.quarantine import Quarantine
from scrubber.detect.pipeline import Scrubber
from scrubber.detect.rules.load import builtin_rules
from scrubber.detect.rules.ready import ready_tier
from scrubber.detect.texts import TextPipeline
from scrubber.policies import load_policy
from tests.detect.names import Names

CARD = "4111111111111111"
PEM = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\nbm90IGEga2V5\n-----END PRIVATE KEY-----"


def otlp(key, *values):
    """An attribute of OTLP: of one text, or of further attributes."""
    inner = {"kvlistValue": {"values": list(values)}} if isinstance(values[0], dict) else {"stringValue": values[0]}
    return {"key": key, "value": inner}


CASES = {
    "a card number under a telling key": (f'{{"card":{CARD}}}', '{"card":"<CREDIT_DEBIT_CARD>"}'),
    "a social security number under a telling key": ('{"ssn":123456789}', '{"ssn":"<SSN>"}'),
    "a password with an escaped quote": (r'{"password":"ab\"cd"}', '{"password":"<PASSWORD>"}'),
    "both values of a duplicated key": (
        '{"password":"one1","n":1,"password":"two2"}',
        '{"password":"<PASSWORD>","n":1,"password":"<PASSWORD>"}',
    ),
    "JSON in a string in JSON": (
        json.dumps({"a": json.dumps({"b": json.dumps({"mail": "bob@mail.example"})})}),
        json.dumps({"a": json.dumps({"b": json.dumps({"mail": "<EMAIL>"})})}),
    ),
    "an escaped @": (r'{"m":"bob\u0040mail.example"}', '{"m":"<EMAIL>"}'),
    "a percent-encoded @": ("GET /?to=bob%40mail.example&x=1", "GET /?to=<EMAIL>&x=1"),
    "two addresses with a comma between them": ("a@mail.example,b@mail.example", "<EMAIL>,<EMAIL>"),
    "an IPv6 address with a port": ("from [2001:db8::1]:443", "from [<IPV6>]:443"),
    "a token with its scheme": ("Authorization: Token h7Gk2pQx", "Authorization: <API_KEY>"),
    "a token with its scheme in JSON": ('{"Authorization":"Token h7Gk2pQx"}', '{"Authorization":"<API_KEY>"}'),
    "a quote inside an unquoted password": ('password=a"b7K2 next', "password=<PASSWORD> next"),
    "brackets inside an unquoted password": ("password=(x)h7G2 next", "password=<PASSWORD> next"),
    "a long option": ("tool --password h7Gk2pQx -v", "tool --password <PASSWORD> -v"),
    "a short option of a database client": ("mysql -ph7Gk2pQx shop", "mysql -p<PASSWORD> shop"),
    "a quoted password before another": (
        json.dumps({"a": 'user=x password="h7 k"', "password": "h7Gk2pQx", "n": 1}),
        json.dumps({"a": 'user=<USER_NAME> password="<PASSWORD>"', "password": "<PASSWORD>", "n": 1}),
    ),
    "a password behind a placeholder of ours": (
        '{"a":"password: <PASSWORD>","password":"h7Gk2pQx"}',
        '{"a":"password: <PASSWORD>","password":"<PASSWORD>"}',
    ),
    "a password behind a text that ends in a key": (
        json.dumps({"a": 'x "password":', "password": "h7Gk2pQx"}),
        json.dumps({"a": 'x "password":', "password": "<PASSWORD>"}),
    ),
    "a multi-line element of XML": ("<password>\n  h7Gk2pQx\n</password>", "<password>\n  <PASSWORD>\n</password>"),
    "an element of XML": ("<password>h7Gk2pQx</password>", "<password><PASSWORD></password>"),
    "SQL": ("create user x identified by 'h7Gk2pQx';", "create user x identified by '<PASSWORD>';"),
    "prose": ("the password is h7Gk2pQx now", "the password is <PASSWORD> now"),
    "a PEM block over several lines": (f"key:\n{PEM}\nend", "key:\n<PRIVATE_KEY>\nend"),
    "a PEM block in JSON": (json.dumps({"pem": PEM, "n": 1}), '{"pem": "<PRIVATE_KEY>", "n": 1}'),
    "a card in groups of four": ("paid by 4111-1111-1111-1111", "paid by <CREDIT_DEBIT_CARD>"),
    "a list under a telling key": (
        '{"passwords":["h7Gk2pQx","b9b9b9"]}',
        '{"passwords":["<PASSWORD>","<PASSWORD>"]}',
    ),
    "an object under a telling key": (
        '{"password":{"old":"h7Gk2pQx","new":["b9b9b9",{"n":"c3c3c3","on":true}]},"n":1}',
        '{"password":{"old":"<PASSWORD>","new":["<PASSWORD>",{"n":"<PASSWORD>","on":true}]},"n":1}',
    ),
    "an object under a telling key, with escapes": (
        r'{"password":{"v":"ab\"cd","w":"e\\f1"},"n":"it\u0027s 1"}',
        r'{"password":{"v":"<PASSWORD>","w":"<PASSWORD>"},"n":"it\u0027s 1"}',
    ),
    "numbers in an object under a telling key": (
        f'{{"card":{{"number":{CARD},"kind":"debit"}},"ssn":{{"value":123456789}}}}',
        '{"card":{"number":"<CREDIT_DEBIT_CARD>","kind":"debit"},"ssn":{"value":"<SSN>"}}',
    ),
    "an object under a telling key, over several lines": (
        json.dumps({"secret": {"a": "h7Gk2pQx"}, "n": 1}, indent=4),
        json.dumps({"secret": {"a": "<API_KEY>"}, "n": 1}, indent=4),
    ),
    "an object under a telling key, in a line": (
        "INFO got {'password': {'v': 'h7Gk2pQx'}} from x",
        "INFO got {'password': {'v': '<PASSWORD>'}} from x",
    ),
    "a long option of a database client": (
        "mysql -u x --password h7Gk2pQx shop",
        "mysql -u <USER_NAME> --password <PASSWORD> shop",
    ),
    "an IPv6 address with a port and no brackets": ("haproxy: 2001:db8::12:58430 [x]", "haproxy: <IPV6>:58430 [x]"),
    "a password with the name of its scheme": ("password={noop}h7Gk2pQx end", "password=<PASSWORD> end"),
    "the addresses of a packet": (
        "MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 LEN=40",
        "MAC=<MAC_ADDRESS> LEN=40",
    ),
    "an attribute of OTLP": (
        '{"attributes":[{"key":"password","value":{"stringValue":"h7Gk2pQx"}}]}',
        '{"attributes":[{"key":"password","value":{"stringValue":"<PASSWORD>"}}]}',
    ),
    "a list in an attribute of OTLP": (
        '{"key":"pwd","value":{"arrayValue":{"values":[{"stringValue":"h7Gk2pQx"},{"intValue":"7777"}]}}}',
        '{"key":"pwd","value":{"arrayValue":{"values":[{"stringValue":"<PASSWORD>"},{"intValue":"<PASSWORD>"}]}}}',
    ),
    "attributes within an attribute of OTLP": (
        '[{"key":"a","value":{"kvlistValue":{"values":[{"key":"password","value":{"stringValue":"h7Gk2pQx"}}]}}}]',
        '[{"key":"a","value":{"kvlistValue":{"values":[{"key":"password","value":{"stringValue":"<PASSWORD>"}}]}}}]',
    ),
    "every entry of a list of attributes under a telling one of OTLP": (
        json.dumps(otlp("password", otlp("old", "h7Gk2pQx"), otlp("new", "b9b9b9"))),
        json.dumps(otlp("password", otlp("old", "<PASSWORD>"), otlp("new", "<PASSWORD>"))),
    ),
    "a list of attributes of OTLP in a string": (
        json.dumps({"a": json.dumps(otlp("password", otlp("old", 'h7"k'), otlp("new", "b9b9b9"))), "n": 1}),
        json.dumps({"a": json.dumps(otlp("password", otlp("old", "<PASSWORD>"), otlp("new", "<PASSWORD>"))), "n": 1}),
    ),
    "a value before its name": (
        r'[{"value":"h7"k,"2","in":"body","name":"password"},{"value":"b9","name":"n"}]',
        '[{"value":"<PASSWORD>","in":"body","name":"password"},{"value":"b9","name":"n"}]',
    ),
    "columns of SQL": (
        "INSERT INTO t (user, password) VALUES ('x1', 'h7Gk2pQx'), ('y1', 'b9');",
        "INSERT INTO t (user, password) VALUES ('<USER_NAME>', '<PASSWORD>'), ('<USER_NAME>', '<PASSWORD>');",
    ),
    "columns of SQL, values without quotes": (
        "INSERT INTO t (id, ssn, api_key) VALUES (7, 123456789, h7Gk2pQx)",
        "INSERT INTO t (id, ssn, api_key) VALUES (7, <SSN>, <API_KEY>)",
    ),
    "columns of SQL in JSON, cut off": (
        '{"q":"insert into t (n, `password`) values (1, \'h7 Gk2pQx","n":1}',
        '{"q":"insert into t (n, `password`) values (1, \'<PASSWORD>","n":1}',
    ),
    "columns of SQL, values as parameters": (
        "[SQL: INSERT INTO t (n, password) VALUES (?, ?)]\n[parameters: (1, 'h7Gk2pQx')]",
        "[SQL: INSERT INTO t (n, password) VALUES (?, ?)]\n[parameters: (1, '<PASSWORD>')]",
    ),
    "parameters of a statement": (
        "execute a: UPDATE t SET ssn = $1 WHERE last_name = $2\nDETAIL:  parameters: $1 = '123456789', $2 = 'Lee'",
        "execute a: UPDATE t SET ssn = $1 WHERE last_name = $2\nDETAIL:  parameters: $1 = '<SSN>', $2 = '<LAST_NAME>'",
    ),
    "parameters of a statement in JSON": (
        r'{"args":["h7Gk2pQx","Lee",7],"sql":"update \"t\" set \"password\"=? where \"last_name\" = ?"}',
        r'{"args":["<PASSWORD>","<LAST_NAME>",7],"sql":"update \"t\" set \"password\"=? where \"last_name\" = ?"}',
    ),
    "bindings of a statement": (
        "set n=?, password=?\nbinding parameter [1] as [INT] - [7]\nbinding parameter [2] as [VARCHAR] - [h7Gk2pQx]",
        "set n=?, password=?\nbinding parameter [1] as [INT] - [7]\nbinding parameter [2] as [VARCHAR] - [<PASSWORD>]",
    ),
    "conditions of SQL": (
        "WHERE last_name IN ('Lee', 'Cole') AND phone = ANY('{4155550143}') AND ssn LIKE '123456789%'",
        "WHERE last_name IN ('<LAST_NAME>', '<LAST_NAME>') AND phone = ANY('{<PHONE_NUMBER>}') AND ssn LIKE '<SSN>%'",
    ),
    "a hash of Redis": (
        'HSET user:1 last_name Lee password "h7 Gk2pQx" size 7',
        'HSET user:1 last_name <LAST_NAME> password "<PASSWORD>" size 7',
    ),
    "a table": (
        " last_name |   phone    \n-----------+------------\n Lee       | 4155550143\n(1 row)",
        " last_name |   phone    \n-----------+------------\n <LAST_NAME>       | <PHONE_NUMBER>\n(1 row)",
    ),
    "a table with a frame, in JSON": (
        r'{"m":"+----------+\n| password |\n+----------+\n| h7Gk2pQx |\n+----------+","n":1}',
        r'{"m":"+----------+\n| password |\n+----------+\n| <PASSWORD> |\n+----------+","n":1}',
    ),
    "rows below names": (
        'id,last_name,phone\n7,"Lee, Ann",4155550143\n',
        'id,last_name,phone\n7,"<LAST_NAME>",<PHONE_NUMBER>\n',
    ),
    "rows of a dump of SQL": (
        "COPY u (id, email, password, ssn) FROM stdin;\n1\ta@m.example\th7Gk2pQx\t123456789\n2\t\\N\tb9 x\t\\N\n\\.\n",
        "COPY u (id, email, password, ssn) FROM stdin;\n1\t<EMAIL>\t<PASSWORD>\t<SSN>\n2\t\\N\t<PASSWORD>\t\\N\n\\.\n",
    ),
    "rows of a dump of SQL with commas": (
        'COPY u (id, password, ssn) FROM stdin WITH (FORMAT csv);\n1,"h7Gk, ""2p",123456789\n2,"b9 x",\n\\.\n',
        'COPY u (id, password, ssn) FROM stdin WITH (FORMAT csv);\n1,"<PASSWORD>",<SSN>\n2,"<PASSWORD>",\n\\.\n',
    ),
    "rows of a dump of SQL in JSON": (
        r'{"sql":"COPY u (n, password) FROM stdin;\n7\th7Gk2pQx\n\\.\n","n":1}',
        r'{"sql":"COPY u (n, password) FROM stdin;\n7\t<PASSWORD>\n\\.\n","n":1}',
    ),
    "a part of a form": (
        'form-data; name="password"\n\nh7 Gk2pQx\n--b\nform-data; name="ssn"\n\n123456789\n--b--',
        'form-data; name="password"\n\n<PASSWORD>\n--b\nform-data; name="ssn"\n\n<SSN>\n--b--',
    ),
    "a value that a database refuses": (
        "Key (username, ssn)=(h7gk, 123456789) already exists.",
        "Key (username, ssn)=(<USER_NAME>, <SSN>) already exists.",
    ),
    "a patient of HL7 in JSON": (
        r'{"m":"MSH|x\rPID|1||00123456^^^H||LEE^ANN||19800201|F","n":1}',
        r'{"m":"MSH|x\rPID|1||<MEDICAL_RECORD_NUMBER>^^^H||<LAST_NAME>^<FIRST_NAME>||<DATE_OF_BIRTH>|F","n":1}',
    ),
    "a member of a health plan": (
        "NM1*IL*1*LEE*ANN****MI*XYZ123456789~REF*SY*123456789~",
        "NM1*IL*1*<LAST_NAME>*<FIRST_NAME>****MI*<HEALTH_PLAN_BENEFICIARY_NUMBER>~REF*SY*<SSN>~",
    ),
    "a custom field of CEF": (
        "CEF:0|v|p|1|7|n|3|act=x cs1Label=password cs1=h7 Gk2pQx cn1=123456789 cn1Label=SSN",
        "CEF:0|v|p|1|7|n|3|act=x cs1Label=password cs1=<PASSWORD> cn1=<SSN> cn1Label=SSN",
    ),
    "a custom field of CEF in JSON": (
        '{"message":"CEF:0|v|p|1|7|n|3|flexString1=h7Gk2pQx flexString1Label=apiKey","n":1}',
        '{"message":"CEF:0|v|p|1|7|n|3|flexString1=<API_KEY> flexString1Label=apiKey","n":1}',
    ),
    "a quoted local part": ('to "a b"@mail.example now', "to <EMAIL> now"),
    "a quoted local part in JSON": (r'{"to":"\"a b\"@mail.example","n":1}', '{"to":"<EMAIL>","n":1}'),
    "users in a list of objects": (
        '{"user":[{"name":"ann","id":"7"},{"name":"ben"}],"host":[{"name":"gate"}]}',
        '{"user":[{"name":"<USER_NAME>","id":"7"},{"name":"<USER_NAME>"}],"host":[{"name":"gate"}]}',
    ),
    "related users of ECS": (
        '{"related":{"user":["ann","ben cole"],"hosts":["gate"]}}',
        '{"related":{"user":["<USER_NAME>","<USER_NAME>"],"hosts":["gate"]}}',
    ),
    "related users of ECS, flat": ('{"related.user": [ "ann" ]}', '{"related.user": [ "<USER_NAME>" ]}'),
    "values that a program wraps": (
        'User { phone: Some("4155550143"), api_key: Some("q8Zr2LmX0aVt7YbN"), id: Some(7) }',
        'User { phone: Some("<PHONE_NUMBER>"), api_key: Some("<API_KEY>"), id: Some(7) }',
    ),
    "values that a program wraps, without quotes": (
        "Person{phone=Optional[01715551234], x=Optional.empty}",
        "Person{phone=Optional[<PHONE_NUMBER>], x=Optional.empty}",
    ),
    "values of a form of Go": (
        'url.Values{"password":[]string{"h7Gk2pQx"}, "n":[]string{"7"}}',
        'url.Values{"password":[]string{"<PASSWORD>"}, "n":[]string{"7"}}',
    ),
    "a dump of an array of PHP": (
        '["first_name"]=> string(3) "Ann" ["phone":protected]=> string(10) "4155550143"',
        '["first_name"]=> string(3) "<FIRST_NAME>" ["phone":protected]=> string(10) "<PHONE_NUMBER>"',
    ),
    "pairs of names and values": (
        "OrderedDict([('phone', '4155550143'), ('last_name', 'Lee'), ('size', '7')])",
        "OrderedDict([('phone', '<PHONE_NUMBER>'), ('last_name', '<LAST_NAME>'), ('size', '7')])",
    ),
    "binds of a statement": (
        'WHERE phone = $1 LIMIT $2 [["phone", "4155550143"], ["LIMIT", 1]]',
        'WHERE phone = $1 LIMIT $2 [["phone", "<PHONE_NUMBER>"], ["LIMIT", 1]]',
    ),
    "a patch of JSON": (
        '[{"op":"replace","path":"/password","value":"h7Gk2pQx"},{"op":"add","path":"/n","value":"7"}]',
        '[{"op":"replace","path":"/password","value":"<PASSWORD>"},{"op":"add","path":"/n","value":"7"}]',
    ),
    "a value that a form refuses": (
        "Field error in object 'user' on field 'phone': rejected value [4155550143]; codes [x]",
        "Field error in object 'user' on field 'phone': rejected value [<PHONE_NUMBER>]; codes [x]",
    ),
    "a value that a form refuses, in JSON": (
        '{"field":"lastName","rejectedValue":"Lee"}',
        '{"field":"lastName","rejectedValue":"<LAST_NAME>"}',
    ),
    "a line that was scrubbed before": ("password=<PASSWORD> for now", "password=<PASSWORD> for now"),
}

NOT_CASES = [
    *("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123+01:00", "2026-03-01 12:00:00,123", "2026/03/01 12:00:00"),
    *("01/Mar/2026:12:00:00 +0000", "Mar  1 12:00:00", "Sun Mar  1 12:00:00 2026", "20260301120000", "12:00:00.123456"),
    *("03/01/26 12:00 PM", "1772366400", "1772366400123", "v6.1.1.0", "~~10.0.14393.0,", "build 20260301.4 tid=140245"),
    *("550e8400-e29b-41d4-a716-446655440000", "9fceb02d0ae598e95dc970b74767f19372d61af8", "uid=0", "00:11:22:33:44"),
    *(
        "00:00:5e:00:53:01:00:00:5e:00:53:02",
        "00-00-5e-00-53-01-00-00-5e-00-53-02",
        "00005e005301",
        "0000.5e00.5301.0000",
    ),
    *('"account":"123456789012"', "accountId=123456789012"),
    *("account 123456789012", "00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77:88:99", "thread 140494544914112"),
    *("a.Ops$$anonfun$send$extension$1$$anonfun$apply$1.apply(Ops.scala:115)", "A" * 90, "showPwd=1"),
    *("SessionID=1234567890", '"pwd", "appid": 7'),
    *("user,password,email", "['user', 'password', 'email']", '["password", "created_at"]', "user\tpassword\temail"),
    *("[['password', 'email'], ['token', 'phone']]", 'Some("4155550143")'),
    *("SELECT id, password, ssn FROM users", "INSERT INTO users (password, email) VALUES ($1, $2)"),
    *("COPY users (id, password) TO stdout", "COPY users (id, size) FROM stdin;\n1\t7\n\\.\n"),
    *("INSERT INTO t (name, size) VALUES ('x', 7)", "cs1Label=Policy cs1=default", '{"users":["<USER_NAME>"]}'),
    *("hostname=? password=? args=(1,)", "id | phone\n---+------\n(0 rows)", "password IN (SELECT secret FROM t)"),
    *("UPDATE users SET password = $1", '{"password":{"type":"string","minLength":8}}'),
    *("arn:aws:iam::123456789012:role/reader", "price 1299.99 EUR", "size=1048576 bytes", "listening on port 8443"),
]


@pytest.fixture(scope="module")
def scrub():
    policy = load_policy("logs")
    pipeline = TextPipeline(ready_tier(builtin_rules()), [Names()])
    scrubber = Scrubber(pipeline, lambda topic: policy, quarantine=Quarantine())

    def scrub(text):
        scrubbed = scrubber.scrub_texts([text.encode()])[0]
        assert scrubbed.reason is None
        return scrubbed.text.decode()

    return scrub


@pytest.mark.parametrize("name", CASES)
def test_named_case(scrub, name):
    text, expected = CASES[name]
    assert scrub(text) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_named_case_scrubbed_again_is_the_same(scrub, name):
    expected = CASES[name][1]
    assert scrub(expected) == expected


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("tail", ["", "...", "}"])
def test_a_named_case_may_be_cut_anywhere(scrub, name, tail):
    """As a limit on the length of lines does it, with or without a mark."""
    text = CASES[name][0]
    for end in range(1, len(text)):
        cut = text[:end] + tail
        assert scrub(scrub(cut)) == scrub(cut)


@pytest.mark.parametrize("quoted", ['"3456', '"123456', '"123456:'])
def test_a_placeholder_is_no_key_of_what_stands_behind_it(scrub, quoted):
    once = scrub('{"otp":"123456' + 4 * quoted + '"}')
    assert once.startswith('{"otp":"<PIN>"')
    assert scrub(once) == once


@pytest.mark.parametrize("gap", ["", "\n  "])
def test_an_element_in_capitals_is_a_key(scrub, gap):
    assert scrub(f"<PASSWORD>{gap}h7Gk2pQx{gap}</PASSWORD>") == f"<PASSWORD>{gap}<PASSWORD>{gap}</PASSWORD>"


@pytest.mark.parametrize("text", NOT_CASES)
@pytest.mark.parametrize("shape", ["{}", "at {} done", '{{"value":"{}"}}'])
def test_left_as_it_is(scrub, text, shape):
    assert scrub(shape.format(text)) == shape.format(text)


def test_a_name_in_the_message_of_a_stack_trace(scrub):
    trace = "E: no account for Ada\n\tat shop.Ada.find(Ada.java:42)\n"
    assert scrub(trace) == "E: no account for <FIRST_NAME>\n\tat shop.Ada.find(Ada.java:42)\n"
