"""scripts/layers finds what it must find."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Layers(unittest.TestCase):
    def check(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return subprocess.run([str(ROOT / "scripts" / "layers"), "--root", folder], capture_output=True, text=True)

    def assert_broken(self, path, text, message):
        done = self.check(path, text)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"{path}:1: ", done.stdout)
        self.assertIn(message, done.stdout)

    def test_down_is_fine(self):
        self.assertEqual(self.check("coordinator/query/x.cpp", '#include "common/base/status.hpp"\n#include <vector>\n').returncode, 0)

    def test_up_sideways_and_apart(self):
        self.assert_broken("common/base/x.cpp", '#include "common/plan/plan.hpp"\n', "points up")
        self.assert_broken("worker/readers/x.cpp", '#include "worker/state/y.hpp"\n', "points sideways")
        self.assert_broken("worker/actors/x.cpp", '#include "coordinator/query/y.hpp"\n', "never include each other")
        self.assert_broken("cli/x.cpp", '#include "tests/y.hpp"\n', "in no room")

    def test_private_folders(self):
        self.assert_broken("cli/x.cpp", '#include "common/net/internal/y.hpp"\n', "private to its room")

    def test_third_party_headers(self):
        self.assert_broken("coordinator/query/x.cpp", "#include <grpcpp/grpcpp.h>\n", "may use")
        self.assert_broken("common/net/x.hpp", "#include <grpcpp/grpcpp.h>\n", "keep it in the .cpp")
        self.assert_broken("common/net/x.cpp", "#include <boost/leaf.hpp>\n", "no line of scripts/layers.txt")
        self.assert_broken("coordinator/query/x.cpp", "#include <thread>\n", "may use")


if __name__ == "__main__":
    unittest.main()
