"""A headless Chromium, driven by the DevTools protocol over a pair of pipes: no Node, no driver, no port."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# Debian's packages of these names; the first is the smaller one and starts faster.
PROGRAMS = ("chromium-headless-shell", "chromium")
# For an answer that should come at once: a machine may be busy with much else.
PATIENCE = 300


class Failed(Exception):
    """What the browser or the page refused."""


class Browser:
    """One browser with one page. Commands wait for their answer; what the page complains of is collected in `complaints`."""

    @staticmethod
    def program():
        """The browser that is installed, or None."""
        return next(filter(None, map(shutil.which, PROGRAMS)), None)

    def __init__(self, width=1280, height=900):
        program = Browser.program()
        if not program:
            raise Failed(f"there is no {' and no '.join(PROGRAMS)}")
        self._place = tempfile.mkdtemp(prefix="holstream-browser-")
        to_browser, ours_out = os.pipe()
        ours_in, from_browser = os.pipe()

        def descriptors():
            # The protocol wants 3 and 4; neither may be overwritten before it was copied.
            a, b = os.dup2(to_browser, 20), os.dup2(from_browser, 21)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self._process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--remote-debugging-pipe", f"--user-data-dir={self._place}", f"--window-size={width},{height}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            pass_fds=(), preexec_fn=descriptors)
        os.close(to_browser)
        os.close(from_browser)
        self._out, self._in = os.fdopen(ours_out, "wb", 0), os.fdopen(ours_in, "rb", 0)
        self._number, self._rest, self._session = 0, b"", None
        self.complaints = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def _message(self, end):
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("the browser does not answer")
            more = self._in.read(1 << 16)
            if not more:
                raise Failed("the browser has ended")
            self._rest += more
        line, self._rest = self._rest.split(b"\0", 1)
        return json.loads(line)

    def send(self, method, patience=PATIENCE, **parameters):
        """A command's result, for which it waits so many seconds."""
        end = time.monotonic() + patience
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message(end)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def _note(self, event):
        parameters = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")

    def open(self, address):
        self.send("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script, patience=PATIENCE):
        """What an expression is on the page; a promise is waited for."""
        result = self.send("Runtime.evaluate", patience, expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise Failed(f"{script}: {details.get('exception', {}).get('description') or details['text']}")
        return result["result"].get("value")

    def wait(self, condition, seconds=PATIENCE):
        """Until a condition holds on the page, which looks again and again."""
        held = self.value(
            f"""new Promise((resolve) => {{
              const end = Date.now() + {1000 * seconds};
              const look = () => {{
                let holds = false;
                try {{ holds = Boolean({condition}); }} catch {{}}
                if (holds || Date.now() > end) resolve(holds); else setTimeout(look, 20);
              }};
              look();
            }})""", seconds + PATIENCE)
        if not held:
            raise Failed(f"it never came to be that {condition}")

    def press(self, key, text=""):
        """A key, as a keyboard gives it."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "Escape": 27}
        common = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": codes.get(key, 0)}
        text = text or {"Enter": "\r", " ": " "}.get(key, "")
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def point(self, place):
        """The pointer at a place of the window."""
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])

    def drag(self, start, end):
        """The pointer with its button held, from one place of the window to another."""
        def mouse(kind, place, buttons):
            self.send("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", buttons=buttons, clickCount=1)
        self.point(start)
        mouse("mousePressed", start, 1)
        for share in (0.25, 0.5, 0.75, 1):
            mouse("mouseMoved", [a + share * (b - a) for a, b in zip(start, end)], 1)
        mouse("mouseReleased", end, 0)

    def resize(self, width, height, mobile=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def close(self):
        try:
            self._session = None
            self.send("Browser.close", 30)
            self._process.wait(timeout=30)
        except (Failed, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._place, ignore_errors=True)
