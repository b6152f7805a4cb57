"""Ports of the stack: no two services share one, also where the supervisor suggests others."""

import re

import pytest

from biaac.errors import PermanentError
from laptop.plan import Laptop
from laptop.supervisor import OTHER_PORTS, check_ports


def test_the_suggested_ports_are_all_different() -> None:
    suggested = re.findall(r"=(\d+)", OTHER_PORTS)
    ports = [service.port for service in Laptop(*map(int, suggested), tick=None).services()]
    assert len(set(ports)) == len(ports)


def test_a_port_chosen_twice_is_refused_before_anything_starts() -> None:
    laptop = Laptop(28080, 28088, tick=None)  # the base takes 28081 to 28088
    with pytest.raises(PermanentError, match=r"port 28088 \(superset\) is in use by cache"):
        check_ports(laptop.services())
