"""Starts kinesalite, a server of the Kinesis API, with the certificate that the region made for its names."""
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULES = os.path.join(ROOT, "build", "npm", "node_modules")


def is_installed():
    return os.path.isdir(os.path.join(MODULES, "kinesalite"))


def start(state_dir, port, show=lambda command: None):
    """Returns the process once it listens on 127.0.0.1:PORT; OSError where it does not come up."""
    certificate = os.path.join(state_dir, "certs", "kinesis")
    command = ["node", os.path.join(ROOT, "tests", "kinesalite", "serve.js"), MODULES, "127.0.0.1", str(port),
               certificate + ".crt", certificate + ".key"]
    show([*command, "&"])
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
    if "listening" not in process.stdout.readline():
        process.kill()
        raise OSError(f"kinesalite does not start: exit code {process.wait()}")
    return process
