"""What is measured: the rows of the tables. README.md says what they mean.

Names in braces are the places of servers.Servers.
"""
import collections

# `client` and `floor` are the arguments of the programs; without a floor there is none that would do the same.
Row = collections.namedtuple("Row", "name client floor")


def row(name, arguments, url, floor="", client=""):
    """The client's arguments, and the floor's, which are the same but for `client` (only the client has it) and
    `floor` (only the floor); None for no floor."""
    return Row(name, f"{client} {arguments} {url}", None if floor is None else f"{floor} {arguments} {url}")


TINY = "--body-size 100"
HTTP, SPREAD, HTTPS = "{http}/tiny", "{spread}/tiny", "{https}/tiny"

ROWS = [
    # A server that answers at once.
    row("keep c=1", "-c 1 -n 40000", HTTP, client=TINY),
    row("keep c=100", "-c 100 -n 80000", HTTP, client=TINY),
    row("keep c=1000", "-c 1000 -n 60000", HTTP, client=TINY),
    row("keep c=5000", "-c 5000 -n 40000", HTTP, client=TINY),
    # One that answers 5 ms later: every transfer has to wait for its socket.
    row("slow c=10", "-c 10 -n 4000", "{slow}", client=TINY),
    row("slow c=100", "-c 100 -n 30000", "{slow}", client=TINY),
    row("slow c=1000", "-c 1000 -n 40000", "{slow}", client=TINY),
    row("slow c=5000", "-c 5000 -n 30000", "{slow}", client=TINY),
    row("slow c=1000 20 hosts", "-c 1000 -n 40000", "{slow_spread}", None, TINY),
    row("slow c=1000 timeouts", "-c 1000 -n 40000", "{slow}", None, "--timeout-ms 30000"),
    # Connections and handles that are made anew.
    row("fresh c=1", "--fresh -c 1 -n 10000", SPREAD, client=TINY),
    row("fresh c=100", "--fresh -c 100 -n 15000", SPREAD, client=TINY),
    row("fresh c=1000", "--fresh -c 1000 -n 15000", SPREAD, client=TINY),
    row("new-handle c=1", "-c 1 -n 30000", HTTP, client=f"--new-handle {TINY}"),
    row("new-handle c=100", "-c 100 -n 60000", HTTP, client=f"--new-handle {TINY}"),
    row("new-handle c=1000", "-c 1000 -n 40000", HTTP, client=f"--new-handle {TINY}"),
    # The same work beside transfers that sit and wait.
    row("idle K=0", "-c 100 -n 40000", "{slow}"),
    row("idle K=1000", "-c 100 -n 40000", "{slow}", None, "--idle 1000 --idle-url {silent}"),
    row("idle K=10000", "-c 100 -n 40000", "{slow}", None, "--idle 10000 --idle-url {silent}"),
    row("poll c=100", "-c 100 -n 30000", "{slow}", None, "--api poll"),
    row("poll c=1000", "-c 1000 -n 30000", "{slow}", None, "--api poll"),
    row("poll c=100 K=5000", "-c 100 -n 10000", "{slow}", None, "--api poll --idle 5000 --idle-url {silent}"),
    row("poll c=1000 K=5000", "-c 1000 -n 20000", "{slow}", None, "--api poll --idle 5000 --idle-url {silent}"),
    row("socket c=100 K=5000", "-c 100 -n 30000", "{slow}", None, "--idle 5000 --idle-url {silent}"),
    row("socket c=1000 K=5000", "-c 1000 -n 40000", "{slow}", None, "--idle 5000 --idle-url {silent}"),
    # TLS.
    row("https keep c=1", "--cacert {ca} -c 1 -n 30000", HTTPS),
    row("https keep c=100", "--cacert {ca} -c 100 -n 50000", HTTPS),
    row("https fresh c=1", "--fresh --cacert {ca} -c 1 -n 3000", HTTPS),
    Row("https fresh c=100", f"--fresh --cacert {{ca}} -c 100 -n 4000 {HTTPS}",
        f"--fresh --cacert {{ca}} -c 1 -n 4000 {HTTPS}"),
    row("https fresh new-handle c=100", "--fresh --cacert {ca} -c 100 -n 4000", HTTPS, None, "--new-handle"),
    # The window is for libraries that parse the roots for each connection.
    row("https fresh, CA bundle c=1", "--fresh --cacert {bundle} -c 1 -n 2000", HTTPS, client="--window-s 3"),
    # Bodies.
    row("body 1k", "-c 100 -n 60000", "{http}/1k", client="--body-size 1024"),
    row("body 100k", "-c 100 -n 20000", "{http}/100k", "--buffer 102400", "--body-size 102400"),
    row("1g http", "-c 1 -w 0 -n 2", "{http}/1g", client="--body-size 1073741824"),
    row("1g http 512k buffer", "--buffer 524288 -c 1 -w 0 -n 4", "{http}/1g", client="--body-size 1073741824"),
    row("1g https", "--cacert {ca} -c 1 -w 0 -n 1", "{https}/1g"),
    row("1g https 512k buffer", "--buffer 524288 --cacert {ca} -c 1 -w 0 -n 1", "{https}/1g"),
]

# With how many requests: the cost is that of the second half of twice as many.
Counted = collections.namedtuple("Counted", "name client requests")

COUNTED_ROWS = [
    Counted("keep c=1", f"-c 1 {HTTP}", 2000),
    Counted("keep c=100", f"-c 100 {HTTP}", 2000),
    Counted("slow c=100", "-c 100 {slow}", 2000),
    Counted("slow c=1000", "-c 1000 {slow}", 2000),
    Counted("slow c=100 idle 1000", "-c 100 --idle 1000 --idle-url {silent} {slow}", 2000),
    Counted("poll c=100 idle 1000", "--api poll -c 100 --idle 1000 --idle-url {silent} {slow}", 2000),
    Counted("new-handle c=100", "--new-handle -c 100 {slow}", 2000),
    Counted("fresh c=100", f"--fresh -c 100 {SPREAD}", 2000),
    Counted("https keep c=100", f"--cacert {{ca}} -c 100 {HTTPS}", 2000),
    Counted("https fresh c=1", f"--fresh --cacert {{ca}} -c 1 -w 10 {HTTPS}", 100),
]
