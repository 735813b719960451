"""Addresses of endpoints: what is taken, how it is kept, and what could leak a secret."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.jobs import keys
from core.models.endpoints import Endpoint, normalised


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1"),
        (" https://API.example.com/v1/ ", "https://api.example.com/v1"),
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com", "https://api.example.com/v1"),
        ("https://api.example.com:8443/openai/v1", "https://api.example.com:8443/openai/v1"),
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_kept_in_one_form(url: str, kept: str) -> None:
    assert normalised(url) == kept


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://api.example.com/v1", "endpoint.plain_http"),
        ("http://127.0.0.1.example.com/v1", "endpoint.plain_http"),
        ("http://10.0.0.1/v1", "endpoint.plain_http"),
        ("https://me:hush-hush@api.example.com/v1", "endpoint.secret"),
        ("https://hush-hush@api.example.com/v1", "endpoint.secret"),
        ("https://api.example.com/v1?key=hush-hush", "endpoint.secret"),
        ("https://api.example.com/v1#hush-hush", "endpoint.secret"),
        ("ftp://api.example.com", "endpoint.address"),
        ("api.example.com", "endpoint.address"),
        ("https://", "endpoint.address"),
        ("https://api.example.com:port/v1", "endpoint.address"),
        ("https://api.exa mple.com/v1", "endpoint.address"),
        ("https://api.example.com/v1\nX-Other: 1", "endpoint.address"),
        ("", "endpoint.address"),
    ],
)
def test_an_address_that_is_none_or_unsafe_is_refused(url: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        normalised(url)
    assert caught.value.code == code
    assert "hush-hush" not in str(caught.value)


def test_costs_follow_the_prices_of_a_million_tokens() -> None:
    endpoint = Endpoint(url="https://api.example.com/v1", price_in=2.0, price_out=10.0)
    assert endpoint.cost(500_000, 100_000) == pytest.approx(2.0)
    assert (endpoint.host, endpoint.account) == ("api.example.com", "api.example.com/v1")


@pytest.mark.parametrize("key", ["", "two words", "línea", "one\ntwo", "x" * 5000, "nul\0"])
def test_what_cannot_be_sent_in_a_header_is_no_key_and_is_not_repeated(key: str) -> None:
    with pytest.raises(InputError) as caught:
        keys.checked(key)
    assert not key or key not in str(caught.value)


def test_a_childs_environment_holds_no_keys() -> None:
    kept = keys.without_keys({"PATH": "/bin", "SLM_WORKBENCH_KEY_FAR": "a", "slm_workbench_key_near": "b"})
    assert kept == {"PATH": "/bin"}


def test_the_variable_of_a_name_is_one_that_a_shell_takes() -> None:
    assert keys.variable_of("my far-teacher 2") == "SLM_WORKBENCH_KEY_MY_FAR_TEACHER_2"
