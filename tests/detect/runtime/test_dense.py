import pytest

pytestmark = pytest.mark.gliner
torch = pytest.importorskip("torch")


@pytest.fixture(params=["float32", "bfloat16", "float16"])
def layer(request):
    from scrubber.detect.runtime.torch.weights import Linear

    torch.manual_seed(1)
    dtype = getattr(torch, request.param)
    return Linear((torch.randn(24, 16) / 4).to(dtype), torch.randn(24).to(dtype))


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("shape", [(1, 1, 16), (3, 7, 16), (2, 40, 16)])
def test_fused_kernels_compute_what_torch_computes(layer, shape, kernels, monkeypatch):
    from torch.nn import functional

    from scrubber.detect.runtime.torch import dense

    if not kernels:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    x, other = (torch.randn(*shape[:-1], size).to(layer.weight.dtype) for size in (16, 24))
    tolerance = {"atol": 1e-5} if layer.weight.dtype == torch.float32 else {"atol": 0.04, "rtol": 0.02}
    with torch.inference_mode():
        made = dense.Dense(layer)
        plain = functional.linear(x, *layer)
        assert torch.allclose(made(x), plain, **tolerance)
        assert torch.allclose(made.relu(x), plain.relu(), **tolerance)
        assert torch.allclose(made.gelu(x), functional.gelu(plain), **tolerance)
        assert torch.allclose(made.plus(x, other), other + plain, **tolerance)


def test_inputs_may_be_views(layer):
    from torch.nn import functional

    from scrubber.detect.runtime.torch.dense import Dense

    x = torch.randn(3, 5, 32).to(layer.weight.dtype)[:, ::2, 16:]
    with torch.inference_mode():
        assert torch.allclose(Dense(layer)(x), functional.linear(x, *layer), atol=0.04, rtol=0.02)
