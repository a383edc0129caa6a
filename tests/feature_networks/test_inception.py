"""FID's Inception: against torch-fidelity's own extractor with the same weights, which are made here."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3, FeatureExtractorInceptionV3

from gan_studio.config import ConfigError
from gan_studio.feature_networks import inception
from gan_studio.feature_networks.inception import FILE, URL, EyeOfInception, Inception, published
from gan_studio.jobs.together import exhausted
from gan_studio.metrics import METRICS

CPU = torch.device("cpu")


def ready(**choices):
    return exhausted(Inception(**choices).prepare(None, CPU))


def test_it_sees_what_torch_fidelity_sees(inception_made_here) -> None:
    drawn = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    theirs = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(inception_made_here)
    )
    rows, logits = theirs(torch.from_numpy(drawn).permute(0, 3, 1, 2))
    looked = ready(weights=str(inception_made_here)).look(drawn)
    assert looked.rows.shape == (2, 2048) and looked.chances.shape == (2, 1008)
    assert rows.std() > 1e-3 and (logits.softmax(dim=1).std() > 1e-6)
    np.testing.assert_allclose(looked.rows, rows, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(looked.chances, logits.softmax(dim=1), rtol=1e-4, atol=1e-7)


def test_its_id_follows_its_weights(inception_made_here) -> None:
    eye = ready(weights=str(inception_made_here))
    eye.network.fc.bias[3] += 0.01
    assert EyeOfInception(eye.network, False, CPU).id != eye.id


def test_it_takes_the_weights_of_torchs_cache_and_only_those_of_fid_are_called_so(
    inception_made_here, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    published().path.parent.mkdir(parents=True)
    published().path.symlink_to(inception_made_here)
    titles = {id: measure.title for entry in METRICS for id, measure in entry.measures.items()}

    others = ready()
    assert others.name == "Inception with other weights" and "called FID" in others.notes[0]
    assert others.called(titles["frechet"]) == "Frechet distance (Inception with other weights)"

    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(inception_made_here.read_bytes()).hexdigest())
    eye = ready()
    assert eye.name == "Inception" and not eye.notes and eye.id == others.id
    assert eye.called(titles["frechet"]) == "FID" and eye.called(titles["kernel"]) == "KID"
    assert eye.called("Classifier score") == "Inception score" and eye.called("Precision") == "Precision (Inception)"


# --- what is missing, and how it comes -------------------------------------------------------------------------------


@pytest.fixture
def own_home(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *given: pytest.fail("fetched"))
    return tmp_path


def test_what_is_missing_is_a_sentence_and_nothing_is_fetched(own_home, monkeypatch) -> None:
    lacking = Inception().missing(None)
    assert lacking.startswith("The weights of Inception (95 MB) are not in")
    assert lacking.endswith("Download them, or name a file that holds them.")
    with pytest.raises(ConfigError, match=r"Download them, .* --set features\.download=true downloads them\."):
        ready()
    assert "check the path" in Inception(weights=str(own_home / "none.pth")).missing(None)
    assert not list(own_home.rglob("*"))
    monkeypatch.setattr(inception, "find_spec", lambda name: None)
    assert 'pip install "gan-studio[fid]"' in Inception(download=True).missing(None)


def test_they_are_fetched_when_asked_from_torch_fidelitys_address_and_checked(own_home, monkeypatch, tmp_path) -> None:
    assert URL + FILE == URL_INCEPTION_V3
    site = tmp_path / FILE
    torch.save({"a": torch.zeros(3)}, site)
    monkeypatch.setattr(inception, "URL", f"{tmp_path.as_uri()}/")
    with pytest.raises(ConfigError, match="what came is not the right file"):
        ready(download=True)
    assert not list(published().path.parent.iterdir())

    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(site.read_bytes()).hexdigest())
    with pytest.raises(ConfigError, match="holds weights of another network than FID's Inception"):
        ready(download=True)
    assert published().path.read_bytes() == site.read_bytes()
    assert Inception().missing(None) == ""


def test_fetching_can_be_cancelled_and_leaves_nothing(own_home, monkeypatch, tmp_path) -> None:
    site = tmp_path / FILE
    site.write_bytes(bytes(2**20))
    monkeypatch.setattr(inception, "URL", f"{tmp_path.as_uri()}/")
    work = Inception(download=True).prepare(None, CPU)
    told = next(work)
    assert told.text.startswith("Downloading weights-inception") and told.total == 2**20
    work.close()
    assert not list(published().path.parent.iterdir())


class Program:
    def __reduce__(self):
        return print, ("a program ran",)


def test_a_file_that_is_none_is_refused_and_never_run(tmp_path, capsys) -> None:
    torch.save(Program(), tmp_path / "bad.pth")
    (tmp_path / "text.pth").write_text("no weights")
    for name in ("bad.pth", "text.pth"):
        with pytest.raises(ConfigError, match=f"^{name} .*name another file"):
            ready(weights=str(tmp_path / name))
    assert not capsys.readouterr().out


def test_a_damaged_file_of_the_cache_is_to_be_downloaded_again(own_home) -> None:
    published().path.parent.mkdir(parents=True)
    published().path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(ConfigError) as told:
        ready()
    assert str(told.value).startswith(f"{FILE} ") and "generator" not in str(told.value)
    assert str(told.value).endswith(f"delete it in {published().path.parent}, and download the weights again.")


def test_whoever_waits_may_cancel_every_few_pictures(inception_made_here) -> None:
    eye = ready(weights=str(inception_made_here))
    drawn = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), np.uint8)
    assert [len(looked.rows) for looked in eye.looks(drawn)] == [8, 1]
