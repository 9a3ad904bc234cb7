"""What is kept of an address and of a browser's name: enough to recognise one's own act, too little to track."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

_SYSTEMS = (
    ("HarmonyOS", re.compile(r"HarmonyOS|OpenHarmony", re.I)),
    ("iOS", re.compile(r"iPhone|iPad|iPod")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("macOS", re.compile(r"Macintosh|Mac OS X")),
    ("Linux", re.compile(r"Linux|X11")),
)
# The more particular first: nearly every browser also calls itself Chrome and Safari.
_FAMILIES = (
    ("WeChat", re.compile(r"MicroMessenger/")),
    ("Alipay", re.compile(r"AlipayClient/")),
    ("DingTalk", re.compile(r"DingTalk/")),
    ("QQ", re.compile(r"\bQQ/|MQQBrowser/|QQBrowser/")),
    ("UC Browser", re.compile(r"UCBrowser/|UBrowser/")),
    ("Huawei Browser", re.compile(r"HuaweiBrowser/|ArkWeb/")),
    ("Mi Browser", re.compile(r"MiuiBrowser/")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Opera", re.compile(r"\bOPR/|\bOPT/|Opera")),
    ("Edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Safari/")),
)
# Only where the browser tells the truth: Chrome calls every Android 10, and no macOS or Windows says its own any more.
_VERSIONS = (
    ("HarmonyOS", re.compile(r"(?:HarmonyOS|OpenHarmony) (\d+)", re.I)),
    ("iOS", re.compile(r"OS (\d+)_\d")),
    ("Android", re.compile(r"Android (\d+)\b(?!; K\))")),
)
OTHER = "Other"  # a browser that has a name, but none that is known here
_LONGEST = 512  # a header beyond that is nobody's browser


def truncate_network(ip: str) -> str:
    """`203.0.113.7` as `203.0.113.0/24`, an IPv6 address as its /48; empty for what is no address."""
    try:
        address = ip_address(ip.strip())
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((int(address) >> 80 << 80, 48)))
        address = address.ipv4_mapped
    return str(ip_network((int(address) >> 8 << 8, 24)))


def agent_family(user_agent: str) -> str:
    """Family and system, such as `Chrome on Android` or `WeChat on iOS`; without versions; empty for an empty text."""
    family, system = family_and_system(user_agent)
    return f"{family} on {system}" if system else family


def family_and_system(user_agent: str) -> tuple[str, str]:
    """(`Chrome`, `Android`); each empty where it is not known."""
    text = user_agent[:_LONGEST]
    if not text.strip():
        return "", ""
    family = next((name for name, pattern in _FAMILIES if pattern.search(text)), OTHER)
    system = next((name for name, pattern in _SYSTEMS if pattern.search(text)), "")
    return family, system


def system_version(user_agent: str) -> str:
    """The system with its version where that is told truthfully: `Android 15`, `Windows`."""
    _family, system = family_and_system(user_agent)
    found = next((pattern.search(user_agent[:_LONGEST]) for name, pattern in _VERSIONS if name == system), None)
    return f"{system} {found[1]}" if found else system
