"""Which proxy requests to a server go through."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from mlflow_analysis.tracking.address import HTTP_KINDS, Address, without_credentials
from mlflow_analysis.untrusted import single_line

_PORTS = {"http": 80, "https": 443, "socks5": 1080}


@dataclass(frozen=True)
class Proxy:
    """A proxy, and the variable that names it."""

    variable: str
    shown: str
    """Without credentials."""
    host: str
    port: int


def proxy_of(address: Address) -> Proxy | None:
    """The proxy of ``address``, if the environment names one for it."""
    if address.kind not in HTTP_KINDS or proxy_bypass(address.host):
        return None
    proxies = getproxies()
    for scheme in (address.url.partition(":")[0], "all"):
        url = proxies.get(scheme, "")
        if not url:
            continue
        parts = urlsplit(url if "://" in url else f"http://{url}")
        names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
        variable = next((name for name in names if os.environ.get(name)), "system settings")
        try:
            port = parts.port or _PORTS.get(parts.scheme, 80)
        except ValueError:
            port = 0
        shown = single_line(without_credentials(parts.geturl()))
        return Proxy(variable, shown, parts.hostname or "", port)
    return None
