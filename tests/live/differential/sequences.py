"""What the recorder prints, brought into a form in which two libraries can be compared.

A run is a list of blocks. A block is one call of the application with what it brought about: the callbacks inside of it,
its result, the messages read after it, and what the peer did then. Each of RULES takes away one thing that the contract
(docs/contract.md) leaves free, and says what.
"""
import re

LIBCURL, HIPER = "libcurl", "hiper"
OF_A_SOCKET = re.compile(r"(?:socket \S+|open|close) s(\d+)\b")
CROWD = 8  # sockets opened in one call
DEADLINES = re.compile(r"^# \S+ CURLOPT_(TIMEOUT_MS|CONNECTTIMEOUT_MS|EXPECT_100_TIMEOUT_MS)$", re.MULTILINE)


class Block:
    def __init__(self, call):
        self.call = call  # "> event s1 IN"; "" for what comes before the first call
        self.inside = []  # callbacks, in their order
        self.result = []  # "< OK running 1", messages, the peer's doings

    def lines(self):
        return [line for line in [self.call, *("  " + line for line in self.inside), *self.result] if line]


class Run:
    """One run of one scenario with one library."""

    def __init__(self, library, text):
        self.library = library
        self.has_deadline = DEADLINES.search(text.replace("\n  #", "\n#")) is not None
        self.blocks = [Block("")]
        for line in text.splitlines():
            if line.lstrip().startswith("#"):
                continue
            if line.startswith(">"):
                self.blocks.append(Block(line))
            elif line.startswith("  "):
                self.blocks[-1].inside.append(line[2:])
            else:
                self.blocks[-1].result.append(line)

    def lines(self):
        return [line for block in self.blocks for line in block.lines()]


def is_timer(line):
    return line.startswith("timer ")


def ports(run):
    """Numbers of ports, which the kernel chooses."""
    for block in run.blocks:
        block.inside = [re.sub(r"(127\.0\.0\.1):\d+", r"\1:PORT", line) for line in block.inside]


def progress(run):
    """How often the progress callback is called."""
    for block in run.blocks:
        block.inside = [line for line in block.inside if not re.fullmatch(r"progress \S+", line)]


def bits_of_events(run):
    """Which bits the kernel reports together with IN: whether there is also room to send."""
    for block in run.blocks:
        block.call = re.sub(r"^(> event \S+ IN) OUT$", r"\1", block.call)


def removal_after_close(run):
    """7.88.1 closes a descriptor before it removes it, and one whose attempt to connect is given up without the callback
    for that. The contract: REMOVE, then the callback that closes."""
    if run.library != LIBCURL:
        return
    for block in run.blocks:
        for removal in [line for line in block.inside if line.startswith("socket ") and line.endswith(" closed")]:
            name = removal.split()[2]
            block.inside = [line for line in block.inside if line != f"close {name} announced"]
            at = block.inside.index(removal)
            block.inside[at:at + 1] = [removal[:-len(" closed")], f"close {name}"]


def values_of_timers(run):
    """The timer's value; and timers on which nothing depends: 7.88.1 sets that of happy eyeballs (50 s, or 200 ms)
    with a single address too, ours announces the default time limit for connecting of 300 s. They count as what is behind them: a
    deadline if the scenario sets one, nothing if not."""
    def meaning(ms):
        free = 1 <= ms <= 200 or 40000 <= ms <= 50000 if run.library == LIBCURL else 290000 <= ms <= 300000
        if free:
            return "later" if run.has_deadline else "off"
        return "off" if ms < 0 else "at once" if ms == 0 else "later"
    for block in run.blocks:
        block.inside = ["timer " + meaning(int(line.split()[1])) if is_timer(line) else line for line in block.inside]


def turns_without_effect(run):
    """7.88.1 asks for turns in which nothing happens."""
    if run.library != LIBCURL:
        return
    kept = []
    for block in run.blocks:
        if block.call == "> due" and len(block.result) == 1 and all(map(is_timer, block.inside)):
            kept[-1].inside += block.inside
        else:
            kept.append(block)
    run.blocks = kept


def records(run):
    """How many events it takes until a record of TLS has come as a whole."""
    kept = []
    for block in run.blocks:
        before = kept[-1] if kept else None
        if (re.fullmatch(r"> event \S+ IN", block.call) and not block.inside and before is not None
                and block.result[0] in before.result):
            before.result += block.result[1:]
        else:
            kept.append(block)
    run.blocks = kept


def turns_at_once(run):
    """What is done in a call, and what in the turn at once that it asks for. (An addition does nothing: it is left as it
    is.) Ours asks for one more turn when messages are unread (9.7); 7.88.1 delivers in curl_easy_pause what ours delivers
    in the turn after it, and starts a transfer that waited for a connection in a turn of its own."""
    merged = []
    for block in run.blocks:
        before = merged[-1] if merged else None
        if block.call == "> due" and before is not None and asks_for_a_turn(before):
            before.inside = [line for line in before.inside if not is_timer(line)] + ["timer off"] + block.inside
            if re.match("> (event|due|timeout)", before.call):
                before.result = block.result[:1] + before.result[1:] + block.result[1:]
            else:
                before.result += block.result[1:]
        else:
            merged.append(block)
    run.blocks = merged


def asks_for_a_turn(block):
    if last_timer(block) != "timer at once" or block.call.startswith("> add"):
        return False
    failed = re.match("< code [1-9]", block.result[0]) is not None
    return not failed and not any(line.startswith("peer") for line in block.result)


def last_timer(block):
    return next((line for line in reversed(block.inside) if is_timer(line)), None)


def order_inside_a_call(run):
    """The order of callbacks for different sockets, and of those for a transfer, for sockets and for the timer, inside one
    call."""
    for block in run.blocks:
        others = [line for line in block.inside if not OF_A_SOCKET.match(line) and not is_timer(line)]
        sockets = [line for line in block.inside if OF_A_SOCKET.match(line)]
        sockets.sort(key=lambda line: int(OF_A_SOCKET.match(line).group(1)))
        block.inside = others + sockets + [line for line in block.inside if is_timer(line)]


def changes_taken_back(run):
    """What is announced for a socket, or told to the timer, and changed again in the same call: when the program waits the
    next time, the last word counts. A REMOVE before a new announcement stays: it ends the life of a pointer."""
    interests, timer = {}, "timer off"
    for block in run.blocks:
        if block.call in ("> due", "> timeout"):
            timer = "timer off"
        now = last_timer(block) or timer
        kept = []
        for line in block.inside:
            if line.startswith("socket "):
                take_interest(kept, line, interests.get(line.split()[2]))
            elif not is_timer(line):
                kept.append(line)
        for line in kept:
            if line.startswith("socket "):
                _, _, name, what, *_ = line.split()
                interests[name] = None if what == "REMOVE" else what
        block.inside = kept + ([now] if now != timer else [])
        timer = now


def take_interest(kept, line, before):
    """Adds the announcement `line` to `kept`, the lines of this call up to here. `before`: what was announced when the call
    began, None for nothing."""
    _, easy, name, what, pointer = line.split()[:5]
    mine = [at for at, other in enumerate(kept) if other.startswith("socket ") and other.split()[2] == name]
    at = mine[-1] if mine else None
    if at is None or kept[at].split()[3] in ("REMOVE", what):  # the same twice is no change: it stays to be seen
        kept.append(line)
        return
    first_pointer = kept[at].split()[4]
    new = len(mine) > 1 or before is None
    if what == "REMOVE" and new:
        del kept[at]
    elif what == before and not new:
        del kept[at]
    else:
        kept[at] = f"socket {easy} {name} {what} {pointer if what == 'REMOVE' else first_pointer}"


def connects_of_a_crowd(run):
    """When a call opens many sockets, the first ones may be connected before it ends: ours need not announce OUT then."""
    connected, kept = set(), []
    for block in run.blocks:
        if is_end_of_connect(block, connected):
            kept[-1].result += block.result[1:]
            continue
        kept.append(block)
        if sum(line.startswith("open ") for line in block.inside) < CROWD:
            continue
        for at, line in enumerate(block.inside):
            if line.endswith(" OUT null"):
                block.inside[at] = line.replace(" OUT ", " IN ")
                connected.add(line.split()[2])
    run.blocks = kept


def is_end_of_connect(block, names):
    event = re.fullmatch(r"> event (\S+) OUT", block.call)
    if event is None or event.group(1) not in names:
        return False
    return [line.split()[2:] for line in block.inside] == [[event.group(1), "IN", "own"]]


def portions(run):
    """In how many portions a body is delivered or fetched, in how many events and turns, how much is fetched ahead, and
    whether more is sent before an answer is read. Totals are in the message."""
    merged = []
    for block in run.blocks:
        block.inside = once([re.sub(r"^(write|read) (\S+) [1-9]\d*$", r"\1 \2", line) for line in block.inside])
        answer = next((at for at, line in enumerate(block.inside) if line.startswith("header ")), 0)
        block.inside = [line for at, line in enumerate(block.inside) if at >= answer or not line.startswith("read ")]
        block.result = [re.sub(r" sent \d{6,}$", " sent much", line) for line in block.result]
        before = merged[-1] if merged else None
        if before is not None and goes_on(before, block):
            before.inside += [line for line in block.inside if line not in before.inside]
            before.result = block.result
        else:
            merged.append(block)
    run.blocks = merged


def once(lines):
    return [line for at, line in enumerate(lines) if at == 0 or line != lines[at - 1] or not is_portion(line)]


def is_portion(line):
    return line.startswith(("write ", "read ")) and len(line.split()) == 2


def goes_on(before, block):
    """`block` is the same again as `before`, or moves more of the same body."""
    if block.call == before.call == "> due" and block.inside == before.inside == ["timer later"]:
        return before.result == block.result[:1]
    if block.call != before.call or len(before.result) != 1 or before.result != block.result[:1]:
        return False
    if not any(map(is_portion, before.inside)):
        return False
    return block.inside == before.inside or all(map(is_portion, block.inside))


RULES = [ports, progress, bits_of_events, removal_after_close, values_of_timers, turns_without_effect, turns_at_once,
         order_inside_a_call, changes_taken_back, connects_of_a_crowd, records, portions]


def normalised(library, text):
    """The lines that are to be equal, of what the recorder has printed."""
    run = Run(library, text)
    for rule in RULES:
        rule(run)
    return run.lines()
