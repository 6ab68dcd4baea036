#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens the live page in a headless Chromium, checks what it drew, and takes a picture.

    page.py URL PICTURE.png WIDTH HEIGHT [light|dark] [text that must be on it]...

Talks to the browser over a pipe (Chrome DevTools Protocol). Fails when the page logged an error (a refused script,
a violated policy), drew nothing, or is wider than the window.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time


class Browser:
    """A browser of its own, gone with this object."""

    def __init__(self):
        to_browser, self.out = os.pipe()
        self.inp, from_browser = os.pipe()
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--remote-debugging-pipe", f"--user-data-dir={self.profile.name}", "about:blank"]

        def place():
            # The browser reads descriptor 3 and writes descriptor 4.
            a, b = os.dup(to_browser), os.dup(from_browser)
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(command, preexec_fn=place, close_fds=False,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.events = 0, b"", []

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                data = os.read(self.inp, 1 << 20)
                if not data:
                    raise SystemExit("page.py: the browser has gone")
                self.buffer += data
            line, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"page.py: {method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.profile.cleanup()


def main():
    url, picture, width, height = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    scheme = sys.argv[5] if len(sys.argv) > 5 else "light"
    wanted = sys.argv[6:]
    browser = Browser()
    try:
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log"]:
            browser.call(f"{domain}.enable", session)
        browser.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height,
                     deviceScaleFactor=1, mobile=width < 600)
        browser.call("Emulation.setEmulatedMedia", session,
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.call("Page.navigate", session, url=url)

        def value(expression):
            return browser.call("Runtime.evaluate", session, expression=expression)["result"].get("value")

        end = time.time() + 30
        while time.time() < end:
            text = value("document.body ? document.body.innerText : ''") or ""
            if "watching for" in text and all(word in text for word in wanted):
                break
            time.sleep(0.5)
        time.sleep(1.5)
        text = value("document.body.innerText")
        faults = [word for word in wanted if word not in text]
        drawn = value("document.querySelector('#traffic path.good').getAttribute('d').length")
        overflow = value("document.documentElement.scrollWidth - innerWidth")
        scripts = value("document.querySelectorAll('script').length")
        shot = browser.call("Page.captureScreenshot", session, format="png")
        with open(picture, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
        # The key that the screen has for it turns to the next window, and the tables come of that one.
        browser.call("Input.dispatchKeyEvent", session, type="keyDown", key="w", text="w")
        turned, end = False, time.time() + 10
        while not turned and time.time() < end:
            time.sleep(0.3)
            turned = value("location.search == '?window=5m' && latest.window == '5m' && "
                           "document.querySelector('[data-window=\"5m\"]').ariaPressed == 'true' && "
                           "[...document.querySelectorAll('h2 .window')].every((e) => e.textContent == '(last 5m)')")
        logged = [event for event in browser.events
                  if event["method"] == "Runtime.exceptionThrown"
                  or (event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")]
    finally:
        browser.close()
    print(f"page.py: {width}x{height} {scheme}: path of {drawn} characters, overflow {overflow}, scripts {scripts}, "
          f"errors {len(logged)}, missing {faults}, window turned {bool(turned)}")
    if faults or logged or not turned or not drawn or overflow > 0 or scripts != 1:
        print(json.dumps(logged)[:2000], text[:2000], sep="\n")
        raise SystemExit(1)


main()
