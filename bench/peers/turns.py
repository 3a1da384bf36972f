"""Runs a service that works only in its turns: python turns.py PROGRAM ARGUMENT….

Answers each line of standard input, "go" or "stop", with the seconds of CPU that the service took so far. LitServe looks for requests all the time, also when there are
none: what is measured beside it would be so much slower. The end of standard input, SIGINT and SIGTERM end the service, and all that it
started.
"""

import glob
import os
import signal
import subprocess
import sys
import threading

SIGNALS = {"go": signal.SIGCONT, "stop": signal.SIGSTOP}


def cpu_seconds(group):
    """Of all its processes, as Linux tells it."""
    ticks = 0
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as file:
                # The name before may have spaces. Then: state, parent, group, …, of which the 12th and 13th are user and system.
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main():
    # A session of its own: its processes are one group.
    service = subprocess.Popen(
        [sys.executable, *sys.argv[1:]], stdin=subprocess.DEVNULL, start_new_session=True
    )

    def end(status):
        os.killpg(service.pid, signal.SIGKILL)
        os._exit(status)

    # Whoever ends a benchmark may tell all its processes at once, but not the service, which is in another session.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end(1))

    def watch():
        # The zombie keeps its group's name.
        os.waitid(os.P_PID, service.pid, os.WEXITED | os.WNOWAIT)
        end(1)

    threading.Thread(target=watch, daemon=True).start()
    for line in sys.stdin:
        os.killpg(service.pid, SIGNALS[line.strip()])
        print(cpu_seconds(service.pid), flush=True)
    end(0)


if __name__ == "__main__":
    main()
