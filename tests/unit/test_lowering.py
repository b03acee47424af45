"""Units for any net: what keeps up at an interval keeps up at longer ones."""

from __future__ import annotations

from drawn_graphs import graphs
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from bittrue.errors import BadInput
from bittrue.lower.fold import TooShort
from bittrue.lower.schedule import least_interval, schedule
from bittrue.spec import Net


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(net=graphs(), times=st.lists(st.sampled_from([1, 1.3, 2, 3, 4, 7, 16, 50]), min_size=2, max_size=3))
def test_a_longer_interval_is_not_refused_where_a_shorter_one_is_built(net: Net, times: list[float]) -> None:
    built = False
    for each in sorted(times):
        interval = max(4, int(each * least_interval(net)))
        try:
            found = schedule(net, interval)
        except TooShort:
            assert not built, f"{interval} clocks are refused, and fewer are not"
            continue
        except BadInput:  # an accumulator beyond a DSP48E1
            reject()
        built = True
        assert set(found.layouts) == set(net.types) and found.clocks <= interval
