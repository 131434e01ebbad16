"""Cases out of templates, by seed."""
import random
import re

import templates


def split_templates(text):
    out = []
    for line in text.strip().splitlines():
        for one in line.split(" | "):
            out.append(one.strip())
    # `{i} | {i}` is an expression itself
    joined = []
    for one in out:
        if joined and joined[-1] == "{i}" and one == "{i}":
            joined[-1] = "{i} | {i}"
        elif one:
            joined.append(one)
    return joined


def fill(template, pick):
    return re.sub(r"\{(\w+)\}", lambda match: pick.choice(templates.KINDS[match[1]]), template)


def cases(group, variant, each, seed):
    """Distinct expressions: up to `each` of every template."""
    pick = random.Random(f"{group}/{variant}/{seed}")
    out = {}
    for template in split_templates(templates.GROUPS[group]):
        once = template.startswith("!")
        body = template.lstrip("!")
        tries = 1 if once or not re.search(r"\{\w+\}", body) else each
        for _ in range(tries):
            out[fill(body, pick)] = None
    return list(out)
