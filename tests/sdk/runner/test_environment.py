from __future__ import annotations

import pytest

from variantkit.runner.environment import PROVIDER_VARIABLES, child_environment


@pytest.mark.parametrize(
    "name",
    [
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION",
        "X86_64_VARIANT_PROVIDER_FORCE_LEVEL",
        "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH",
        "TPU_VARIANT_PROVIDER_FORCE_PRESENT",
        *PROVIDER_VARIABLES,
    ],
)
def test_documented_overrides_reach_a_provider(name: str) -> None:
    assert child_environment({name: "x"}) == {name: "x"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PATH",
            "HOME",
            "LANG",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "TMPDIR",
        ),
        *("PIP_INDEX_URL", "UV_INDEX", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT"),
        *("_VARIANT_PROVIDER_", "X_VARIANT_PROVIDER_Y\n", "x_variant_provider_y", "ROCM_PATH_2", ""),
    ],
)
def test_t14_anything_else_does_not(name: str) -> None:
    assert child_environment({name: "x"}, "linux") == {}


def test_windows_needs_its_own_folder() -> None:
    assert child_environment({"SYSTEMROOT": "C:\\Windows", "PATH": "x"}, "win32") == {"SYSTEMROOT": "C:\\Windows"}


def test_a_value_over_the_cap_is_left_out() -> None:
    assert list(child_environment({"A_VARIANT_PROVIDER_B": "x" * 4096, "C_VARIANT_PROVIDER_D": "x" * 4097})) == [
        "A_VARIANT_PROVIDER_B"
    ]
