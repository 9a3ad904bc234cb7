"""What is kept of an address and of a browser's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.devices.network import agent_family, truncate_network

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}"


@pytest.mark.parametrize(
    ("ip", "kept"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        (" 203.0.113.255 ", "203.0.113.0/24"),
        ("2001:db8:1234:5678:9abc::1", "2001:db8:1234::/48"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", "::/48"),
        ("", ""),
        ("unix:", ""),
        ("203.0.113.7, 198.51.100.1", ""),
    ],
)
def test_of_an_address_only_the_network_is_kept(ip: str, kept: str) -> None:
    assert truncate_network(ip) == kept


@given(st.ip_addresses(v=4))
def test_the_last_octet_is_never_kept(ip: object) -> None:
    assert truncate_network(str(ip)) == f"{str(ip).rpartition('.')[0]}.0/24"


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (f"{ANDROID} Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{IPHONE} Version/17.0 Mobile/15E148 Safari/604.1", "Safari on iOS"),
        (f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.44", "WeChat on iOS"),
        (f"{ANDROID} Chrome/116.0 MQQBrowser/6.2 MicroMessenger/8.0", "WeChat on Android"),
        (f"{ANDROID} Version/4.0 Chrome/114.0 MQQBrowser/14.9", "QQ on Android"),
        (f"{ANDROID} Chrome/100.0 AlipayClient/10.5.20", "Alipay on Android"),
        (
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0 ArkWeb/4.1",
            "Huawei Browser on HarmonyOS",
        ),
        (f"{WINDOWS} Chrome/130.0.0.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        (f"{WINDOWS} Chrome/130.0.0.0 Safari/537.36 OPR/115.0", "Opera on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", "Safari on macOS"),
        ("curl/8.5.0", "Other"),
        ("", ""),
        ("  ", ""),
        ("x" * 100_000, "Other"),
    ],
)
def test_of_a_browser_only_family_and_system_are_kept(agent: str, family: str) -> None:
    assert agent_family(agent) == family


@given(st.text())
def test_nothing_a_browser_sends_gets_through_as_it_is(agent: str) -> None:
    assert agent_family(agent).replace(" on ", "").replace(" ", "").isalpha() or not agent.strip()
