"""Replacing the token of a cluster with hosts, while it runs."""
from . import pki
from .cluster import DRAIN_SECONDS


def hand_out(cluster, tokens):
    cluster.secrets.set_tokens(tokens)
    cluster.on_each(lambda machine: cluster.send_secrets(machine, cluster.state["places"][machine.name]["folder"]))


def restart_all(cluster):
    """One process after the other, so that queries go on; a process reads its secrets when it starts."""
    cluster.here.end([cluster.state["coordinator"]], DRAIN_SECONDS)
    workers = list(cluster.live_workers())
    cluster.wait_until_ready(len(workers), {cluster.launch_coordinator()})
    for number in workers:
        cluster.end([number])
        cluster.wait_until_ready(len(workers), set(cluster.launch_workers(len(workers))))


def rotate_token(cluster):
    """First all accept the old and the new token, then only the new one. What was interrupted in between is taken up again: two tokens in
    the file are the old and the new one. The coordinator must be alive."""
    tokens = cluster.secrets.tokens()
    if len(tokens) == 1:
        tokens.append(pki.new_token())
    hand_out(cluster, tokens)
    restart_all(cluster)
    hand_out(cluster, tokens[1:])
    restart_all(cluster)
