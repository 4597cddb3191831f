"""What a run leaves, as far as it must not depend on how often it was stopped."""
import hashlib
import json

TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def lines(path, broken=0):
    """The objects of a log. Fails for a gap in the numbers, and for more broken lines than there were kills."""
    if not path.exists():
        return []
    found, defects = [], 0
    text = path.read_bytes()
    for raw in text.split(b"\n")[:-1]:
        head, mark, tail = raw.rpartition(b',"crc":"')
        if not mark or tail[8:] != b'"}' or f"{crc32c(head):08x}".encode() != tail[:8]:
            defects += 1
            continue
        value = json.loads(raw)
        assert value["seq"] == len(found), f"{path}: line {value['seq']} where {len(found)} was to come"
        del value["seq"], value["crc"]
        found.append(value)
    assert text.endswith(b"\n") or not text, f"{path}: the last line has no end"
    assert defects <= broken, f"{path}: {defects} broken lines after {broken} kills"
    return found


def without(value, *names):
    return {key: item for key, item in value.items() if key not in names}


class Outcome:
    """Reads what there is in the folder of a finished run."""

    def __init__(self, folder, kills=0):
        self.folder, self.kills = folder, kills
        self.metrics = self.by_step(
            lines(folder / "metrics.jsonl", kills), lambda line: line["report"]["step"], "stepsPerSecond", "scalars")
        self.verdicts = {}
        self.repeated = []
        for line in lines(folder / "verdicts.jsonl", kills):
            if line["step"] in self.verdicts:
                self.repeated.append(line["step"])
            self.verdicts[line["step"]] = without(line, "file")
        self.landed, self.ended, self.best = {}, {}, None
        for line in lines(folder / "ledger.jsonl", kills):
            if "landed" in line:
                self.landed.setdefault(line["landed"]["step"], 0)
                self.landed[line["landed"]["step"]] += 1
            elif "ended" in line:
                self.ended[line["ended"]["step"]] = line["ended"]["outcome"]
            elif "best" in line:
                self.best = line["best"]
        self.weights = {path.name: self.digest(path) for path in (folder / "checkpoints").glob("step-*.safetensors")}
        link = folder / "checkpoints" / "best-by-climate.safetensors"
        self.link = link.resolve().name if link.is_symlink() else None
        self.store = {
            str(path.relative_to(folder)): self.digest(path)
            for path in folder.glob("*.zarr/**/*") if path.is_file() and not path.name.startswith(".")
        }

    @staticmethod
    def digest(path):
        """What a file holds; how often a store was repaired is no part of it."""
        content = path.read_bytes()
        if path.name == "zarr.json" and path.parent.name == "length":
            value = json.loads(content)
            value["attributes"].pop("repairs", None)
            content = json.dumps(value, sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest()

    def by_step(self, found, step, *times):
        """The line of each step; fails when a step that was taken again did something else."""
        last = {}
        for line in found:
            line, number = without(line, *times), step(line)
            assert last.get(number, line) == line, f"{self.folder}: step {number} did something else the second time"
            last[number] = line
        return last

    def expect_consistent(self):
        """The books agree with each other: one verdict line for each checkpoint that was evaluated, and the link."""
        evaluated = {step for step, outcome in self.ended.items() if outcome == "evaluated"}
        assert not self.repeated, f"{self.folder}: more than one verdict on steps {self.repeated}"
        assert evaluated == set(self.verdicts), (
            f"{self.folder}: evaluated by the ledger are {sorted(evaluated)}, verdicts are there on {sorted(self.verdicts)}")
        if self.best is not None:
            name = f"step-{self.best['step']:08d}.safetensors"
            assert self.link == name, f"{self.folder}: the best is {name}, the link says {self.link}"

    def expect_same(self, other, judged=True):
        """What does not depend on time is the same as in another run."""
        self.same("weights", self.weights, other.weights)
        self.same("the training log", self.metrics, other.metrics)
        self.same("the store", self.store, other.store)
        self.same("the ledger's landings", set(self.landed), set(other.landed))
        if judged:
            self.same("the ledger's ends", self.ended, other.ended)
            self.same("the verdicts", self.verdicts, other.verdicts)
            self.same("the best", self.best, other.best)

    def same(self, what, ours, theirs):
        if ours == theirs:
            return
        keys = sorted(set(ours) | set(theirs), key=str) if isinstance(ours, dict) else sorted(ours ^ theirs)
        if isinstance(ours, dict):
            keys = [key for key in keys if ours.get(key) != theirs.get(key)]
        raise AssertionError(f"{self.folder}: {what} differ from the run that was left in peace in {keys[:8]}")
