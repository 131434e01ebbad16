"""deploy/container and deploy/kubernetes, as far as they can be checked without an engine: what they refer to exists and fits."""
import fnmatch
import functools
import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD_DIR", ROOT / "build" / "dev"))
CONTAINER, KUBERNETES = ROOT / "deploy" / "container", ROOT / "deploy" / "kubernetes"
SECRET_FILES = {"ca.pem", "cert.pem", "key.pem", "token"}
COORDINATOR_PORT, WORKER_PORT = "7077", "7078"


@functools.cache
def installed():
    """A folder with what `cmake --install` puts there."""
    folder = tempfile.TemporaryDirectory(prefix="sluice-install-")
    unittest.addModuleCleanup(folder.cleanup)
    subprocess.run(["cmake", "--install", str(BUILD), "--prefix", folder.name], check=True, capture_output=True)
    return pathlib.Path(folder.name)


@functools.cache
def listed(path):
    return {word for line in path.read_text().splitlines() for word in line.split("#")[0].split()}


def instructions(text):
    """(keyword, words, --options) of a Dockerfile, lines joined, comments dropped."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        keyword, _, rest = line.partition(" ")
        words = rest.split()
        yield keyword, [w for w in words if not w.startswith("--")], dict(
            w[2:].partition("=")[::2] for w in words if w.startswith("--"))


class Accepting(unittest.TestCase):
    def settings_in_force(self, words):
        """What an installed program makes of a command line: setting -> value."""
        program = installed() / "bin" / words[0]
        self.assertTrue(program.exists(), f"{words[0]} is not installed")
        done = subprocess.run([str(program), *words[1:], "--print-config"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {m[1]: m[2].strip('"') for m in re.finditer(r"^(\S+) = (\S+)", done.stdout, re.M)}


class Installed(unittest.TestCase):
    def test_programs_run_with_the_libraries_beside_them(self):
        self.assertEqual({p.name for p in (installed() / "bin").iterdir()}, {"sluice", "sluice-coordinator", "sluice-worker"})
        for program in (installed() / "bin").iterdir():
            shown = subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout
            self.assertIn(f"{installed()}/", re.search(r"libarrow\.so\S+ => (\S+)", shown)[1])
            self.assertNotIn("not found", shown)
            version = subprocess.run([str(program), "version" if program.name == "sluice" else "--version"], capture_output=True, text=True)
            self.assertEqual(version.returncode, 0, version.stderr)

    def test_the_image_has_every_package_the_programs_need(self):
        needed = set()
        for program in (installed() / "bin").iterdir():
            shown = subprocess.run(["readelf", "-d", str(program)], capture_output=True, text=True).stdout
            libraries = set(re.findall(r"NEEDED.*\[(.+)\]", shown))
            paths = re.findall(r"(\S+) => (/\S+)", subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout)
            for name, path in paths:
                if name in libraries and not path.startswith(str(installed())):
                    found = {os.path.realpath(path), os.path.realpath(path).removeprefix("/usr"), path, path.removeprefix("/usr")}
                    owners = subprocess.run(["dpkg-query", "-S", *found], capture_output=True, text=True).stdout
                    needed.add(owners.split(":")[0])
        needed -= {"libc6", "libgcc-s1"}   # in every image
        needed = {n for n in needed if not n.startswith("libabsl")}   # libgrpc++ brings it
        self.assertGreater(len(needed), 5)
        self.assertEqual(needed - listed(CONTAINER / "packages.txt"), set())


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.all = list(instructions((CONTAINER / "Dockerfile").read_text()))
        self.ignored = [line for line in (CONTAINER / "Dockerfile.dockerignore").read_text().split() if line]

    def test_stages(self):
        stages = [words for keyword, words, _ in self.all if keyword == "FROM"]
        self.assertEqual([s[0].split(":")[0] for s in stages], ["debian", "debian"])
        self.assertEqual(stages[0][1:], ["AS", "build"])
        for keyword, _, options in self.all:
            if "from" in options:
                self.assertIn(options["from"], [s[2] for s in stages if len(s) > 1])
        known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
        self.assertEqual({keyword for keyword, _, _ in self.all} - known, set())

    def test_what_is_copied_exists_and_is_not_ignored(self):
        copied = [source for keyword, words, options in self.all if keyword == "COPY" and "from" not in options for source in words[:-1]]
        self.assertIn("scripts/setup", copied)
        for source in copied:
            self.assertTrue((ROOT / source).exists(), source)
            self.assertFalse([p for p in self.ignored if fnmatch.fnmatch(source, p)], source)
        for name in ("build", ".deps", ".venv", ".git"):
            self.assertIn(name, self.ignored)

    def test_it_installs_what_it_copies_and_does_not_run_as_root(self):
        install = next(words for keyword, words, _ in self.all if keyword == "RUN" and "cmake" in words)
        prefix = "/opt/sluice"
        self.assertIn(prefix, install)
        self.assertIn([prefix, "/usr/local"], [words for keyword, words, options in self.all if "from" in options])
        presets = {"sluice", "sluice-coordinator", "sluice-worker", "release"} - set(install)
        self.assertEqual(presets, set())
        self.assertEqual([words for keyword, words, _ in self.all if keyword == "USER"][-1], ["10001:10001"])
        self.assertIn(["7077", "7078"], [words for keyword, words, _ in self.all if keyword == "EXPOSE"])
        self.assertTrue(any(keyword == "HEALTHCHECK" for keyword, _, _ in self.all))
        entry = next(words for keyword, words, _ in self.all if keyword == "ENTRYPOINT")
        self.assertEqual(entry, ['["with-secrets"]'])


class WithSecrets(unittest.TestCase):
    """The entry point, on mounts as Kubernetes makes them: links to files that a group reads."""

    def start(self, base, mounted):
        text = (CONTAINER / "with-secrets").read_text().replace("/run/sluice", str(base / "own"))
        script = base / "with-secrets"
        script.write_text(text)
        script.chmod(0o755)
        return subprocess.run([str(script), "sh", "-c", 'env | grep ^SLUICE_SECURITY; umask'], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "SLUICE_SECRETS": str(mounted)})

    def test_links_become_files_of_the_user_alone(self):
        with tempfile.TemporaryDirectory() as name:
            base = pathlib.Path(name)
            (base / "mount" / "..data").mkdir(parents=True)
            for file in SECRET_FILES:
                (base / "mount" / "..data" / file).write_text(f"this is {file}\n")
                (base / "mount" / "..data" / file).chmod(0o440)
                (base / "mount" / file).symlink_to(f"..data/{file}")
            for _ in range(2):   # a container that starts again finds the copies of before
                done = self.start(base, base / "mount")
                self.assertEqual(done.returncode, 0, done.stderr)
            *variables, umask = done.stdout.split()
            self.assertEqual(umask, "0022")
            shown = dict(line.split("=", 1) for line in variables)
            self.assertEqual(set(shown), {f"SLUICE_SECURITY_{w}_FILE" for w in ("CA", "CERT", "KEY", "TOKEN")})
            for path in map(pathlib.Path, shown.values()):
                self.assertFalse(path.is_symlink())
                self.assertEqual(path.stat().st_mode & 0o777, 0o600)
                self.assertEqual(path.read_text(), f"this is {path.name}\n")

    def test_a_missing_file_is_named(self):
        with tempfile.TemporaryDirectory() as name:
            (pathlib.Path(name) / "mount").mkdir()
            done = self.start(pathlib.Path(name), pathlib.Path(name) / "mount")
            self.assertEqual(done.returncode, 1)
            self.assertIn("mount/ca.pem is not there", done.stderr)

    def test_without_a_mount_the_program_starts_as_it_is(self):
        with tempfile.TemporaryDirectory() as name:
            done = self.start(pathlib.Path(name), pathlib.Path(name) / "nothing")
            self.assertNotIn("SLUICE_SECURITY", done.stdout)


class Compose(Accepting):
    def setUp(self):
        self.file = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
        self.services = self.file["services"]

    def command(self, service):
        """The program's words, through `sh -c` where there is one."""
        words = self.services[service]["command"]
        if words[:2] == ["sh", "-c"]:
            text = words[2].replace("$$", "$")
            self.assertEqual(subprocess.run(["sh", "-n", "-c", text]).returncode, 0)
            text = text.replace("$(hostname -i | cut -d' ' -f1)", "10.1.2.3")
            self.assertNotIn("$", text)
            words = shlex.split(text.removeprefix("exec "))
        return words

    def test_commands_are_accepted_and_fit_together(self):
        coordinator = self.settings_in_force(self.command("coordinator"))
        worker = self.settings_in_force(self.command("worker"))
        self.assertEqual(coordinator["listen"], f"0.0.0.0:{COORDINATOR_PORT}")
        self.assertEqual(worker["coordinator"], f"coordinator:{COORDINATOR_PORT}")
        self.assertEqual((worker["listen"], worker["advertise"]), (f"0.0.0.0:{WORKER_PORT}", f"10.1.2.3:{WORKER_PORT}"))
        default = self.settings_in_force(["sluice-coordinator"])["listen"]
        self.assertEqual(default.rpartition(":")[2], COORDINATOR_PORT)
        self.assertEqual(self.services["coordinator"]["ports"], [f"127.0.0.1:{COORDINATOR_PORT}:{COORDINATOR_PORT}"])
        for service, port in (("coordinator", COORDINATOR_PORT), ("worker", WORKER_PORT)):
            self.assertTrue(self.services[service]["healthcheck"]["test"][-1].endswith(f"/127.0.0.1/{port}"))

    def test_each_service_gets_its_own_secrets_and_they_are_made(self):
        with tempfile.TemporaryDirectory() as name:
            made = subprocess.run([str(ROOT / "scripts" / "cluster"), "secrets", f"{name}/secrets"], capture_output=True, text=True)
            self.assertEqual(made.returncode, 0, made.stderr)
            for service in ("coordinator", "worker"):
                targets = {s["target"]: s["source"] for s in self.services[service]["secrets"]}
                self.assertEqual(set(targets), {f"/run/secrets/sluice/{f}" for f in SECRET_FILES})
                for target, source in targets.items():
                    path = pathlib.Path(name, self.file["secrets"][source]["file"])
                    self.assertTrue(path.exists(), path)
                    self.assertEqual(path.name, pathlib.Path(target).name)
                    if path.name in ("cert.pem", "key.pem"):
                        self.assertEqual(path.parent.name, f"{service}.sluice")
        self.assertNotIn("ca.key", (CONTAINER / "compose.yaml").read_text())

    def test_volumes_users_and_the_image(self):
        for name, service in self.services.items():
            mounts = [v.rpartition(":")[2] for v in service["volumes"]]
            self.assertEqual(mounts, ["/var/lib/sluice", "/data"])
            named = {v.partition(":")[0] for v in service["volumes"] if ":" in v and not v.startswith(("$", ".", "/"))}
            self.assertEqual(named - set(self.file["volumes"]), set())
            self.assertEqual((service["read_only"], service["cap_drop"]), (True, ["ALL"]))
            folder = next(w for w in self.command(name) if w.startswith("/var/lib/sluice/"))
            self.assertTrue(folder.startswith(mounts[0] + "/"))
            self.assertEqual((CONTAINER / service["build"]["context"]).resolve(), ROOT)
            self.assertTrue((ROOT / service["build"]["dockerfile"]).exists())
            self.assertTrue(any(t.startswith("/run/sluice") for t in service["tmpfs"]))


class Kubernetes(Accepting):
    def setUp(self):
        self.objects = {}
        for path in sorted(KUBERNETES.glob("*.yaml")):
            for document in yaml.safe_load_all(path.read_text()):
                self.objects[document["kind"], document["metadata"]["name"]] = document
        self.workloads = {"coordinator": self.objects["StatefulSet", "sluice-coordinator"], "worker": self.objects["Deployment", "sluice-worker"]}

    def pod(self, role):
        spec = self.workloads[role]["spec"]["template"]["spec"]
        self.assertEqual(len(spec["containers"]), 1)
        return spec, spec["containers"][0]

    def test_selectors_match_their_pods(self):
        for workload in self.workloads.values():
            labels = workload["spec"]["template"]["metadata"]["labels"]
            self.assertEqual(workload["spec"]["selector"]["matchLabels"], labels)
        service = self.objects["Service", self.workloads["coordinator"]["spec"]["serviceName"]]
        self.assertEqual(service["spec"]["clusterIP"], "None")
        self.assertEqual(service["spec"]["selector"], self.workloads["coordinator"]["spec"]["template"]["metadata"]["labels"])

    def test_commands_are_accepted_and_ports_agree(self):
        for role, port in (("coordinator", COORDINATOR_PORT), ("worker", WORKER_PORT)):
            _, container = self.pod(role)
            self.assertEqual(container["args"][0], f"sluice-{role}")
            names = {e["name"] for e in container.get("env", [])}
            self.assertEqual(set(re.findall(r"\$\((\w+)\)", " ".join(container["args"]))) - names, set())
            shown = self.settings_in_force([a.replace("$(POD_IP)", "10.1.2.3") for a in container["args"]])
            self.assertEqual(shown["listen"], f"0.0.0.0:{port}")
            ports = {p["name"]: p["containerPort"] for p in container["ports"]}
            self.assertEqual([str(p) for p in ports.values()], [port])
            for probe in ("readinessProbe", "livenessProbe"):
                self.assertIn(container[probe]["tcpSocket"]["port"], ports)
            if role == "worker":
                host, _, number = shown["coordinator"].partition(":")
                service = self.objects["Service", host]["spec"]["ports"][0]
                self.assertEqual((number, service["targetPort"]), (str(service["port"]), "nodes"))
                self.assertEqual(shown["advertise"], f"10.1.2.3:{port}")

    def test_volumes_are_there_and_secrets_private(self):
        for role in self.workloads:
            spec, container = self.pod(role)
            volumes = {v["name"]: v for v in spec["volumes"]}
            claims = {c["metadata"]["name"] for c in self.workloads[role]["spec"].get("volumeClaimTemplates", [])}
            mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
            self.assertEqual(set(mounts), set(volumes) | claims)
            folder = next(a.rpartition("=")[2] for a in container["args"] if "/var/lib/sluice/" in a)
            self.assertTrue(any(folder.startswith(m + "/") for m in mounts.values()))
            claim = self.objects["PersistentVolumeClaim", volumes["data"]["persistentVolumeClaim"]["claimName"]]
            self.assertEqual(claim["spec"]["accessModes"], ["ReadWriteMany"])
            secret = volumes["secrets"]["secret"]
            self.assertEqual((secret["secretName"], oct(secret["defaultMode"])), (f"sluice-{role}", "0o440"))
            self.assertEqual({i["path"] for i in secret["items"]}, SECRET_FILES)
            self.assertEqual({i["key"] for i in secret["items"]}, SECRET_FILES)
            self.assertEqual(mounts["secrets"], "/run/secrets/sluice")
            self.assertEqual((mounts["own-secrets"], volumes["own-secrets"]["emptyDir"]["medium"]), ("/run/sluice", "Memory"))
            page = (ROOT / "docs" / "deploy.md").read_text()
            self.assertIn(f"kubectl create secret generic {secret['secretName']}", page)

    def test_pods_may_do_little_and_are_bounded(self):
        for role in self.workloads:
            spec, container = self.pod(role)
            self.assertEqual((spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]),
                             (True, 10001, 10001))
            self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                            "capabilities": {"drop": ["ALL"]}})
            self.assertIn("memory", container["resources"]["limits"])
            self.assertIs(spec["automountServiceAccountToken"], False)


if __name__ == "__main__":
    unittest.main()
