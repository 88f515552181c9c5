from tests.services.test_lifecycle_model import _run
def test_it(sqlite_template, tmp_path):
    import os
    _run(sqlite_template, tmp_path, examples=int(os.environ.get("EX","20")), steps=50, seed=int(os.environ.get("SD","1")))
