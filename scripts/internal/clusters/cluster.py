"""A cluster's folder and what can be done with its processes."""
import concurrent.futures
import contextlib
import fcntl
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from . import hosts, pki, processes, programs
from .machines import SshMachine, ThisMachine
from .trouble import Trouble

START_SECONDS = 30
DRAIN_SECONDS = 30


def key_of(record):
    return (record.get("host"), record["pid"], record["start"])


def host_part(address):
    return address.rpartition(":")[0].strip("[]")


class Cluster:
    """The record in cluster.json. `process` names are "coordinator" and "worker-K". The coordinator runs on this machine,
    workers on this one or, when the cluster was started with a hosts file, on those hosts."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.path = self.folder / "cluster.json"
        self.state = {"port": None, "build": None, "slots": None, "config": None, "coordinator": None, "workers": {},
                      "id": None, "host": "127.0.0.1", "hosts": None, "ssh": ["ssh"], "places": {}}
        if self.path.exists():
            self.state.update(json.loads(self.path.read_text()))
        self.secrets = pki.Secrets(self.folder / "secrets")
        self.here = ThisMachine()
        self.gone = set()   # keys of processes on other hosts that were seen to have ended

    def save(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".tmp")
        draft.write_text(json.dumps(self.state, indent=1) + "\n")
        draft.replace(self.path)

    @contextlib.contextmanager
    def locked(self):
        """One changing command at a time; a command that waited sees what the other wrote."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.path.exists():
                self.state.update(json.loads(self.path.read_text()))
            yield

    @property
    def address(self):
        host = self.state["host"]
        return f"{f'[{host}]' if ':' in host else host}:{self.state['port']}" if self.state["port"] else None

    def program(self, name):
        return programs.find(self.state["build"], name)

    # ---- other hosts ----

    def machines(self):
        """Where workers run, in order: the hosts of the hosts file, else this machine."""
        if not self.state["hosts"]:
            return [self.here]
        return [SshMachine(hosts.Host(**host), self.state["ssh"]) for host in self.state["hosts"]]

    def machine_of(self, record):
        for machine in self.machines():
            if machine.name == record.get("host"):
                return machine
        return self.here

    def use_hosts(self, found, ssh, advertise):
        """Takes the hosts of a hosts file (none: this machine only)."""
        names = {host.name for host in found}
        for number, record in self.live_workers().items():
            if (record.get("host") or "") not in (names or {""}):
                raise Trouble(f"worker-{number} still runs on {record.get('host') or 'this machine'}; stop it with `down` first")
        self.state["hosts"] = [host.as_json() for host in found] or None
        self.state["ssh"] = ssh
        self.state["id"] = self.state["id"] or secrets.token_hex(4)
        self.state["host"] = advertise or (hosts.own_address_towards(found[0].address) if found else "127.0.0.1")

    def on_each(self, work, machines=None):
        """`work(machine)` on all at the same time. All troubles are told, in one."""
        machines = self.machines() if machines is None else machines
        with concurrent.futures.ThreadPoolExecutor(max(1, min(16, len(machines)))) as pool:
            running = [pool.submit(work, machine) for machine in machines]
        troubles = [str(done.exception()) for done in running if isinstance(done.exception(), Trouble)]
        if troubles:
            raise Trouble("\n".join(troubles))
        return [done.result() for done in running]

    def prepare_hosts(self, install):
        """Secrets for all; on each host its folder, its own secrets, the settings and, with `install`, the worker program."""
        if not self.state["hosts"]:
            return
        self.secrets.prepare()
        self.secrets.certify(pki.COORDINATOR, pki.COORDINATOR, [self.state["host"]])
        self.secrets.certify(pki.CLIENT, pki.CLIENT, [])
        for machine in self.machines():
            self.secrets.certify(machine.name, pki.WORKER, [machine.address])
        program = self.program("sluice-worker")
        files, version = programs.bundle(program) if install else ({}, None)

        def prepare(machine):
            folder = machine.prepare(machine.host.dir or f".sluice/{self.state['id']}/{machine.name.replace(':', '_')}",
                                     self.state["id"])
            place = {"folder": folder, "program": program, "libraries": None}
            if install:
                copy = f"{folder}/programs-{version}"
                machine.send_programs(copy, files)
                place.update(program=f"{copy}/bin/sluice-worker", libraries=f"{copy}/lib")
            self.send_secrets(machine, folder)
            if self.state["config"]:
                machine.send_files(folder, {"settings.toml": Path(self.state["config"]).read_bytes()})
            return machine.name, place

        self.state["places"] = dict(self.on_each(prepare))
        self.save()

    def send_secrets(self, machine, folder):
        machine.send_files(f"{folder}/secrets", self.secrets.files_for(machine.name))

    def look(self):
        """Asks other hosts which processes live; gives host -> why it could not be asked."""
        unknown = {}

        def ask(machine):
            records = [r for _, r in self.processes() if r and r.get("host") == machine.name]
            try:
                living = {key_of(r) for r in machine.living(records)}
                self.gone |= {key_of(r) for r in records} - living
            except Trouble as trouble:
                unknown[machine.name] = str(trouble)

        if self.state["hosts"]:
            self.on_each(ask)
        return unknown

    # ---- processes ----

    def alive(self, record):
        if not record or record.get("pid") is None:
            return False
        return key_of(record) not in self.gone if record.get("host") else processes.alive(record)

    def coordinator_alive(self):
        return self.alive(self.state["coordinator"])

    def live_workers(self):
        """Number -> record of the worker processes that live, in order of their numbers."""
        return {k: w for k, w in sorted(self.state["workers"].items(), key=lambda kv: int(kv[0])) if self.alive(w)}

    def processes(self):
        yield "coordinator", self.state["coordinator"]
        for number, record in self.state["workers"].items():
            yield f"worker-{number}", record

    def forget_dead_workers(self):
        self.state["workers"] = self.live_workers()

    # ---- starting ----

    def secured(self):
        return bool(self.state["hosts"])

    def launch(self, name, program, arguments, machine):
        """Starts a process; its files are in the cluster's folder of that machine."""
        command = ["--data-dir", "{folder}/" + name, "--log.file", "{folder}/logs/" + name + ".log"]
        if isinstance(machine, SshMachine):
            place = self.state["places"][machine.name]
            folder, path = place["folder"], place["program"]
            settings = {f"security.{what}-file": f"{folder}/secrets/{file}" for what, file in
                        (("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem"), ("token", "token"))}
            config = f"{folder}/settings.toml"
        else:
            folder, path, config = str(self.folder), self.program(program), self.state["config"]
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
            (self.folder / name).mkdir(exist_ok=True)
            owner = pki.COORDINATOR if machine is self.here else machine.name
            settings = self.secrets.settings_for(owner) if self.secured() else {}
        command = [path, *arguments, *(word.replace("{folder}", folder) for word in command)]
        for key, value in settings.items():
            command += [f"--{key}", value]
        if self.state["config"]:
            command += ["--config", config]
        extra = {"libraries": place["libraries"]} if isinstance(machine, SshMachine) else {}
        record = machine.launch(folder, name, command, **extra)
        return {**record, "host": machine.name, "id": None, "address": None, "slots": None}

    def launch_coordinator(self):
        record = self.launch("coordinator", "sluice-coordinator", ["--listen", self.address], self.here)
        self.state["coordinator"] = record
        self.save()
        return key_of(record)

    def launch_worker(self):
        return self.launch_workers(len(self.live_workers()) + 1)[0]

    def launch_workers(self, count):
        """Starts workers until `count` live, each on the machine that has fewest; gives their keys."""
        taken, plan = self.live_workers(), []
        loads = {m.name: sum(w.get("host") == m.name for w in taken.values()) for m in self.machines()}
        number = 0
        while len(taken) + len(plan) < count:
            number += 1
            if str(number) in taken:
                continue
            machine = min(self.machines(), key=lambda m: loads[m.name])
            loads[machine.name] += 1
            plan.append((str(number), machine))

        def start(item):
            number, machine = item
            host = getattr(machine, "host", None)
            slots = (host.slots if host else 0) or self.state["slots"]
            address = f"[{machine.address}]" if ":" in machine.address else machine.address
            words = ["--coordinator", self.address, "--listen", f"{address}:0", *(["--slots", str(slots)] if slots else [])]
            record = self.launch(f"worker-{number}", "sluice-worker", words, machine)
            self.state["workers"][number] = record   # also when another host fails, so that it is stopped
            return key_of(record)

        try:
            return self.on_each(start, plan) if self.state["hosts"] else [start(item) for item in plan]
        finally:
            self.save()

    # ---- logs ----

    def last_lines(self, name, count=20):
        record = dict(self.processes()).get(name) or {}
        if record.get("host") in self.state["places"] and self.state["hosts"]:
            return self.machine_of(record).log(self.state["places"][record["host"]]["folder"], name, count)
        lines = []
        for suffix in ("log", "err"):
            path = self.folder / "logs" / f"{name}.{suffix}"
            if path.exists():
                lines += path.read_text(errors="replace").splitlines()
        return lines[-count:]

    def died(self, name):
        lines = "\n".join("  " + line for line in self.last_lines(name))
        host = (dict(self.processes()).get(name) or {}).get("host")
        folder = self.state["places"][host]["folder"] if host in self.state["places"] else self.folder
        where = f" on host {host}" if host else ""
        return Trouble(f"{name}{where} ended while starting; the last lines of {folder}/logs/{name}.log and .err:\n{lines}")

    # ---- asking ----

    def environment(self):
        """Variables with which the sluice command reaches this cluster."""
        names = {"SLUICE_COORDINATOR": self.address}
        if self.secured():
            for key, value in self.secrets.settings_for(pki.CLIENT).items():
                names["SLUICE_" + key.upper().replace(".", "_").replace("-", "_")] = value
        return names

    def registered(self):
        """What the coordinator says about its workers, by host address and process id; None if it does not answer."""
        if not self.coordinator_alive():
            return None
        answer = subprocess.run([*self.here.prefix, self.program("sluice"), "workers", "--json"], capture_output=True, text=True,
                                env={**os.environ, **self.environment()})
        if answer.returncode != 0:
            return None
        return {(host_part(worker["address"]), worker["pid"]): worker for worker in json.loads(answer.stdout)}

    def note_registrations(self):
        """Keeps ids and addresses, so that `status` has them when the coordinator is down. Gives the ready workers' keys."""
        known = self.registered()
        if known is None:
            return None
        ready = set()
        for record in self.live_workers().values():
            worker = known.get((self.machine_of(record).address, record["pid"]))
            if worker and worker["state"] not in ("lost", "draining", "gone"):
                record.update(id=worker["id"], address=worker["address"], slots=worker["slots"])
                ready.add(key_of(record))
        return ready

    def wait_until_ready(self, count, started):
        """Until `count` workers are registered. The end of a process that this command started is trouble; another
        worker that dies meanwhile is no longer waited for."""
        deadline = time.monotonic() + START_SECONDS
        next_look = time.monotonic() + 1
        while True:
            if time.monotonic() > next_look:
                self.look()
                next_look = time.monotonic() + 1
            for name, record in self.processes():
                if record and not record.get("host"):
                    processes.collect(record["pid"])
                if record and not self.alive(record) and key_of(record) in started:
                    raise self.died(name)
            count = min(count, len(self.live_workers()))
            ready = self.note_registrations()
            if ready is not None and len(ready) >= count:
                self.save()
                return
            if time.monotonic() > deadline:
                raise self.not_ready(count, ready)
            time.sleep(0.02)

    def not_ready(self, count, ready):
        if ready is None:
            return Trouble(f"not ready after {START_SECONDS} s: the coordinator does not answer; see {self.folder}/logs")
        missing = [f"worker-{number}" + (f" on host {w['host']}" if w.get("host") else "")
                   for number, w in self.live_workers().items() if key_of(w) not in ready]
        said = ""
        if self.state["hosts"] and missing:
            said = "; its last lines:\n" + "\n".join("  " + line for line in self.last_lines(missing[0].split()[0], 5))
        return Trouble(f"not ready after {START_SECONDS} s: the coordinator has {len(ready)} of {count} workers, "
                       f"missing {', '.join(missing)}; see `scripts/cluster logs {missing[0].split()[0]}`{said}" if missing else
                       f"not ready after {START_SECONDS} s: the coordinator has {len(ready)} of {count} workers")

    # ---- stopping ----

    def end(self, numbers, seconds=DRAIN_SECONDS):
        """Ends workers on all machines at the same time and forgets them. Those on hosts that do not answer stay known."""
        chosen = {n: w for n, w in self.live_workers().items() if n in numbers}

        def end_there(machine):
            here = {n: w for n, w in chosen.items() if w.get("host") == machine.name}
            killed = machine.end(list(here.values()), seconds)
            for number, record in here.items():
                if record in killed:
                    print(f"worker-{number} (pid {record['pid']}) did not drain in {seconds} s and was killed", file=sys.stderr)
                del self.state["workers"][number]

        try:
            self.on_each(end_there)
        finally:
            self.save()

    def stop_everything(self, seconds=DRAIN_SECONDS):
        """The coordinator first: it ends the batch it is in while its workers are there."""
        record = self.state["coordinator"]
        if self.coordinator_alive() and self.here.end([record], seconds):
            print(f"coordinator (pid {record['pid']}) did not drain in {seconds} s and was killed", file=sys.stderr)
        self.state["coordinator"] = None
        self.save()
        self.forget_dead_workers()
        self.end(list(self.state["workers"]), seconds)

    def remove_from_hosts(self):
        if self.state["hosts"]:
            self.on_each(lambda m: m.remove(self.state["places"][m.name]["folder"], self.state["id"])
                         if m.name in self.state["places"] else None)

    def print_addresses(self):
        print(f"coordinator  {self.address}  pid {self.state['coordinator']['pid']}")
        for number, record in self.live_workers().items():
            where = f"  on {record['host']}" if record.get("host") else ""
            print(f"worker-{number}     {record['address']}  pid {record['pid']}  {record['slots']} slots  {record['id']}{where}")
        print(f"logs and data  {self.folder}")
