"""What all cases share: a folder to work in, the program, and how it ended."""
import os
import pathlib
import shutil
import signal
import subprocess

# No round takes minutes; a program that hangs is ended after so many seconds, and that is a failure.
LONGEST = 300


class Skipped(Exception):
    """This machine lacks what the case needs."""


class Ended:
    """How a program ended: its exit code (negative: the signal), and what it said on both outputs."""

    def __init__(self, code, words):
        self.code, self.words = code, words

    def expect(self, *codes):
        """Fails with what the program said when it ended otherwise."""
        assert self.code in codes, f"exit code {self.code}, not {' or '.join(map(str, codes))}: {self.words[-1500:]}"
        return self


class Started:
    """A program that runs; what it says is kept in a file."""

    def __init__(self, command, log, **settings):
        self.log = log
        with open(log, "wb") as words:
            self.process = subprocess.Popen(
                command, stdout=words, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **settings)

    def signal(self, number):
        """Sends a signal; false when the program has ended already."""
        if self.process.poll() is not None:
            return False
        self.process.send_signal(number)
        return True

    def wait(self, longest=LONGEST):
        try:
            self.process.wait(longest)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {longest} s: {self.words()[-1500:]}")
        return Ended(self.process.returncode, self.words())

    def words(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    @property
    def processor_seconds(self):
        """What it has used of the processor, 0 when it has ended."""
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (FileNotFoundError, ProcessLookupError):
            return 0


class Workplace:
    """The folder of one case, and the program under test."""

    def __init__(self, program, folder, chance, quiet):
        self.program, self.folder, self.chance, self.quiet = program, folder, chance, quiet
        self.only, self.keeps, self.number, self.started = None, False, 0, []
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)

    def say(self, words):
        if not self.quiet:
            print(f"  {words}", flush=True)

    def start(self, *arguments, before=(), **settings):
        """Starts the program; `before` is what it is started by, such as `faketime -f +1d`."""
        self.number += 1
        command = [*map(str, before), str(self.program), *map(str, arguments)]
        started = Started(command, self.folder / f"words-{self.number}.txt", cwd=self.folder, **settings)
        self.started = [other for other in self.started if other.process.poll() is None] + [started]
        return started

    def run(self, *arguments, **settings):
        return self.start(*arguments, **settings).wait()

    def close(self, keeping):
        for started in self.started:
            if started.process.poll() is None:
                started.signal(signal.SIGCONT)
                started.signal(signal.SIGKILL)
                started.process.wait()
        if not keeping and not self.keeps:
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                os.rmdir(self.folder.parent)
            except OSError:
                pass
