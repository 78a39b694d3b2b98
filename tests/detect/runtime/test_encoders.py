from itertools import product

import pytest

pytestmark = pytest.mark.gliner
torch = pytest.importorskip("torch")


@pytest.mark.parametrize(("buckets", "reach"), [(256, 512), (16, 512), (32, 128), (128, 4096)])
def test_far_distances_fall_into_the_buckets_of_training(buckets, reach):
    from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

    from scrubber.detect.runtime.torch.encoders import log_bucket

    distance = torch.arange(-1500, 1501)
    assert torch.equal(log_bucket(distance, buckets, reach), make_log_bucket_position(distance, buckets, reach).long())


BERT = {"model_type": "bert", "hidden_size": 32, "num_attention_heads": 4}
DEBERTA = {
    "model_type": "deberta-v2",
    "hidden_size": 32,
    "num_attention_heads": 4,
    "pos_att_type": "c2p|p2c",
    "position_biased_input": False,
    "type_vocab_size": 0,
}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (BERT, None),
        (DEBERTA, None),
        ({**BERT, "model_type": "modernbert"}, "a modernbert encoder"),
        ({**BERT, "hidden_act": "relu"}, "an encoder with hidden_act='relu'"),
        ({**DEBERTA, "share_att_key": False}, "an encoder with share_att_key=False"),
        ({**DEBERTA, "conv_kernel_size": 3}, "an encoder with conv_kernel_size=3"),
        ({**DEBERTA, "position_biased_input": True}, "an encoder with position_biased_input=True"),
        ({**DEBERTA, "pos_att_type": ["c2p"]}, "attention without both position terms"),
    ],
)
def test_encoders_know_what_they_do_not_compute(config, reason):
    from scrubber.detect.runtime.torch.encoders import unsupported

    assert unsupported(config) == reason


@pytest.mark.parametrize("backbone", ["bert", "deberta"])
@pytest.mark.parametrize("buckets", [16, -1])
@pytest.mark.parametrize("places", [128, 32, 7])
@pytest.mark.parametrize("shape", list(product(["packed", "padded"], [1, 11], [1, 3])), ids=str)
def test_hidden_states_are_those_of_transformers(backbone, buckets, places, shape, monkeypatch):
    from transformers import AutoConfig, AutoModel

    from scrubber.detect.runtime.torch import encoders, layouts
    from scrubber.detect.runtime.torch.device import Device
    from scrubber.detect.runtime.torch.weights import Weights
    from tests.detect.models import Shape, backbone_config

    layout, prefix, layers = shape
    monkeypatch.setattr(encoders, "_PLACES", places)
    torch.manual_seed(3)
    config = backbone_config(Shape(backbone=backbone, layers=layers), vocab=50)
    config["position_buckets"] = buckets
    config["max_relative_positions"] = 64
    model = AutoModel.from_config(AutoConfig.for_model(**config)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.randint(1, 50, (4, 90))
    ids[:, :prefix] = ids[0, :prefix]
    lengths = torch.tensor([90, 40, 16, prefix + 1])
    mask = torch.arange(90) < lengths[:, None]
    keep, kept = torch.tensor([[0, 5, 89], [0, 39, 7], [0, 15, 15], [0, 0, 0]]), torch.tensor([3, 3, 2, 1])
    device = Device("cpu", "float32")
    with torch.inference_mode():
        expected = model(ids, attention_mask=mask.long()).last_hidden_state
        encoder = encoders.encoder(config, Weights(model.state_dict(), device))
        rows = layouts.Rows(ids.numpy(), lengths.numpy(), prefix, keep.numpy(), kept.numpy())
        laid_out = getattr(layouts, layout)(rows, device)
        found = laid_out.rows(encoder(encoder.prefix(ids[0, :prefix]), laid_out))
    is_kept = torch.arange(3) < kept[:, None]
    assert torch.allclose(found[is_kept], expected.gather(1, keep[:, :, None].expand(-1, -1, 32))[is_kept], atol=1e-5)


def test_numbers_of_rows_are_few_and_little_more_than_asked_for():
    from scrubber.detect.runtime.torch.layouts import few_sizes

    sizes = range(1, 4097)
    assert all(0 <= few_sizes(size) - size < max(16, size / 16) for size in sizes)
    assert len({few_sizes(size) for size in sizes}) < 100
