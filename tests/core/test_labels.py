import pytest

from scrubber.core.labels import DEFAULT_OFF, DENIED, LABELS, MASKED_FIELD, did_you_mean, is_label_name


def test_the_vocabulary_is_the_models_55_labels_and_our_five():
    ours = {"iban", "passport_number", "driver_license_number", "crypto_wallet", "private_key"}
    assert len(LABELS) == 60
    assert set(list(LABELS)[55:]) == ours


def test_what_costs_log_readers_more_than_it_protects_is_off():
    assert {
        "occupation", "time", "date", "date_time", "age", "unique_id", "language", "education_level",
        "employment_status", "company_name", "country", "state", "county", "city", "url",
    } == DEFAULT_OFF  # fmt: skip


@pytest.mark.parametrize("label", LABELS.values())
def test_every_label_has_a_name_that_can_stand_in_a_token_and_a_meaning(label):
    assert is_label_name(label.name)
    assert label.meaning


def test_what_no_detector_finds_is_no_label_of_the_vocabulary():
    assert not {MASKED_FIELD, DENIED} & set(LABELS)


def test_a_misspelt_label_gets_a_hint_and_a_strange_one_none():
    assert did_you_mean("emial", LABELS) == "did you mean 'email'?"
    assert did_you_mean("xyzzy", LABELS) == ""
