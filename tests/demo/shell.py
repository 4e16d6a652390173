"""Runs the commands of the story: shows each and its output, and stops where one ends otherwise than told."""
import os
import shlex
import subprocess
import sys
import time

COLOUR = sys.stdout.isatty()
CONNECT_TIMEOUT = "Connect timeout on endpoint URL"
PATIENCE_S = 120
VERBATIM = ('"$AWS_ENDPOINT_URL"', '"$(ginnel env)"', "&")  # shown as a person types them


class StoryError(Exception):
    """A step did not end as the story says."""


def painted(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text):
    print(painted(text, "2"), flush=True)


class Shell:
    """Runs commands in one environment and keeps the time."""

    def __init__(self, environment):
        self.environment = environment
        self.began = time.monotonic()
        self.step_began = self.began

    def heading(self, text):
        now = time.monotonic()
        print(f"\n{painted(text, '1;36')}  {painted(f'({now - self.began:.1f} s)', '2')}", flush=True)

    def show(self, command):
        words = [word if word in VERBATIM else shlex.quote(word) for word in command]
        print(painted("$ " + " ".join(words), "1"), flush=True)

    def run(self, *command, show_output=True):
        """Runs a command that must succeed; its output without the final newline."""
        result = self._run(command)
        if show_output:
            self._print(result.stdout)
        self._print(result.stderr)
        if result.returncode != 0:
            raise StoryError(f"the command ended with {result.returncode}; it should have succeeded")
        return result.stdout.rstrip("\n")

    def times_out(self, *command):
        """Runs an AWS command that must end because the connection times out, and for no other reason."""
        result = self._run(command)
        self._print(result.stdout)
        self._print(result.stderr)
        if result.returncode == 0:
            raise StoryError("the command succeeded; its connection should have timed out")
        if CONNECT_TIMEOUT not in result.stderr:
            raise StoryError(f"the command failed, but not with '{CONNECT_TIMEOUT}'")

    def start(self, *command, **options):
        """Starts a command in the background."""
        self.show([*command, "&"])
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                                start_new_session=True, **options)

    def _run(self, command):
        self.show(command)
        command = [self.environment["AWS_ENDPOINT_URL"] if word == '"$AWS_ENDPOINT_URL"' else word for word in command]
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)

    @staticmethod
    def _print(text):
        text = text.strip("\n")
        if text:
            print("\n".join("  " + line for line in text.split("\n")), flush=True)


def terminate(process, patience_s=20):
    """Ends a process that we started, gently at first."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def clean_environment(**added):
    """The environment without AWS settings and proxies of the host."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
    return {**kept, **added}
