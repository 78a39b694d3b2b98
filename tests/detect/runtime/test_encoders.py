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
def test_hidden_states_are_those_of_transformers(backbone, buckets, places, monkeypatch):
    from transformers import AutoConfig, AutoModel

    from scrubber.detect.runtime.torch import encoders
    from scrubber.detect.runtime.torch.device import Device
    from scrubber.detect.runtime.torch.weights import Weights
    from tests.detect.models import Shape, backbone_config

    monkeypatch.setattr(encoders, "_PLACES", places)
    torch.manual_seed(3)
    config = backbone_config(Shape(backbone=backbone, layers=3), vocab=50)
    config["position_buckets"] = buckets
    config["max_relative_positions"] = 64
    model = AutoModel.from_config(AutoConfig.for_model(**config)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    ids = torch.randint(1, 50, (3, 90))
    mask = torch.arange(90) < torch.tensor([[90], [40], [1]])
    keep = torch.tensor([[0, 5, 89], [0, 39, 7], [0, 0, 0]])
    with torch.inference_mode():
        expected = model(ids, attention_mask=mask.long()).last_hidden_state
        found = encoders.encoder(config, Weights(model.state_dict(), Device("cpu", "float32")))(ids, mask[:, 1:], keep)
    assert torch.allclose(found, expected.gather(1, keep[:, :, None].expand(-1, -1, 32)), atol=1e-5)
