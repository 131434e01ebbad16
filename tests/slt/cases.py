"""Reading and writing .slt files, shared by the runner and the golden maker. Standard library only."""
import dataclasses
import pathlib


@dataclasses.dataclass
class Case:
    path: pathlib.Path
    header: list
    mode: str = "complete"
    format: str = "json"
    schema: str = "time TIMESTAMP, action STRING"
    settings: dict = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)
    ordered: bool = False
    batches: list = dataclasses.field(default_factory=list)
    query: str = ""
    expect: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return f"{self.path.parent.name}_{self.path.stem}"


def read(path):
    case = Case(path=pathlib.Path(path), header=[])
    lines = pathlib.Path(path).read_bytes().decode("utf-8", "surrogateescape").split("\n")
    i = 0
    while i < len(lines):
        line = lines[i]
        word, _, rest = line.partition(" ")
        if line.startswith("#"):
            case.header.append(line)
        elif word in ("batch", "query", "expect"):
            end = lines.index("end", i)
            block = lines[i + 1:end]
            if word == "batch":
                case.batches.append("\n".join(block) + "\n" if block else "")
            elif word == "query":
                case.query = "\n".join(block)
            else:
                case.expect = block
            i = end
        elif word == "mode":
            case.mode = rest.strip()
        elif word == "format":
            case.format = rest.strip()
        elif word == "schema":
            case.schema = rest.strip()
        elif word in ("set", "option"):
            key, _, value = rest.strip().partition(" ")
            (case.settings if word == "set" else case.options)[key] = value
        elif line.strip() == "ordered":
            case.ordered = True
        elif line.strip():
            raise ValueError(f"{path}:{i + 1}: unknown line: {line}")
        i += 1
    return case


def write(case):
    out = list(case.header) + [f"mode {case.mode}", f"schema {case.schema}"]
    if case.format != "json":
        out.insert(len(out) - 1, f"format {case.format}")
    out += [f"set {k} {v}" for k, v in case.settings.items()]
    out += [f"option {k} {v}" for k, v in case.options.items()]
    if case.ordered:
        out.append("ordered")
    for batch in case.batches:
        out += ["batch"] + (batch[:-1].split("\n") if batch else []) + ["end"]
    out += ["query", case.query, "end", "expect"] + case.expect + ["end", ""]
    case.path.write_bytes("\n".join(out).encode("utf-8", "surrogateescape"))


def all_cases(root):
    return [read(p) for p in sorted(pathlib.Path(root).glob("*/*.slt"))]


def normal(value):
    """Doubles to 12 significant digits (only their last digits may depend on the order of additions)."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {k: normal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [normal(v) for v in value]
    return value
