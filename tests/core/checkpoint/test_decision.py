"""Decisions: what a file says, what is chosen and switched, and what comes of it, as a table."""

import itertools

import model_files
import pytest
from ixl.core.checkpoint.choices import AUTOMATIC, OBJECTIVE_CHOICES, SWITCH
from ixl.core.checkpoint.decision import Overrides, choose, decide, settled
from ixl.core.checkpoint.hashing import Hashes
from ixl.core.checkpoint.identity import identify
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.checkpoint.profiles import PROFILES
from model_files import SDXL

V01 = next(digest for digest, file in OFFICIAL_FILES.items() if file.version == "v0.1")
EPS, V = "epsilon", "v-prediction"
TRAINED_ZERO = {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"}


@pytest.fixture
def look(tmp_path):
    def looked(markers=(), metadata=None, name="some", digest=None, profiles=PROFILES):
        shapes = {**SDXL, **dict.fromkeys(markers, (0,))}
        path = model_files.write(tmp_path / f"{name}.safetensors", shapes, metadata=metadata)
        hasher = (lambda *_: Hashes(digest)) if digest else None
        return identify(path, hasher=hasher, profiles=profiles)

    return looked


@pytest.mark.parametrize(
    ("file", "choice", "switches", "expected", "said"),
    [
        # what the file says
        ({}, AUTOMATIC, {}, (EPS, False, 0.0), "nothing in the file says otherwise"),
        ({"markers": ["v_pred"]}, AUTOMATIC, {}, (V, False, 0.2), "`v_pred`"),
        ({"markers": ["v_pred", "ztsnr"]}, AUTOMATIC, {}, (V, True, 0.2), "`ztsnr`"),
        ({"markers": ["ztsnr"]}, AUTOMATIC, {}, (EPS, False, 0.0), "needs v-prediction"),
        ({"markers": ["edm_vpred.sigma_max"]}, AUTOMATIC, {}, ("edm-v-prediction", False, 0.2),
         "EDM form"),
        ({"metadata": {"modelspec.prediction_type": "v"}}, AUTOMATIC, {}, (V, False, 0.2),
         "modelspec.prediction_type is v (metadata, likely)"),
        ({"metadata": TRAINED_ZERO}, AUTOMATIC, {}, (V, True, 0.2), "ss_zero_terminal_snr"),
        ({"metadata": {"ss_zero_terminal_snr": "True"}}, AUTOMATIC, {}, (EPS, False, 0.0),
         "needs v-prediction"),
        ({"digest": V01, "name": "mix-vpred"}, AUTOMATIC, {}, (EPS, False, 0.0), "the official"),
        # a name is believed about the objective, never about zero terminal SNR
        ({"name": "NoobAI-XL-Vpred-ztsnr"}, AUTOMATIC, {}, (V, False, 0.2), "(file name, guess)"),
        ({"name": "Illustrious-XL-v3.5-vpred"}, AUTOMATIC, {}, (V, False, 0.2),
         "set zero_terminal_snr to on"),
        # a chosen profile counts less than evidence and more than a name
        ({}, "noobai-xl-vpred", {}, (V, False, 0.2), "chosen profile, NoobAI-XL v-prediction"),
        ({"name": "mix-vpred"}, "illustrious-v1.0", {}, (EPS, False, 0.0), "chosen profile"),
        ({"markers": ["v_pred"]}, "illustrious-v1.0", {}, (V, False, 0.2), "`v_pred`"),
        ({"metadata": {"modelspec.prediction_type": "epsilon"}}, "noobai-xl-vpred", {},
         (EPS, False, 0.0), "(metadata, likely)"),
        # every switch alone
        ({}, AUTOMATIC, {"objective": V}, (V, False, 0.2), "as set on the node"),
        ({"markers": ["v_pred", "ztsnr"]}, AUTOMATIC, {"objective": EPS}, (EPS, False, 0.0),
         "needs v-prediction"),
        ({"markers": ["v_pred"]}, AUTOMATIC, {"zero_terminal_snr": "on"}, (V, True, 0.2),
         "on: as set on the node"),
        ({"markers": ["v_pred", "ztsnr"]}, AUTOMATIC, {"zero_terminal_snr": "off"},
         (V, False, 0.2), "off: as set on the node"),
        ({"markers": ["v_pred", "ztsnr"]}, AUTOMATIC, {"cfg_rescale": 0.0}, (V, True, 0.0),
         "0: as set on the node"),
        ({}, AUTOMATIC, {"cfg_rescale": 0.7}, (EPS, False, 0.7), "0.7: as set on the node"),
        ({"markers": ["edm_mean", "edm_std"]}, AUTOMATIC, {"objective": V}, (V, False, 0.2),
         "as set on the node"),
    ],
)  # fmt: skip
def test_table(look, file, choice, switches, expected, said):
    profile, decision = choose(look(**file), choice, PROFILES, Overrides(**switches))
    assert decision[:3] == expected
    assert said in " ".join(decision.reasons)
    assert (profile.objective, profile.zero_terminal_snr, profile.cfg_rescale) == expected
    assert profile.prompt_profile == PROFILES[profile.id].prompt_profile


EVIDENCE = {
    "none": {},
    "name": {"name": "NoobAI-XL-Vpred-ztsnr"},
    "metadata": {"metadata": TRAINED_ZERO},
    "tensors": {"markers": ["v_pred", "ztsnr"]},
    "hash": {"digest": V01},
}


@pytest.mark.parametrize("evidence", EVIDENCE)
@pytest.mark.parametrize("choice", [AUTOMATIC, "noobai-xl-vpred", "illustrious-v1.0"])
def test_zero_terminal_snr_is_never_silent(look, evidence, choice):
    """On comes from metadata, tensors, hash or the switch, whatever else is set."""
    identity = look(**EVIDENCE[evidence])
    for objective, switch in itertools.product(OBJECTIVE_CHOICES, SWITCH):
        overrides = Overrides(objective, switch)
        _, decision = choose(identity, choice, PROFILES, overrides)
        speaks = evidence in ("metadata", "tensors") and decision.objective == V
        assert decision.zero_terminal_snr == (switch == "on" or (switch == AUTOMATIC and speaks))
        forced = switch == "on" and evidence not in ("metadata", "tensors")
        assert any("burnt or black" in text for text in decision.warnings) == forced
        assert len(decision.reasons) == 3
        assert all(text.endswith(".") for text in (*decision.reasons, *decision.warnings))


def test_switches_against_evidence_are_warned_of(look):
    identity = look(["v_pred", "ztsnr"])
    profile = PROFILES["noobai-xl-vpred"]
    assert decide(identity, profile, Overrides()).warnings == ()
    (noise,) = decide(identity, profile, Overrides(EPS)).warnings
    assert "`v_pred`" in noise and "noise" in noise
    both = decide(identity, profile, Overrides(EPS, "on")).warnings
    assert len(both) == 2 and "epsilon" in both[1]


def test_zero_terminal_snr_has_no_meaning_for_edm(look):
    with pytest.raises(ValueError, match="edm-v-prediction.*set zero_terminal_snr to automatic"):
        decide(look(["edm_vpred.sigma_max"]), PROFILES["sdxl"], Overrides(AUTOMATIC, "on"))


def test_a_profile_of_the_user_that_names_the_file_is_evidence(look):
    own = PROFILES["noobai-xl-vpred"]._replace(id="mine", cfg_rescale=0.5, files=("0" * 64,))
    profiles = {**PROFILES, "mine": own}
    profile, decision = choose(
        look(digest="0" * 64, profiles=profiles), AUTOMATIC, profiles, Overrides()
    )
    assert decision[:3] == (V, True, 0.5) and profile == own


def test_what_was_decided_has_its_reason_as_source(look):
    decision = decide(look(), PROFILES["sdxl"], Overrides(V, "on", 0.3))
    profile = settled(PROFILES["sdxl"], decision)
    assert "set on the node" in profile.source_of("objective")
    assert "set on the node" in profile.source_of("cfg_rescale")
    assert profile.sampler == PROFILES["noobai-xl-vpred"].sampler
    assert (
        settled(PROFILES["sdxl"], decide(look(), PROFILES["sdxl"], Overrides()))
        == (PROFILES["sdxl"])
    )
