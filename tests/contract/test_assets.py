"""Third-party files: where they are looked for, how they are checked, what errors say."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contract import assets
from contract.assets import (
    ASSETS,
    Asset,
    AssetDigestError,
    AssetOfflineError,
    UnknownAssetError,
    asset_at_hand,
    asset_path,
)

CONTENT = b"anime faces " * 1000


@dataclass
class Site:
    """A web server: what it answers, and how often it was asked."""

    url: str
    content: bytes = CONTENT
    announced: int | None = None
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append(self.path)
            found = self.path == "/model.bin"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(here.announced or len(here.content)))
            self.end_headers()
            if found:
                self.wfile.write(here.content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Site(f"http://127.0.0.1:{server.server_port}/model.bin")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CELMOOD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CELMOOD_ASSETS", raising=False)
    return tmp_path / "cache"


def publish(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    monkeypatch.setitem(ASSETS, "model.bin", Asset("model.bin", url, "MIT", digest, len(CONTENT)))


def test_a_file_is_fetched_once(site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, site.url)
    assert asset_at_hand("model.bin") is None
    assert asset_path("model.bin").read_bytes() == CONTENT
    assert asset_path("model.bin") == asset_at_hand("model.bin") == cache / "model.bin"
    assert site.asked == ["/model.bin"]
    assert [path.name for path in cache.iterdir()] == ["model.bin"]


def test_folders_of_the_operator_come_first(
    site: Site, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, site.url)
    empty, given = tmp_path / "empty", tmp_path / "given"
    empty.mkdir()
    given.mkdir()
    (given / "model.bin").write_bytes(CONTENT)
    monkeypatch.setenv("CELMOOD_ASSETS", f"{empty}{os.pathsep}{given}")
    assert asset_path("model.bin") == given / "model.bin"
    assert site.asked == []


def test_another_file_in_a_given_folder_is_refused(
    site: Site, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, site.url)
    (tmp_path / "model.bin").write_bytes(CONTENT[:-1])
    monkeypatch.setenv("CELMOOD_ASSETS", str(tmp_path))
    with pytest.raises(AssetDigestError, match="replace the file") as caught:
        asset_path("model.bin")
    assert str(tmp_path / "model.bin") in str(caught.value)


def test_another_file_from_the_network_is_refused_and_not_kept(
    site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, site.url)
    site.content = b"a login page"
    with pytest.raises(AssetDigestError, match="another file"):
        asset_path("model.bin")
    assert list(cache.iterdir()) == []


def test_a_broken_connection_leaves_nothing(
    site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch, site.url)
    site.content, site.announced = CONTENT[:-10], len(CONTENT)
    with pytest.raises(AssetOfflineError, match="the connection ended"):
        asset_path("model.bin")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("path", ["/gone.bin", None])
def test_offline_says_which_file_goes_where(
    site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch, path: str | None
) -> None:
    url = site.url.replace("/model.bin", path) if path else "http://127.0.0.1:9/model.bin"
    publish(monkeypatch, url)
    with pytest.raises(AssetOfflineError) as caught:
        asset_path("model.bin")
    for told in (url, "model.bin", str(cache), "CELMOOD_ASSETS"):
        assert told in str(caught.value)
    assert list(cache.iterdir()) == []


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UnknownAssetError, match=r"lbpcascade_animeface\.xml"):
        asset_path("nothing.bin")
    with pytest.raises(UnknownAssetError):
        asset_at_hand("nothing.bin")


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CELMOOD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert assets.cache_folder() == tmp_path / "celmood"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert assets.cache_folder() == tmp_path / ".cache" / "celmood"


def test_the_entries_are_complete() -> None:
    for name, asset in ASSETS.items():
        assert asset.name == name
        assert asset.url.startswith("https://")
        assert asset.url.endswith(name)
        assert asset.licence
        assert len(bytes.fromhex(asset.sha256)) == 32
        assert asset.size > 0
    assert ASSETS["vgg19-dcbb9e9d.pth"].sha256.startswith("dcbb9e9d")  # as its name promises
