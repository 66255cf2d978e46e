"""docs/examples/dask_targets.py on a cluster of processes: `nox -s dask` runs this."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from ec2lite import Target
from ec2lite.testing import FakeEC2, RealClock

EXAMPLES = Path(__file__).parent.parent.parent / "docs/examples"
UNKNOWN = "i-0123456789abcdef0"


@pytest.mark.filterwarnings("default")  # what Dask and Tornado warn of is theirs
def test_targets_on_a_cluster(monkeypatch, tmp_path, capsys):
    """Two worker processes stop six targets over HTTP, and send the results back in order."""
    # Workers are started with this path, and import the example by its name.
    monkeypatch.syspath_prepend(str(EXAMPLES))
    distributed = importlib.import_module("distributed")
    example = importlib.import_module("dask_targets")
    fake = FakeEC2(region="eu-west-1", clock=RealClock())
    ids = [fake.run_instances(20) for _ in range(6)]
    ids[3].append(UNKNOWN)
    targets = [Target("eu-west-1", instance_ids=each) for each in ids]
    file = tmp_path / "targets.json"
    file.write_text(json.dumps([each.to_dict() for each in targets]))

    with fake.serve() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", fake.credentials.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", fake.credentials.secret_access_key)
        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as dask,
        ):
            results = example.stop_all(targets, dask)
            code = example.main(str(file), cluster.scheduler_address)

    assert targets == [each.target for each in results]
    assert [None] * 6 == [each.error for each in results]
    assert [20] * 6 == [len(each.result.succeeded) for each in results]
    assert [UNKNOWN] == [each.instance_id for each in results[3].result.failed]
    assert 1 == code
    assert UNKNOWN in capsys.readouterr().out
