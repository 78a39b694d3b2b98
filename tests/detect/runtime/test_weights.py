import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.gliner


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.safetensors"


def test_rows_of_int8_are_multiplied_out(file):
    from safetensors.torch import save_file

    from scrubber.detect.runtime.torch.weights import read_weights

    rows = torch.tensor([[127, -127, 0], [1, 2, -128]], dtype=torch.int8)
    packed = {"a.weight": rows, "a.weight.row_scale": torch.tensor([0.5, 2.0]), "a.bias": torch.tensor([1.5]).half()}
    save_file(packed, file)
    found = read_weights(file)
    assert found["a.weight"].tolist() == [[63.5, -63.5, 0.0], [2.0, 4.0, -256.0]]
    assert set(found) == {"a.weight", "a.bias"}


def test_what_training_packs_is_what_is_read(file):
    from safetensors.torch import save_file

    from scrubber.detect.runtime.torch.weights import read_weights
    from training.export import expand, pack

    original = {"layer.weight": torch.randn(5, 7), "layer.bias": torch.randn(5), "table": torch.zeros(3, 4)}
    save_file(pack(original), file)
    found, expected = read_weights(file), expand(pack(original))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name].float(), expected[name]) for name in found)
    assert torch.allclose(found["layer.weight"], original["layer.weight"], atol=0.03)


def test_tensors_that_share_memory_have_all_their_names(file):
    from safetensors.torch import save_model

    from scrubber.detect.runtime.torch.weights import read_weights

    tied = torch.nn.Module()
    tied.first = torch.nn.Linear(3, 3)
    tied.second = tied.first
    save_model(tied, file)
    assert set(read_weights(file)) == {f"{name}.{part}" for name in ("first", "second") for part in ("weight", "bias")}
