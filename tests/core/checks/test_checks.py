"""Every check: what it accepts, what it refuses, and that no bytes whatever make it raise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubber.core.checks import CHECKS, get_check

ACCEPTED = {
    "aba": ["021000021", "0210-0002-1"],
    "authorization": ["Token abc", "Bearer a1b2c3", "a1b2c3d4"],
    "base58check": ["14bX87Wcovoaoof6WiaJz7X8ZjYs1AG2pU"],
    "basic_auth": ["Ym9iOmh1bnRlcjI=", "Ym9iOmh1bnRlcjI"],
    "bech32": ["bc1q5wuevkfkrnysa88df4vdp3ndpcfzn44t2mta2f", "BC1Q5WUEVKFKRNYSA88DF4VDP3NDPCFZN44T2MTA2F"],
    "card": ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "3782 822463 10005", "5555555555554444"],
    "card_track": ["4111111111111111=27121010000", "4111111111111111D2712101"],
    "coordinate": ["52.5163, 13.3777", "-33.8568", "151.2153"],
    "email": ["bob@mail.example", "bob@mail.example.com"],
    "email_international": ["jürgen@mail.example", "bob@bücher.example"],
    "full_name": ["Ada King", "KING, ADA", "Ada de la Cruz"],
    "iban": ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "de89370400440532013000"],
    "luhn": ["4111111111111111", "49-015420-485886-6"],
    "nif": ["12345678Z", "X1234567L", "12345678-Z"],
    "nric": ["S1888742H", "s1888742h"],
    "person_name": ["Ada", "O'Neil"],
    "phone_international": ["+12025550143", "+44 20 7946 0958", "+49 30 901820", "+12025550143;ext=12"],
    "phone_local": ["030/901820", "(202) 555-0143", "030/901820 x123456"],
    "phone_north_america": ["202-555-0143", "1-202-555-0143", "202-555-0143 ext. 12"],
    "secret": [
        "hunter2",
        "123456",
        "Passw0rd!",
        'a"b',
        "(x)V",
        "email",
        "new_password",
        "my.pass1",
        "config1",
        "aaaa",
        "V",
    ],
    "secret_mixed": ["Tr0ub4dor", "tr0ub!dor"],
    "secret_pass": ["Tr0ub4dor"],
    "secret_random": ["AAAAa1b2c3d4e5f60718293a4b5c6d7e8f90"],
    "secret_strong": ["a1b2c3d4e5f60718293a4b5c6d7e8f90"],
    "secret_value": ["abcd1234", "abcd"],
    "secret_word": ["hunter2", "V1x9"],
    "ssn": ["123-45-6789", "123456789"],
    "token": ["abcd1234efgh", "AbCdEfGhIjKlMnOpQrStUvWxYz"],
    "user_home": ["bob", "bob.smith"],
    "user_login": ["bob", "bob@mail.example"],
    "user_stated": ["bob", "bob.smith"],
    "user_name": ["bob", "root", "O'Leary", "CORP\\bob"],
    "vin": ["1M8GDM9AXKP092364", "1m8gdm9axkp092364"],
    "stdnum.de.idnr": ["48065271002"],
    "stdnum.br.cpf": ["060.478.263-26"],
}
REFUSED = {
    "aba": ["021000022", "131000021", "02100002", "000000000x"],
    "authorization": ["required", "failed for", "Bearer", "denied by"],
    "base58check": ["14bX87Wcovoaoof6WiaJz7X8ZjYs1AG2pV", "0OIl", ""],
    "basic_auth": ["authentication", "settings", "a"],
    "bech32": ["bc1q5wuevkfkrnysa88df4vdp3ndpcfzn44t2mta2g", "bc1", "1qqqqqq", "bcqqqqqqq"],
    "card": ["4111111111111112", "4111 11 1111 111111 11", "0000000000000000", "411111111111", "9111111111111111"],
    "card_track": ["4111111111111112=2712101", "4111111111111111=2713101", "4111111111111111", ""],
    "coordinate": ["152.5163, 13.3777", "52.5163, 213.3777", "0.000000", ""],
    "email": ["icon@2x.png", "getty@tty1.service"],
    "email_international": ["bob@mail.example", "“bob@mail.example”", "jürgen@mail"],
    "full_name": ["Windows Update", "Platform Team", "Ada's Service", "null", "Hi, I", "Yes, Thanks"],
    "iban": ["DE89370400440532013001", "DE8937", "XX"],
    "luhn": ["4111111111111112", "0000000000", "1111111111"],
    "nif": ["12345678A", "1234567Z", "Z"],
    "nric": ["S1888742A", "A1888742H", "S188"],
    "person_name": ["null", "123", "", "Required", "First name"],
    "phone_international": ["+123456789012", "+1", "1714557600", "+", "+1 x 2025550143"],
    "phone_local": ["2024-05-01 10", "192.0.2.17", "1111111", "123", "030 ext. 901820"],
    "phone_north_america": ["911-555-0143", "211-555-0143", "222-222-2222", "555", "911-555-0143 x12"],
    "secret": [
        *("0", "1", "", "null", "***", "xxxx", "____", "<PASSWORD>", "${PW}", "incorrect.", "{{ pw }}"),
        *("$1", "@p0", "%s", "varchar(255)", "VALUES(password)", "b.password", "self._token", "process.env.DB_PW"),
    ],
    "secret_mixed": ["hunter2", "SHA256", "test_one", "Authentication", "v1.2.3"],
    "secret_pass": ["12", "12/12", "true", "hunter2"],
    "secret_random": ["A" * 80, "AAAAAAAAAAAAAAAAAAAAA"],
    "secret_strong": ["some_long_configuration_name_here", "12345678901234567890", "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
    "secret_value": ["com.example.Provider()", "abc", "arn:aws:iam::a:b", "id:1234567890", "Word{hash", "null"],
    "secret_word": ["required", "expiring", "null"],
    "ssn": ["000-12-3456", "666-12-3456", "912-34-5678", "123-00-6789", "123-45-0000", "078-05-1120", "12345678"],
    "token": [
        "Word",
        "Word(x)",
        ":Method",
        "123456",
        "1234567890",
        "some-plain-name",
        "com.example.Thing@1a2b",
        "0x14",
    ],
    "user_home": ["Public", "Default User", "shared"],
    "user_login": ["192.0.2.7", "2001:db8::7", "host.mail.example"],
    "user_stated": ["required", "already", "missing", "system", "12"],
    "user_name": ["0", "1000", "null", "<USER_NAME>", "from", "", "123e4567-e89b-12d3-a456-426614174000", "a/b"],
    "vin": ["1M8GDM9A0KP092364", "11111111111111111", "SHORT", "1M8GDM9AXKP09236I"],
    "stdnum.de.idnr": ["48065271000", "x"],
    "stdnum.br.cpf": ["060.478.263-27"],
}
IN_TEXT = {
    "email": (
        ["to «bob@mail.example»", "https://«bob@mail.example»/x", "see https://a.example/ :«bob@mail.example»"],
        ["https://bob:«h7Gk2@mail.example»/x", "redis://:p!«h7Gk2@mail.example»"],
    ),
    "secret": (
        ['"password":"«changed»"', '"password" => "«required»"', "password=«aaaa»"],
        [
            '"password":"«null»"',
            '"password": "«string»"',
            "password=«changed»",
            'password="«changed»"',
            '["password":"«User»":private]=>',
        ],
    ),
    "ipv4": (
        [
            "from «192.0.2.17» port",
            "http://«192.0.2.17»/x",
            "in /«192.0.2.17»:80",
            "IP «192.0.2.17».443 > b",
            "b.51514 > «192.0.2.17».443: Flags",
            "«192.0.2.17»",
        ],
        [
            *("version «6.1.1.0»", "Chrome/«99.0.1.2» Safari", "build: «6.1.1.0»", "is «1.3.6.1».4", "FW=«1.2.3.4»"),
            "<USER_NAME> asked for «1.3.6.1».4",
        ],
    ),
    "ipv6": (
        ["from «2001:db8::1»", "[«2001:db8::1»]:443", "[IPv6:«2001:db8::1»]"],
        ["listen «::»", "«::1»", "std:«:12»:x", "aa:«bb::cc»", "«1::2»", "«00:11:22:33:44:55:66:77»"],
    ),
    "mac": (
        ["at «00:00:5e:00:53:01» x", "«00:00:5e:00:53:01»-eth0", "«00:00:5e:00:53:01»:443", "«0000.5e00.5301».local"],
        ["«00:00:5e:00:53:01»:aa", "«00:00:00:00:00:00»", "«00-00-5e-00-53-01»-02", "«0000.5e00.5301».0000"],
    ),
    "user_name": (
        ["user=<«bob»>", "user=«bob» x"],
        ["ruser=«rhost»=a", "user=<«USER_NAME»>", "user=<«USER_NAME_2»>", '["user":"«Admin»":private]=>'],
    ),
}


def run(name, value):
    raw = value.encode()
    return get_check(name)(raw, raw, 0, len(raw))


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ACCEPTED.items() for value in values])
def test_a_check_accepts_what_is_real(name, value):
    assert run(name, value) is True


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_a_check_refuses_what_only_looks_real(name, value):
    assert run(name, value) is False


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (name, text, real)
        for name, both in IN_TEXT.items()
        for texts, real in zip(both, (True, False), strict=True)
        for text in texts
    ],
)
def test_a_check_looks_at_the_neighbours_of_a_value(name, text, wanted):
    before, value, after = (part.encode() for part in text.replace("»", "«").split("«"))
    assert bool(get_check(name)(value, before + value + after, len(before), len(before + value))) is wanted


def test_every_check_has_its_cases():
    assert set(CHECKS) <= set(ACCEPTED) | set(IN_TEXT)
    assert set(ACCEPTED) <= set(REFUSED)


def test_a_number_that_the_library_stumbles_over_is_covered():
    """It raises KeyError for a county that it does not know."""
    assert run("stdnum.cn.ric", "110001198001020010") is True


@given(st.sampled_from([*sorted(CHECKS), "stdnum.de.idnr", "stdnum.se.personnummer"]), st.binary(max_size=40))
def test_no_bytes_make_a_check_raise(name, value):
    get_check(name)(value, b"x" + value + b"y", 1, 1 + len(value))


@given(st.text("0123456789", min_size=12, max_size=18))
def test_one_changed_digit_breaks_a_luhn_sum(number):
    full = next(number + digit for digit in "0123456789" if _sum(number + digit) % 10 == 0)
    if len(set(full)) > 1:
        assert run("luhn", full)
        changed = str((int(full[0]) + 1) % 10) + full[1:]
        assert not run("luhn", changed)


def _sum(number):
    total = 0
    for position, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if position % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total


@pytest.mark.parametrize(
    "name", ["lunh", "", "stdnum.", "stdnum.xx", "stdnum.xx.yy", "stdnum.os;x", "stdnum.de.idnr.x"]
)
def test_a_check_that_does_not_exist_is_a_lookup_error(name):
    with pytest.raises(LookupError, match="no"):
        get_check(name)
